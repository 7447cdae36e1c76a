#define BOOST_TEST_MODULE convoke
#include <boost/test/unit_test.hpp>

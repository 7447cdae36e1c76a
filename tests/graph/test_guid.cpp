#include <set>

#include <boost/test/unit_test.hpp>
#include <convoke/key.hpp>

#include "graph/guid.hpp"

using namespace convoke;

BOOST_AUTO_TEST_SUITE(guids)

BOOST_AUTO_TEST_CASE(guids_are_of_version_4_and_differ) {
  graph::guid_source source(7);
  std::set<std::string> seen;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(graph::guid_source::size, '?');
    source.write(text.data());
    BOOST_REQUIRE(parse_guid(text) == text);
    BOOST_REQUIRE(text[14] == '4');
    BOOST_REQUIRE((text[19] == '8' || text[19] == '9' || text[19] == 'a' || text[19] == 'b'));
    seen.insert(std::move(text));
  }
  BOOST_TEST(seen.size() == 20'000U);
}

BOOST_AUTO_TEST_CASE(one_seed_gives_one_series) {
  std::string a(36, '?'), b(36, '?'), c(36, '?');
  graph::guid_source(1).write(a.data());
  graph::guid_source(1).write(b.data());
  graph::guid_source(2).write(c.data());
  BOOST_TEST(a == b);
  BOOST_TEST(a != c);
}

BOOST_AUTO_TEST_SUITE_END()

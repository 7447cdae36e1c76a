#include <boost/test/unit_test.hpp>

#include "graph/graph.hpp"

using namespace convoke;

BOOST_AUTO_TEST_SUITE(clouds)

BOOST_AUTO_TEST_CASE(every_cloud_has_usable_roots) {
  BOOST_TEST(graph::all_clouds().size() >= 4U);
  for (const auto& c : graph::all_clouds()) {
    BOOST_TEST(net::parse_endpoint(c.graph_root, false).has_value(), c.name);
    BOOST_TEST(net::parse_endpoint(c.authority, false).has_value(), c.name);
    BOOST_TEST((graph::find_cloud(c.name) == &c));
  }
}

BOOST_AUTO_TEST_CASE(clouds_are_found_by_name) {
  BOOST_TEST(graph::find_cloud("global")->graph_root == "https://graph.microsoft.com");
  BOOST_TEST(graph::find_cloud("dod")->graph_root == "https://dod-graph.microsoft.us");
  BOOST_TEST(graph::find_cloud("dod")->authority == graph::find_cloud("usgov")->authority);
  BOOST_TEST((graph::find_cloud("moon") == nullptr));
  BOOST_TEST((graph::find_cloud("") == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

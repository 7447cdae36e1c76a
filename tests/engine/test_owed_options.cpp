// createOrGet cannot set options, so an update follows it where the answer does not show them as wanted.

#include <boost/test/unit_test.hpp>

#include "engine/operations.hpp"

using namespace convoke;
using namespace convoke::engine;

BOOST_AUTO_TEST_SUITE(owed_options)

BOOST_AUTO_TEST_CASE(options_are_set_also_where_other_differences_are_only_reported) {
  for (const int status : {200, 201}) {
    for (const auto rule : {update_rule::never, update_rule::if_different, update_rule::always}) {
      answer a;
      a.status = status;
      a.to_set = {"option.allowedPresenters"};
      BOOST_TEST((after_success(operation::create_or_get, rule, a).next == operation::update));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_option_that_differs_after_the_update_is_reported) {
  answer a;
  a.status = 200;
  BOOST_TEST((after_success(operation::update, update_rule::never, a).result == outcome::updated));
  a.drift = {"option.allowedPresenters"};
  BOOST_TEST((after_success(operation::update, update_rule::never, a).result == outcome::drifted));
}

BOOST_AUTO_TEST_SUITE_END()

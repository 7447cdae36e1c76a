// The request of a batch, item by item.

#include <string>

#include <boost/test/unit_test.hpp>

#include "wire/batch_request.hpp"

namespace wire = convoke::wire;

BOOST_AUTO_TEST_SUITE(batch_request)

BOOST_AUTO_TEST_CASE(an_item_with_a_body_has_its_content_type) {
  std::string out(wire::batch_begin);
  wire::append_batch_item(out, true, "0a-1", "POST", "/users/u/onlineMeetings/createOrGet", true);
  out += "{}";
  out += wire::batch_item_end;
  out += wire::batch_end;
  BOOST_TEST(out == R"({"requests":[{"id":"0a-1","method":"POST","url":"/users/u/onlineMeetings/createOrGet","headers":)"
                    R"({"Content-Type":"application/json","Prefer":"include-unknown-enum-members"},"body":{}}]})");
}

BOOST_AUTO_TEST_CASE(further_items_follow_a_comma_and_may_have_no_body) {
  std::string out;
  wire::append_batch_item(out, false, "2", "DELETE", "/users/u/onlineMeetings/m", false);
  out += wire::batch_item_end;
  BOOST_TEST(out ==
             R"(,{"id":"2","method":"DELETE","url":"/users/u/onlineMeetings/m","headers":{"Prefer":"include-unknown-enum-members"}})");
}

BOOST_AUTO_TEST_SUITE_END()

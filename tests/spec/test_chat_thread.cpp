// Rows of channel meetings, and the comparison with what is stored.

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "rows_for_tests.hpp"
#include "spec/agreement.hpp"

namespace {

using spec_test::ada;
using spec_test::holds;
using spec_test::table;

const std::string columns = "organizer|external_id|start|chat_thread_id";
const std::string cells = ada + "|x|2026-09-01T08:00Z|";
const std::string channel = "19:561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2";

std::vector<std::string> differing(const std::string& wanted, std::optional<std::string> shown) {
  convoke::meeting_spec s;
  s.subject = "Algebra";
  s.chat_thread_id = wanted;
  convoke::meeting m;
  m.subject = "Topology";
  m.chat_thread_id = std::move(shown);
  return convoke::spec::differing_fields(s, m);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chat_threads_of_rows)

BOOST_AUTO_TEST_CASE(a_row_names_its_channel_and_the_next_one_none) {
  table t(columns);
  BOOST_TEST(t.row(cells + " " + channel + " ").wanted.chat_thread_id == channel);
  BOOST_TEST(t.row(cells).wanted.chat_thread_id == "");
  BOOST_TEST(t.why(cells) == "");
}

BOOST_AUTO_TEST_CASE(a_wrong_id_is_a_wrong_row) {
  table t(columns);
  t.row(cells + channel);
  BOOST_TEST(holds(t.why(cells + "General"), "column 'chat_thread_id': 'General': is no id of a channel's chat: it begins with 19:"));
  BOOST_TEST(t.row(cells + "General").wanted.chat_thread_id == "");
  BOOST_TEST(holds(t.why(cells + "19%3Aabc%40thread.tacv2"), "write : for %3A and @ for %40"));
  BOOST_TEST(holds(t.why(cells + "19:a\xc3\xa9@thread.tacv2"), "has characters that no such id has"));
}

BOOST_AUTO_TEST_CASE(rows_that_need_the_beta_endpoint_are_counted) {
  table t(columns);
  t.row(cells);
  t.row(cells + channel);
  t.row(cells + "wrong");
  t.row(cells + channel);
  const auto warnings = t.builder.warnings();
  BOOST_REQUIRE(warnings.size() == 1U);
  BOOST_TEST((warnings[0].kind == convoke::input_warning_kind::beta_endpoint));
  BOOST_TEST(warnings[0].rows == 2U);
  BOOST_TEST(warnings[0].example == channel);
}

BOOST_AUTO_TEST_CASE(another_chat_is_a_difference_and_none_cannot_be_verified) {
  using fields = std::vector<std::string>;
  BOOST_TEST((differing(channel, channel) == fields{"subject"}));
  BOOST_TEST((differing(channel, "19:meeting_x@thread.v2") == fields{"subject", "chat_thread_id"}));
  BOOST_TEST((differing(channel, "19:561FBDBBFCA848A484F0A6F00CE9DBBD@thread.tacv2") == fields{"subject", "chat_thread_id"}));
  BOOST_TEST((differing(channel, std::nullopt) == fields{"subject"}));
  BOOST_TEST((differing("", channel) == fields{"subject"}));
}

BOOST_AUTO_TEST_SUITE_END()

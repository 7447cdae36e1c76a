#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/meeting_options.hpp"
#include "rows_for_tests.hpp"

namespace {

using spec_test::ada;
using spec_test::holds;
using spec_test::refusal;
using spec_test::table;

const std::string columns = "organizer|external_id|start|";
const std::string cells = ada + "|x|2026-09-01T08:00Z|";

// `name=value` of every option of the row, with blanks between.
std::string options_of(const convoke::spec::built_row& row) {
  std::string out;
  for (const auto& one : row.wanted.options)
    out += (out.empty() ? "" : " ") + std::string(convoke::core::option_numbered(one.option)->name) + "=" + one.value;
  return out;
}

convoke::spec::row_settings defaults(std::vector<convoke::option_default> options) {
  convoke::spec::row_settings s;
  s.options = std::move(options);
  return s;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options_of_rows)

BOOST_AUTO_TEST_CASE(cells_set_options_whatever_the_order_of_the_columns) {
  table t(columns + "option.lobbyBypassSettings.scope|Option.Allowed_Presenters|option.allow recording");
  BOOST_TEST(options_of(t.row(cells + "ORGANIZER|Everyone|no")) ==
             "allowRecording=false allowedPresenters=everyone lobbyBypassSettings.scope=organizer");
  BOOST_TEST(options_of(t.row(cells + "||")) == "");
  BOOST_TEST(t.why(cells + "-|-|-") == "");
}

BOOST_AUTO_TEST_CASE(a_wrong_value_is_a_wrong_row) {
  table t(columns + "option.allowedPresenters");
  BOOST_TEST(holds(t.why(cells + "organiser"), "column 'option.allowedPresenters': 'organiser': is no value of the option"));
}

BOOST_AUTO_TEST_CASE(a_cell_comes_before_the_default_and_a_dash_is_none) {
  table t(columns + "option.allowedPresenters", defaults({{"allowedPresenters", "organizer"}, {"allowRecording", "FALSE"}}));
  BOOST_TEST(options_of(t.row(cells)) == "allowRecording=false allowedPresenters=organizer");
  BOOST_TEST(options_of(t.row(cells + "everyone")) == "allowRecording=false allowedPresenters=everyone");
  BOOST_TEST(options_of(t.row(cells + "-")) == "allowRecording=false");
}

BOOST_AUTO_TEST_CASE(the_defaults_of_a_tenant_come_before_those_of_all) {
  auto s = defaults({{"allowedPresenters", "organizer"}, {"allowRecording", "false"}});
  s.tenants = {{"11111111-2222-3333-4444-555555555555", "north"}, {"22222222-2222-3333-4444-555555555555", "south"}};
  s.options_of_lane = {{}, {{"allowedPresenters", "everyone"}, {"allowRecording", "-"}, {"allowWhiteboard", "true"}}};
  table t(columns + "tenant|option.allowedPresenters", s);
  BOOST_TEST(options_of(t.row(cells + "north|")) == "allowRecording=false allowedPresenters=organizer");
  BOOST_TEST(options_of(t.row(cells + "south|")) == "allowWhiteboard=true allowedPresenters=everyone");
  BOOST_TEST(options_of(t.row(cells + "south|roleIsPresenter")) == "allowWhiteboard=true allowedPresenters=roleIsPresenter");
}

BOOST_AUTO_TEST_CASE(a_header_with_an_unknown_option_is_refused) {
  const auto near = refusal(columns + "option.allowedPresenter");
  BOOST_TEST((near.code == convoke::errc::input));
  BOOST_TEST(
      holds(near.message, "column 4 ('option.allowedPresenter'): there is no option 'allowedPresenter'; is 'allowedPresenters' meant?"));
  BOOST_TEST(holds(refusal(columns + "option.passcode").message, "the passcode"));
  BOOST_TEST(holds(refusal(columns + "option.subject").message, "has a column of its own: subject"));
  BOOST_TEST(holds(refusal(columns + "option.allowRecording|Option.Allow_Recording").message, "mean the same"));
}

BOOST_AUTO_TEST_CASE(the_name_of_an_option_alone_is_no_column_to_carry) {
  BOOST_TEST(holds(refusal(columns + "AllowedPresenters").message, "call it 'option.allowedPresenters'"));
  BOOST_TEST(holds(refusal(columns + "options.allowedPresenters").message, "call it 'option.allowedPresenters'"));
  convoke::spec::row_settings s;
  s.carry = {"AllowedPresenters"};
  table t(columns + "AllowedPresenters", s);
  BOOST_TEST(options_of(t.row(cells + "everyone")) == "");
}

BOOST_AUTO_TEST_CASE(an_unknown_option_of_the_settings_is_refused) {
  convoke::spec::row_settings s;
  s.columns = {{"option.allowedPresenter", "Rolle"}};
  const auto e = refusal(columns + "Rolle", s);
  BOOST_TEST((e.code == convoke::errc::usage));
  BOOST_TEST(holds(e.message, "is 'allowedPresenters' meant?"));
}

BOOST_AUTO_TEST_CASE(rows_that_set_what_cannot_be_taken_back_are_counted) {
  table t(columns + "option.anonymizeIdentityForRoles");
  t.row(cells + "attendee");
  t.row(cells);
  t.row(cells + "Attendee");
  const auto warnings = t.builder.warnings();
  BOOST_REQUIRE(warnings.size() == 1U);
  BOOST_TEST((warnings[0].kind == convoke::input_warning_kind::lasting_option));
  BOOST_TEST(warnings[0].rows == 2U);
  BOOST_TEST(warnings[0].example == "anonymizeIdentityForRoles");
}

BOOST_AUTO_TEST_CASE(the_defaults_are_named) {
  table t(columns + "option.allowedPresenters", defaults({{"allowedPresenters", "organizer"}, {"allowRecording", "false"}}));
  const auto used = t.builder.defaults_used();
  const auto has = [&](const std::string& text) { return std::ranges::find(used, text) != used.end(); };
  BOOST_TEST(has("where option.allowedPresenters is empty, organizer is used, by [options]"));
  BOOST_TEST(has("no column option.allowRecording: false is used, by [options]"));
}

BOOST_AUTO_TEST_SUITE_END()

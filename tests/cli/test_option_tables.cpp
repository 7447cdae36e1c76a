// [options] and [tenants.NAME.options] of a configuration file.

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "cli/job_builder.hpp"
#include "cli/options.hpp"
#include "folder.hpp"

namespace {

using namespace cli_test;
using convoke::cli::build_job;
using convoke::cli::settings;

// `name=value` of each, with blanks between.
std::string text_of(const std::vector<convoke::option_default>& options) {
  std::string out;
  for (const auto& one : options) out += (out.empty() ? "" : " ") + one.name + "=" + one.value;
  return out;
}

std::string complaint(const std::string& file) {
  const auto from = settings::resolve({{"config", file}}, {}, "");
  return from ? "accepted" : from.error().message;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(option_tables, folder)

BOOST_AUTO_TEST_CASE(options_of_all_rows_and_of_those_of_a_tenant) {
  const auto file = write("c.toml",
                          "[options]\nallowed_presenters = \"ORGANIZER\"\nlobbyBypassSettings.scope = \"invited\"\nallowRecording = false\n"
                          "[tenants.north]\ntenant = \"11111111-2222-3333-4444-555555555555\"\n"
                          "[tenants.north.options]\nanonymizeIdentityForRoles = [\"Attendee\"]\nallowRecording = \"-\"\n"
                          "[tenants.south]\ntenant = \"22222222-2222-3333-4444-555555555555\"\n");
  const auto from = settings::resolve({{"config", file}}, {}, "");
  BOOST_REQUIRE(from.has_value());
  const auto j = build_job(*from, "in.csv", {});
  BOOST_REQUIRE(j.has_value());
  BOOST_TEST(text_of(j->plan.options) == "allowRecording=false allowedPresenters=organizer lobbyBypassSettings.scope=invited");
  BOOST_REQUIRE(j->lanes.size() == 2U);
  BOOST_TEST(text_of(j->lanes[0].options) == "allowRecording=- anonymizeIdentityForRoles=attendee");
  BOOST_TEST(text_of(j->lanes[1].options) == "");
  const auto shown = from->show();
  BOOST_TEST(shown.contains("options.allowedPresenters = organizer  # " + file + "\n"), shown);
  BOOST_TEST(shown.contains("tenants.north.options.allowRecording = -  # " + file + "\n"), shown);
}

BOOST_AUTO_TEST_CASE(the_only_tenant_has_options_too) {
  const auto file = write("c.toml",
                          "[tenants.north]\ntenant = \"11111111-2222-3333-4444-555555555555\"\n"
                          "[tenants.north.options]\nallowRecording = true\n");
  const auto from = settings::resolve({{"config", file}}, {}, "");
  BOOST_REQUIRE(from.has_value());
  const auto j = build_job(*from, "in.csv", {});
  BOOST_REQUIRE(j.has_value());
  BOOST_TEST(text_of(j->lanes.front().options) == "allowRecording=true");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_names_the_line) {
  const auto of = [&](const std::string& text) { return complaint(write("c.toml", text)); };
  const auto file = (path / "c.toml").string();
  BOOST_TEST(of("[options]\nallowedPresenter = \"organizer\"\n") ==
             file + ", line 2: [options]: there is no option 'allowedPresenter'; is 'allowedPresenters' meant?");
  BOOST_TEST(of("[options]\njoinMeetingIdSettings.passcode = \"1\"\n")
                 .contains(", line 2: [options]: the option 'joinMeetingIdSettings.passcode' "));
  BOOST_TEST(of("[options]\nallowedPresenters = \"teachers\"\n").contains("which takes everyone, organization"));
  BOOST_TEST(of("[options]\nallowRecording = 7\n").contains("needs a text, or true or false"));
  BOOST_TEST(of("[options]\nallowRecording = true\nallow_recording = true\n").contains("twice"));
  BOOST_TEST(of("options = 7\n").contains("'options' is a table"));
  BOOST_TEST(of("[option]\nallowRecording = true\n").contains("Did you mean [options]?"));
}

BOOST_AUTO_TEST_SUITE_END()

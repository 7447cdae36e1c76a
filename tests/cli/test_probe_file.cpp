// What convoke probe wrote is read again, by the simulator and by plans.

#include <string>

#include <boost/test/unit_test.hpp>

#include <convoke/probe.hpp>

#include "cli/job_builder.hpp"
#include "cli/options.hpp"
#include "cli/probe_file.hpp"
#include "experiments/experiments.hpp"
#include "folder.hpp"
#include "sim/service/settings.hpp"

namespace {

using namespace cli_test;
using namespace convoke::cli;
using convoke::errc;

std::string with(const std::string& finding, const std::string& value) {
  return "format = 1\n[findings." + finding + "]\nvalue = \"" + value + "\"\nevidence = \"seen\"\n";
}

probed_service read(const std::string& text) {
  auto found = parse_probe_file(text, "probe.toml");
  BOOST_REQUIRE_MESSAGE(found.has_value(), (found ? "" : found.error().message));
  return *found;
}

std::string complaint(const std::string& text) {
  const auto found = parse_probe_file(text, "probe.toml");
  if (found) return "accepted";
  BOOST_TEST((found.error().code == errc::usage));
  BOOST_TEST(found.error().message.contains("probe.toml"));
  return found.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(probe_file)

BOOST_AUTO_TEST_CASE(what_was_written_is_read) {
  convoke::probe_report from{.tenant = "11111111-2222-3333-4444-555555555555", .graph_root = "https://graph.example", .calls = 39};
  from.findings = {{.name = "letter_case", .question = "Are …?", .value = "counts", .unsettled = {}, .evidence = "seen \"so\"\\ \x7f"},
                   {.name = "longest_external_id", .question = "How …?", .value = "at least 256", .unsettled = {}, .evidence = "seen"},
                   {.name = "expired_key", .question = "What …?", .value = {}, .unsettled = "60 days", .evidence = {}}};
  const auto text = convoke::probe_file_text(from);
  BOOST_TEST(!text.contains(from.tenant));
  const auto found = read(text);
  BOOST_TEST(found.values.size() == 2U);
  BOOST_TEST(found.values.at("letter_case") == "counts");
  BOOST_TEST(found.values.at("longest_external_id") == "at least 256");
  BOOST_REQUIRE(found.unsettled.size() == 1U);
  BOOST_TEST(found.unsettled.front() == "expired_key");
}

BOOST_AUTO_TEST_CASE(another_file_is_refused_by_its_name_and_place) {
  BOOST_TEST(complaint("").contains("no file that"));
  BOOST_TEST(complaint("format = 2\n[findings]\n").contains("format 1"));
  BOOST_TEST(complaint("format = 1\n[findings.colour]\nvalue = \"red\"\n").contains("colour"));
  BOOST_TEST(complaint("format = 1\n[findings.batch]\n").contains("needs a text"));
  BOOST_TEST(complaint("format = 1\n[findings.batch]\nvalue = 7\n").contains("needs a text"));
  BOOST_TEST(complaint(with("longest_external_id", "many")).contains("many"));
  BOOST_TEST(complaint(with("batch", "yes; no")).contains("no value"));
  BOOST_TEST(complaint("format = ").contains("line 1"));
}

BOOST_AUTO_TEST_CASE(every_setting_of_a_finding_is_one_that_the_simulator_takes) {
  const std::pair<const char*, const char*> all[] = {{"new_status", "200"},
                                                     {"found_status", "201"},
                                                     {"repeat_changes", "both"},
                                                     {"expiry_shown", "no"},
                                                     {"join_information_shown", "no"},
                                                     {"patch_answer", "nothing"},
                                                     {"deleted_key", "restored"},
                                                     {"letter_case", "ignored"},
                                                     {"longest_external_id", "100"},
                                                     {"simultaneous", "two"},
                                                     {"role_presenter", "lost"},
                                                     {"role_coorganizer", "lost"},
                                                     {"options_kept", "yes"},
                                                     {"batch", "no"},
                                                     {"inner_blanks", "refused"},
                                                     {"outer_blanks", "trimmed"},
                                                     {"other_letters", "refused"},
                                                     {"unknown_meeting", "403"},
                                                     {"throttle", "decimal"}};
  for (const auto& [finding, value] : all) {
    const auto chosen = settings_of(read(with(finding, value)));
    BOOST_TEST(!chosen.set.empty(), finding);
    BOOST_TEST(chosen.without.empty(), finding);
    convoke::sim::behaviour how;
    for (const auto& [name, text] : chosen.set) {
      const auto set = convoke::sim::apply_setting(how, name, text);
      BOOST_TEST(set.has_value(), finding << ": " << (set ? "" : set.error().message));
    }
    // Each of these is another behaviour than the default one.
    const auto* const last = convoke::sim::find_setting(chosen.set.back().first);
    BOOST_REQUIRE(last != nullptr);
    BOOST_TEST(last->get(how) != last->get({}), finding);
  }
  BOOST_TEST(settings_of(read(with("simultaneous", "refused"))).without.size() == 1U);
  BOOST_TEST(settings_of(read(with("longest_external_id", "at least 256"))).set.front().second == "0");
}

BOOST_AUTO_TEST_CASE(a_length_below_that_of_convoke_is_the_plans) {
  BOOST_TEST((longest_external_id(read(with("longest_external_id", "100"))) == 100U));
  BOOST_TEST((longest_external_id(read(with("longest_external_id", "128"))) == std::nullopt));
  BOOST_TEST((longest_external_id(read(with("longest_external_id", "at least 256"))) == std::nullopt));
  BOOST_TEST((longest_external_id(read(with("batch", "yes"))) == std::nullopt));
}

BOOST_FIXTURE_TEST_CASE(a_job_takes_it_from_probed, folder) {
  const auto file = write("probe.toml", with("longest_external_id", "64"));
  const auto from = settings::resolve({{"probed", file}}, {}, "-");
  BOOST_REQUIRE(from.has_value());
  const auto j = build_job(*from, "in.csv", {});
  BOOST_REQUIRE(j.has_value());
  BOOST_TEST((j->plan.longest_external_id == 64U));
  const auto wrong = settings::resolve({{"probed", file + ".none"}}, {}, "-");
  BOOST_REQUIRE(wrong.has_value());
  BOOST_TEST(!build_job(*wrong, "in.csv", {}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

// What convoke probe wrote is read again, by the simulator and by plans.

#include <string>

#include <boost/test/unit_test.hpp>

#include <convoke/probe.hpp>

#include "cli/job_builder.hpp"
#include "cli/options.hpp"
#include "cli/probe.hpp"
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
  BOOST_TEST(complaint("format = 1\nsimulated = 1\n[findings]\n").contains("line 2"));
  BOOST_TEST(complaint("format = 1\ngraph_root = 1\n[findings]\n").contains("graph_root"));
}

BOOST_AUTO_TEST_CASE(a_value_that_no_probe_writes_is_refused_with_those_that_it_can_have) {
  const auto why = complaint(with("batch", "banana"));
  BOOST_TEST(why.contains("line 3"), why);
  BOOST_TEST(why.contains("'banana'"), why);
  BOOST_TEST(why.contains("yes, no, refused"), why);
  for (const auto& [finding, value] : {std::pair("longest_external_id", "99999"), std::pair("longest_external_id", "at least 300"),
                                       std::pair("new_status", "404"), std::pair("inner_blanks", "trimmed"), std::pair("batch", "")})
    BOOST_TEST(complaint(with(finding, value)).contains("it can be: "), finding);
  BOOST_TEST(complaint(with("expired_key", "new")).contains("always unsettled"));
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

namespace {

constexpr auto tenant = "AAAAAAAA-0000-4000-8000-000000000001", other_tenant = "bbbbbbbb-0000-4000-8000-000000000001",
               client = "cccccccc-0000-4000-8000-000000000001";

// What a probe of this service wrote.
std::string written(const std::string& root, bool simulated, const std::string& of_tenant) {
  convoke::probe_report from{.tenant = of_tenant, .graph_root = root, .simulated = simulated};
  from.findings = {
      {.name = "longest_external_id", .question = "How …?", .value = "64", .unsettled = {}, .evidence = "An id of 65 bytes was refused."}};
  return convoke::probe_file_text(from);
}

names lane_of(const std::string& file, const std::string& root) {
  return {{"probed", file},    {"tenant", tenant},      {"client-id", client},
          {"graph-url", root}, {"authority-url", root}, {"ledger", "sqlite:l.db"}};
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_probe_of_another_service_or_tenant_restricts_no_plan, folder) {
  const std::string real = "https://graph.example", here = "https://localhost:4711";
  struct trial {
    std::string text, root;
    bool fits;
  };
  const trial all[] = {{written(real + "/", false, tenant), real, true},
                       {written(real, false, "aaaaaaaa-0000-4000-8000-000000000001"), real, true},
                       {written("https://localhost:1234", true, tenant), here, true},
                       {written(here, true, tenant), real, false},
                       {written(real, false, tenant), here, false},
                       {written("https://graph.other.example", false, tenant), real, false},
                       {written(real, false, other_tenant), real, false}};
  for (const auto& one : all) {
    const auto from = settings::resolve(lane_of(write("probe.toml", one.text), one.root), {}, "-");
    BOOST_REQUIRE(from.has_value());
    const auto j = build_job(*from, "in.csv", {.lane = true});
    BOOST_TEST(j.has_value() == one.fits, one.text << " for " << one.root << (j ? "" : ": " + j.error().message));
    if (j) {
      BOOST_TEST((j->plan.longest_external_id == 64U));
    } else {
      BOOST_TEST((j.error().code == errc::usage));
      BOOST_TEST(j.error().message.contains("says nothing of this plan"), j.error().message);
    }
  }
}

// Of rows whose meetings are known already nothing is refused.
BOOST_FIXTURE_TEST_CASE(only_a_run_that_provisions_takes_it, folder) {
  const auto file = write("probe.toml", written("https://localhost:1", true, other_tenant));
  const auto from = settings::resolve(lane_of(file, "https://graph.example"), {}, "-");
  BOOST_REQUIRE(from.has_value());
  BOOST_TEST(!build_job(*from, "in.csv", {.lane = true}).has_value());
  const auto j = build_job(*from, "in.csv", {.lane = true, .provisions = false});
  BOOST_REQUIRE_MESSAGE(j.has_value(), (j ? "" : j.error().message));
  BOOST_TEST(!j->plan.longest_external_id.has_value());
}

BOOST_FIXTURE_TEST_CASE(a_real_tenant_is_allowed_on_the_command_line_only, folder) {
  const auto config = write("convoke.toml", "allow_real_tenant = \"campus\"\n");
  const auto by_file = settings::resolve({{"config", config}}, {}, "-");
  const auto by_variable = settings::resolve({}, {{"CONVOKE_ALLOW_REAL_TENANT", "campus"}}, "-");
  const auto by_flag = settings::resolve({{"config", config}, {"allow-real-tenant", "campus"}}, {}, "-");
  BOOST_REQUIRE((by_file.has_value() && by_variable.has_value() && by_flag.has_value()));
  for (const auto* const from : {&*by_file, &*by_variable}) {
    const auto refused = probe_options_of(*from, "probe.toml");
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == errc::usage));
    BOOST_TEST(refused.error().message.contains("command line"), refused.error().message);
  }
  const auto allowed = probe_options_of(*by_flag, "probe.toml");
  BOOST_REQUIRE(allowed.has_value());
  BOOST_TEST(allowed->allow_real_tenant == "campus");
  const auto none = settings::resolve({}, {}, "-");
  BOOST_REQUIRE(none.has_value());
  BOOST_TEST(probe_options_of(*none, "probe.toml")->allow_real_tenant.empty());
}

BOOST_AUTO_TEST_SUITE_END()

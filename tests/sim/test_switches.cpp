#include "sim/server/switches.hpp"

#include <filesystem>
#include <fstream>
#include <set>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "temporary_folder.hpp"

namespace {

using namespace convoke::sim;

options set(std::string_view name, std::string_view value) {
  options o;
  const auto done = apply_flag(o, name, value);
  BOOST_TEST(done.has_value(), name << " " << value << ": " << (done ? "" : done.error().message));
  return o;
}

BOOST_AUTO_TEST_SUITE(switches)

BOOST_AUTO_TEST_CASE(flag_names_are_unique_and_have_help) {
  std::set<std::string> names;
  for (const auto& f : flags()) {
    BOOST_TEST(f.name.starts_with("--"));
    BOOST_TEST(names.insert(f.name).second);
    BOOST_TEST(!f.help.empty());
    BOOST_TEST(f.value.empty() == !f.takes_value);
    BOOST_TEST(bool(f.set));
  }
}

BOOST_AUTO_TEST_CASE(each_flag_sets_its_option) {
  BOOST_TEST(set("--port", "8443").port == 8443);
  BOOST_TEST(set("--plain", "").plain);
  BOOST_TEST(set("--seed", "18446744073709551615").service.seed == 18446744073709551615ULL);
  BOOST_TEST(set("--lane-rate", "12.5").service.throttle.lane.rate == 12.5);
  BOOST_TEST((set("--window", "sliding").service.throttle.window == window_kind::sliding));
  BOOST_TEST(set("--window-seconds", "500ms").service.throttle.window_seconds == 0.5);
  BOOST_TEST(!set("--throttled-count", "no").service.throttle.throttled_count);
  BOOST_TEST((set("--retry-after-form", "constant:3").service.throttle.form == retry_after_form::constant));
  BOOST_TEST((set("--throttle-scope", "mix").service.throttle.random_scope == scope_kind::mix));
  BOOST_TEST((set("--throttle-scope", "app").service.throttle.random_scope == scope_kind::app));
  BOOST_TEST(set("--token-lifetime", "2").service.tokens.lifetime_seconds == 2);
  BOOST_TEST(set("--lost-reply", "0.25").service.faults[fault::lost_reply] == 0.25);
  BOOST_TEST(set("--fault-503-after", "1").service.faults[fault::e503_after] == 1);
  BOOST_TEST(set("--faults", "0.05").service.faults.total() == 0.05, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(set("--cut", "0.3").service.faults[fault::cut_chunked] == 0.1, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(set("--malformed", "0.5").service.faults[fault::missing_id] == 0.1, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(set("--calls", "5").service.kept_calls == 5U);
  BOOST_TEST(set("--capacity", "50").service.capacity == 50);
  const auto latency = set("--latency", "lognormal:20ms:0.5").service.latency;
  BOOST_TEST((latency.shape == latency_options::kind::lognormal));
  BOOST_TEST(latency.median_seconds == 0.02);
  BOOST_TEST(latency.sigma == 0.5);
  BOOST_TEST((set("--latency", "0").service.latency.shape == latency_options::kind::none));
  BOOST_TEST((set("--latency", "10ms").service.latency.shape == latency_options::kind::fixed));
}

BOOST_AUTO_TEST_CASE(organizers_come_from_a_list_or_a_file) {
  const std::string one = "AAAAAAAA-0000-4000-8000-000000000001", two = "aaaaaaaa-0000-4000-8000-000000000002";
  BOOST_TEST(set("--no-policy", one + "," + two).service.no_policy.size() == 2U);
  BOOST_TEST(set("--no-policy", one).service.no_policy.contains("aaaaaaaa-0000-4000-8000-000000000001"));
  const convoke_test::temporary_folder folder;
  const auto file = folder / "ids.txt";
  std::ofstream(file) << one << "\n\n" << two << "\r\n";
  BOOST_TEST(set("--organizers", file).service.organizers->size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_script_is_read_from_its_file) {
  const convoke_test::temporary_folder folder;
  const auto file = folder / "script.json";
  std::ofstream(file) << R"([{"call":2,"fault":"lost_reply"}])";
  BOOST_TEST(set("--script", file).service.script.size() == 1U);
}

struct wrong {
  std::string_view name, value;
};
std::ostream& operator<<(std::ostream& out, const wrong& w) {
  return out << w.name << ' ' << w.value;
}
const std::vector<wrong> wrong_values = {
    {"--port", "65536"},
    {"--port", "-1"},
    {"--port", ""},
    {"--port", "80x"},
    {"--lost-reply", "1.1"},
    {"--lost-reply", "-0.1"},
    {"--lost-reply", "nan"},
    {"--faults", "2"},
    {"--window", "round"},
    {"--window-seconds", "0"},
    {"--latency", "fast"},
    {"--latency", "10m"},
    {"--latency", "lognormal:20ms"},
    {"--retry-after-form", "soon"},
    {"--no-policy", "aaaaaaaa-0000-4000-8000-000000000001,x"},
    {"--throttled-count", "maybe"},
    {"--secret", "x"},
    {"--seed", "1.5"},
};
BOOST_DATA_TEST_CASE(an_error_about_a_value_names_the_flag, boost::unit_test::data::make(wrong_values), w) {
  options o;
  const auto done = apply_flag(o, w.name, w.value);
  BOOST_REQUIRE(!done.has_value());
  BOOST_TEST((done.error().code == convoke::errc::usage));
  BOOST_TEST(done.error().message.starts_with(std::string(w.name) + ": "));
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_an_error_that_names_the_flag) {
  const convoke_test::temporary_folder folder;
  for (const std::string name : {"--script", "--organizers"}) {
    options o;
    const auto done = apply_flag(o, name, folder / "none");
    BOOST_REQUIRE(!done.has_value());
    BOOST_TEST((done.error().code == convoke::errc::usage));
    BOOST_TEST(done.error().message.starts_with(name + ": "));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

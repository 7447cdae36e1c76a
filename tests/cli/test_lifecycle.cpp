// The jobs of `verify` and `remove`.

#include <utility>

#include <boost/test/unit_test.hpp>

#include "cli/lifecycle.hpp"
#include "cli/options.hpp"
#include "folder.hpp"

namespace {

using namespace cli_test;
using convoke::attendee_roles;
using convoke::on_drift;
using convoke::on_vanished;
using convoke::run_kind;
using convoke::cli::build_job_of_kind;
using convoke::cli::settings;

struct kinds_folder : folder {
  // Everything that only `apply` has is set in the environment.
  [[nodiscard]] convoke::job read(run_kind kind, const names& flags) const {
    const names environment{{"HOME", path.string()},        {"CONVOKE_TENANT", "11111111-2222-3333-4444-555555555555"},
                            {"CONVOKE_TOKEN", "e30.e30.x"}, {"CONVOKE_ON_VANISHED", "remove"},
                            {"CONVOKE_MAX_NEW", "0"},       {"CONVOKE_KEEP_ALIVE", "30d"},
                            {"CONVOKE_ROLES", "enforce"},   {"CONVOKE_FEED", "classes"},
                            {"CONVOKE_EXPECT_ROWS", "40"},  {"CONVOKE_LIMIT", "3"},
                            {"CONVOKE_ONLY", "room=R1"},    {"CONVOKE_FAILED", "of-apply.csv"},
                            {"CONVOKE_YES", "true"}};
    const auto from = settings::resolve(flags, environment, "-");
    BOOST_REQUIRE_MESSAGE(from.has_value(), (from ? "" : from.error().message));
    auto j = build_job_of_kind(*from, "in.csv", kind);
    BOOST_REQUIRE_MESSAGE(j.has_value(), (j ? "" : j.error().message));
    return std::move(*j);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lifecycle, kinds_folder)

BOOST_AUTO_TEST_CASE(settings_that_only_apply_has_mean_nothing_to_the_others) {
  const auto made = read(run_kind::provision, {});
  BOOST_CHECK(made.plan.vanished == on_vanished::remove);
  BOOST_CHECK(made.plan.keep_alive.has_value());
  for (const auto kind : {run_kind::verify, run_kind::remove}) {
    const auto j = read(kind, {});
    BOOST_CHECK(j.plan.kind == kind);
    BOOST_CHECK(j.plan.vanished == on_vanished::report);
    BOOST_CHECK(j.plan.roles == attendee_roles::send);
    BOOST_CHECK(!j.plan.max_new && !j.plan.keep_alive && !j.plan.repair && !j.plan.confirmed);
    const auto valid = validate(j);
    BOOST_TEST(valid.has_value(), (valid ? "" : valid.error().message));
  }
}

BOOST_AUTO_TEST_CASE(what_describes_the_file_of_apply_counts_for_the_others_only_as_a_flag) {
  const auto made = read(run_kind::provision, {});
  BOOST_TEST(made.plan.expect_rows.value_or(0) == 40U);
  BOOST_TEST(made.plan.limit.value_or(0) == 3U);
  BOOST_TEST(made.plan.only == "room=R1");
  BOOST_TEST(made.failed == "of-apply.csv");
  for (const auto kind : {run_kind::verify, run_kind::remove}) {
    const auto j = read(kind, {});
    BOOST_CHECK(!j.plan.expect_rows && !j.plan.limit);
    BOOST_TEST(j.plan.only.empty());
    BOOST_TEST(j.failed.empty());
    const auto given = read(kind, {{"expect-rows", "2"}, {"limit", "1"}, {"only", "room=R2"}, {"failed", "mine.csv"}});
    BOOST_TEST(given.plan.expect_rows.value_or(0) == 2U);
    BOOST_TEST(given.plan.limit.value_or(0) == 1U);
    BOOST_TEST(given.plan.only == "room=R2");
    BOOST_TEST(given.failed == "mine.csv");
  }
}

BOOST_AUTO_TEST_CASE(what_each_of_them_takes) {
  const auto verified = read(run_kind::verify, {{"repair", "true"}, {"on-drift", "update"}, {"yes", "true"}});
  BOOST_TEST(verified.plan.repair);
  BOOST_CHECK(verified.plan.drift == on_drift::update);
  BOOST_TEST(!verified.plan.confirmed);
  BOOST_CHECK(!verified.feed);
  const auto removed = read(run_kind::remove, {{"repair", "true"}, {"on-drift", "update"}, {"yes", "true"}});
  BOOST_TEST(removed.plan.confirmed);
  BOOST_TEST(!removed.plan.repair);
  BOOST_CHECK(removed.plan.drift == on_drift::report);
  BOOST_TEST(removed.feed.value_or("") == "classes");
}

BOOST_AUTO_TEST_SUITE_END()

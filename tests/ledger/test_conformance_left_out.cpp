// What every store promises about runs that verify beside other runs: what these still owe, and what another app of the tenant has made.

#include <algorithm>

#include "ledger/kinds_fixture.hpp"
#include "ledger/planning/kinds.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;
using namespace std::chrono_literals;

namespace {

constexpr utc_time now = before_any_meeting;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(verify_runs_beside_others, with_kinds)

BOOST_AUTO_TEST_CASE(what_other_open_runs_owe_is_left_out_of_a_verify_run) {
  made();
  const auto changing = plan(*s, header("two"), {row(2, 1, "a", 1)}).id;
  const auto removing = plan(*s, of_kind(run_kind::remove, "three"), {row(2, 1, "b")}).id;
  BOOST_REQUIRE(claimed(removing).size() == 1u);
  restart();  // as if it had been killed while it deletes the meeting
  for (const bool repair : {false, true}) {
    const auto [run, summary] = verify_all(repair ? "repair" : "verify", {.update_drifted = repair, .repair = repair});
    BOOST_TEST(summary.rows == 3u);
    BOOST_TEST(summary.calls == 1u);
    BOOST_TEST(summary.get_keys == 1u);
    BOOST_TEST(summary.repaired_keys == 0u);
    BOOST_TEST(summary.superseded == 0u);
    BOOST_TEST(summary.left_out == 2u);
    BOOST_TEST(summary.left_out_runs == (std::vector<std::uint32_t>{changing, removing}), boost::test_tools::per_element());
    carry_out(*s, run, outcome::unchanged);
    BOOST_TEST(results(*r, run) == (words{"0 failed", "0 failed", "0 unchanged"}), boost::test_tools::per_element());
    check_counts(*r, run);
    std::uint64_t owed = 0;
    for (const auto& why : must(r->reasons(run, 9)))
      if (why.code == planning::call_owed) owed += why.rows;
    BOOST_TEST(owed == 2u);
  }
  const std::vector<planned_row> file{row(2, 1, "a"), row(3, 1, "c"), row(4, 1, "a"), row(5, 1, "b")};
  const auto later = plan(*s, of_kind(run_kind::verify, "file"), file, false);
  BOOST_TEST(later.summary.left_out == 3u);
  BOOST_TEST(later.summary.get_keys == 1u);
  BOOST_TEST(must(r->run(later.id))->counts.failed == 3u);
  // What was owed is owed still, and is done as it was planned.
  BOOST_TEST(results(*r, changing) == (words{"2 deferred"}), boost::test_tools::per_element());
  BOOST_TEST(results(*r, removing) == (words{"2 deferred"}), boost::test_tools::per_element());
  carry_out(*s, removing, outcome::removed);
  carry_out(*s, changing);
  BOOST_TEST(inventory() == (words{"a satisfied", "b removed", "c satisfied"}), boost::test_tools::per_element());
  const auto after = verify_all("after", {}, false).summary;
  BOOST_TEST(after.left_out == 0u);
  BOOST_TEST(after.get_keys == 2u);
}

BOOST_AUTO_TEST_CASE(a_removal_that_waits_is_left_out_of_a_verify_run) {
  made();
  auto removing = header("two");
  removing.operations.remove_vanished = true;
  const auto run = plan(*s, removing, {row(2, 1, "a"), row(5, 2, "new")}).id;
  const auto [verified, summary] = verify_all("three");
  BOOST_TEST(summary.superseded == 0u);
  BOOST_TEST(summary.left_out == 2u);
  BOOST_TEST(summary.get_keys == 1u);
  BOOST_TEST(resume(run).waiting == 2u);
}

BOOST_AUTO_TEST_CASE(a_verify_run_takes_over_what_an_older_one_has_not_read) {
  made();
  const auto older = verify_all("two").id;
  const auto [run, summary] = verify_all("three");
  BOOST_TEST(summary.superseded == 3u);
  BOOST_TEST(summary.left_out == 0u);
  BOOST_TEST(summary.get_keys == 3u);
  BOOST_TEST((must(r->run(older))->state == run_state::finished));
}

BOOST_AUTO_TEST_CASE(the_meetings_of_another_app_of_the_tenant_are_verified) {
  made();
  const auto of_app = [&](const std::string& identity, std::vector<lane_name> lanes) {
    auto h = of_kind(run_kind::verify, identity);
    h.lanes = std::move(lanes);
    auto planning = must(s->begin_plan(h));
    const auto rows = must(planning->add_inventory(now));
    const auto summary = must(planning->classify(now));
    BOOST_TEST(summary.get_keys == rows);
    return std::pair(rows, must(planning->commit(rows > 0)));
  };
  const auto known = header().lanes.at(0);
  auto other = known, tenant = known, user = known;
  other.app = "app-2";
  tenant.tenant = "tenant-2";
  user.app = "app-2/00000000-0000-4000-8000-000000000009";
  BOOST_TEST(of_app("tenant", {tenant}).first == 0u);
  BOOST_TEST(of_app("user", {user}).first == 0u, "a user has no access to the meetings of others");
  const auto [rows, run] = of_app("app", {tenant, other});
  BOOST_TEST(rows == 3u);
  const auto opened = resume(run);
  BOOST_REQUIRE(opened.organizers.size() == 1u);
  BOOST_TEST(opened.organizers[0].lane == 1u);
  BOOST_TEST(opened.organizers[0].fresh == 3u);
  const auto held = claim(*s, opened, {{.organizer = opened.organizers[0].id, .count = 9}}, false, 1).pages.at(0).rows;
  BOOST_REQUIRE(held.size() == 3u);
  BOOST_TEST(held[0].meeting_id == "m" + std::to_string(held[0].key));
  finish(*s, {ended(held[0], outcome::unchanged), ended(held[1], outcome::drifted), gone(held[2], outcome::lost)});
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(inventory() == (words{"a satisfied", "b drifted subject;end", "c lost"}), boost::test_tools::per_element());
  // The lane that made them comes first where the run has it.
  const auto both = of_app("both", {other, known}).second;
  const auto lanes = resume(both).organizers;
  BOOST_REQUIRE(lanes.size() == 1u);
  BOOST_TEST(lanes[0].lane == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

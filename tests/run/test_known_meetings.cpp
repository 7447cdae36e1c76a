// Runs that verify and remove against a simulated Graph, which counts what it received.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "files/digest.hpp"
#include "fixture.hpp"

using namespace convoke;
using namespace convoke::testing;

namespace {

// Answers the question, and keeps it.
struct person final : observer {
  explicit person(bool agrees) : agrees_(agrees) {}
  result<void> confirm_removal(const removal_question& q) override {
    asked.push_back(q);
    if (meanwhile) meanwhile();
    return agrees_ ? result<void>() : fail(errc::input, "no");
  }
  std::vector<removal_question> asked;
  std::function<void()> meanwhile;

 private:
  bool agrees_;
};

struct known : fixture {
  // Meetings of a time to come: those that have ended are not made again.
  [[nodiscard]] std::string future_rows(const std::string& name, unsigned first, unsigned last) const {
    const auto path = (folder / name).string();
    std::ofstream to(path, std::ios::binary);
    to << "organizer,external_id,subject,start,room\n";
    for (auto i = first; i <= last; ++i)
      to << fmt::format("00000000-0000-0000-0000-0000000000{:02},K-{},Class {},2035-10-19T08:00:00Z,R{}\n", i % 5, i, i, i);
    return path;
  }
  [[nodiscard]] job of_kind(run_kind kind, const std::string& input) const {
    auto j = make_job(input);
    j.plan.kind = kind;
    return j;
  }
  [[nodiscard]] std::int64_t calls(std::string_view operation) const {
    const auto stats = boost::json::parse(graph->stats_json());
    const auto& all = stats.at("operations").as_object();
    const auto* found = all.if_contains(operation);
    return found == nullptr ? 0 : found->to_number<std::int64_t>();
  }
  // Another program with a ledger of its own.
  [[nodiscard]] job elsewhere(job j) const {
    j.ledger = "sqlite:" + (folder / "elsewhere.db").string();
    j.results.clear();
    return j;
  }
  void delete_elsewhere(unsigned first, unsigned last) {
    const auto path = future_rows("elsewhere.csv", first, last);
    must(apply(elsewhere(make_job(path)), watch));
    auto j = elsewhere(of_kind(run_kind::remove, path));
    j.plan.confirmed = true;
    must(apply(j, watch));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(every_known_meeting_is_read_without_an_input, known) {
  start();
  must(apply(make_job(future_rows("in.csv", 1, 40)), watch));
  delete_elsewhere(1, 3);
  const auto done = must(apply(of_kind(run_kind::verify, {}), watch));
  BOOST_TEST(done.exit_code() == 3);
  BOOST_CHECK(done.kind == run_kind::verify);
  BOOST_TEST(done.of_inventory);
  BOOST_TEST(done.counts.unchanged == 37U);
  BOOST_TEST(done.counts.lost == 3U);
  BOOST_TEST(calls("get") == 40);
  BOOST_REQUIRE(done.verified.has_value());
  BOOST_TEST(done.verified->rows == 40U);
  BOOST_TEST(done.verified->results_sha256 == files::sha256_hex(read("results.csv")));
  BOOST_REQUIRE(done.verified->from.has_value());
  BOOST_CHECK(*done.verified->from <= *done.verified->to);
  BOOST_TEST(done.failed.empty());
  BOOST_CHECK(!fs::exists(folder / ".failed.csv"));
  // Another run reads again.
  const auto again = must(apply(of_kind(run_kind::verify, {}), watch));
  BOOST_TEST(again.run != done.run);
  BOOST_TEST(calls("get") == 80);
  // A repair owes the lost ones at once.
  auto repair = of_kind(run_kind::verify, {});
  repair.plan.repair = true;
  const auto repaired = must(apply(repair, watch));
  BOOST_TEST(repaired.exit_code() == 0);
  BOOST_TEST(repaired.counts.created == 3U);
  BOOST_TEST(count("meetings") == 40);
}

BOOST_FIXTURE_TEST_CASE(a_removal_is_asked_about_once_and_deletes_what_was_asked, known) {
  start();
  must(apply(make_job(future_rows("in.csv", 1, 10)), watch));
  const auto j = of_kind(run_kind::remove, future_rows("cancelled.csv", 4, 8));
  person no(false);
  const auto refused = apply(j, no);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_CHECK(refused.error().code == errc::input);
  BOOST_REQUIRE(no.asked.size() == 1U);
  const auto& q = no.asked.front();
  BOOST_TEST(q.meetings == 5U);
  BOOST_TEST(q.run == 0U);
  BOOST_TEST(q.plan.remove_keys == 5U);
  BOOST_REQUIRE(q.examples.size() == 3U);
  for (const auto& one : q.examples) {
    const auto number = one.external_id.substr(2);
    BOOST_TEST((number >= "4" && number <= "8"), one.external_id);
    BOOST_TEST(one.subject == "Class " + number);
  }
  BOOST_TEST(calls("remove") == 0);

  person yes(true);
  const auto done = must(apply(j, yes));
  BOOST_TEST(yes.asked.size() == 1U);
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(done.counts.removed == 5U);
  BOOST_TEST(calls("remove") == 5);
  BOOST_TEST(count("meetings") == 5);
  // Nothing is left to ask about.
  must(apply(j, yes));
  BOOST_TEST(yes.asked.size() == 1U);
  BOOST_TEST(calls("remove") == 5);
}

BOOST_FIXTURE_TEST_CASE(an_observer_that_does_not_answer_deletes_nothing, known) {
  start();
  must(apply(make_job(future_rows("in.csv", 1, 3)), watch));
  const auto refused = apply(of_kind(run_kind::remove, future_rows("cancelled.csv", 1, 2)), watch);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().message.contains("not confirmed"));
  BOOST_TEST(count("meetings") == 3);
}

BOOST_FIXTURE_TEST_CASE(a_run_that_is_resumed_is_asked_about_again, known) {
  start();
  must(apply(make_job(future_rows("in.csv", 1, 30)), watch));
  auto j = of_kind(run_kind::remove, future_rows("cancelled.csv", 1, 30));
  j.pace.max_duration = std::chrono::milliseconds(1);
  j.pace.rate = 1;
  person yes(true);
  const auto cut = must(apply(j, yes));
  BOOST_TEST(cut.exit_code() == 5);
  j.pace.max_duration.reset();
  j.pace.rate = 100'000;
  person no(false);
  BOOST_TEST(!apply(j, no).has_value());
  BOOST_REQUIRE(no.asked.size() == 1U);
  BOOST_TEST(no.asked.front().run == cut.run);
  BOOST_TEST(no.asked.front().meetings == cut.counts.owed);
  BOOST_TEST(no.asked.front().examples.size() == 3U);
  const auto done = must(apply(j, yes));
  BOOST_TEST(done.run == cut.run);
  BOOST_TEST(done.counts.removed == 30U);
  BOOST_TEST(count("meetings") == 0);
}

BOOST_FIXTURE_TEST_CASE(kinds_have_settings_of_their_own, known) {
  const auto path = future_rows("in.csv", 1, 2);
  const auto refused = [&](run_kind kind, const std::string& input, auto change, std::string_view says) {
    auto j = of_kind(kind, input);
    change(j.plan);
    const auto valid = validate(j);
    BOOST_REQUIRE_MESSAGE(!valid.has_value(), says);
    BOOST_CHECK(valid.error().code == errc::usage);
    BOOST_TEST(valid.error().message.contains(says), valid.error().message);
  };
  refused(run_kind::provision, path, [](plan_options& p) { p.repair = true; }, "--repair");
  refused(run_kind::remove, path, [](plan_options& p) { p.repair = true; }, "--repair");
  refused(run_kind::remove, path, [](plan_options& p) { p.drift = on_drift::fail; }, "--on-drift");
  refused(run_kind::remove, path, [](plan_options& p) { p.vanished = on_vanished::remove; }, "--on-vanished");
  refused(run_kind::verify, path, [](plan_options& p) { p.max_new = 0; }, "--max-new");
  refused(run_kind::verify, path, [](plan_options& p) { p.keep_alive = std::chrono::days(30); }, "--keep-alive");
  refused(run_kind::verify, {}, [](plan_options& p) { p.limit = 1; }, "needs FILE");
  refused(run_kind::verify, {}, [](plan_options& p) { p.only = "room=R1"; }, "needs FILE");
  BOOST_TEST(validate(of_kind(run_kind::verify, {})).has_value());
  BOOST_TEST(validate(of_kind(run_kind::remove, path)).has_value());
  // Without `apply` there would be no question.
  const auto j = of_kind(run_kind::remove, path);
  for (const auto use : {job_use::check, job_use::plan}) BOOST_TEST(!validate(j, use).has_value());
  BOOST_TEST(!plan(j, true, watch).has_value());
  BOOST_TEST(!apply(make_job({}), watch).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_run_of_another_kind_leaves_the_failed_file_of_apply_alone, known) {
  start();
  const auto path = future_rows("in.csv", 1, 6);
  must(apply(make_job(path), watch));
  const std::string corrected = "organizer,external_id,subject,start,room,convoke_line,convoke_error\nhalf corrected";
  std::ofstream(path + ".failed.csv", std::ios::binary) << corrected;
  delete_elsewhere(2, 2);
  const auto found = must(apply(of_kind(run_kind::verify, path), watch));
  BOOST_TEST(found.failed == path + ".verify.failed.csv");
  BOOST_TEST(read("in.csv.verify.failed.csv").contains(",K-2,"));
  // Once nothing fails, its own file goes, and not that of `apply`.
  auto repair = of_kind(run_kind::verify, path);
  repair.plan.repair = true;
  BOOST_TEST(must(apply(repair, watch)).removed_failed == path + ".verify.failed.csv");
  BOOST_CHECK(!fs::exists(path + ".verify.failed.csv"));
  // Of a file that is named it is not known whose it is.
  std::ofstream(folder / "mine.csv", std::ios::binary) << corrected;
  auto named = of_kind(run_kind::verify, path);
  named.failed = (folder / "mine.csv").string();
  BOOST_TEST(must(apply(named, watch)).removed_failed == "");

  auto removal = of_kind(run_kind::remove, future_rows("in.csv", 5, 7));
  removal.plan.confirmed = true;
  const auto removed = must(apply(removal, watch));
  BOOST_TEST(removed.failed == path + ".remove.failed.csv");
  BOOST_TEST(read("in.csv.remove.failed.csv").contains(",K-7,"));
  BOOST_TEST(read("in.csv.failed.csv") == corrected);
  BOOST_TEST(read("mine.csv") == corrected);
}

BOOST_FIXTURE_TEST_CASE(what_could_not_be_read_is_counted_apart_from_what_is_not_known, known) {
  start();
  must(apply(make_job(future_rows("in.csv", 1, 4)), watch));
  const auto found = must(apply(of_kind(run_kind::verify, future_rows("more.csv", 1, 6)), watch));
  BOOST_TEST(found.counts.failed == 2U);
  BOOST_REQUIRE(found.verified.has_value());
  BOOST_TEST(found.verified->rows == 4U);
  BOOST_TEST(found.verified->unknown == 2U);
  BOOST_TEST(found.verified->unread == 0U);
  BOOST_TEST(!found.verified->repairs);
}

BOOST_FIXTURE_TEST_CASE(a_call_for_a_meeting_without_a_line_names_the_meeting, known) {
  sim::behaviour faulty;
  faulty.script = {{"K-2", 2, sim::fault::e500_before}};
  start(faulty);
  must(apply(make_job(future_rows("in.csv", 1, 3)), watch));
  BOOST_TEST(watch.troubles.empty());
  BOOST_TEST(must(apply(of_kind(run_kind::verify, {}), watch)).counts.unchanged == 3U);
  BOOST_REQUIRE(watch.troubles.size() == 1U);
  BOOST_TEST(watch.troubles.front().first == 0U);
  BOOST_TEST(watch.troubles.front().second.starts_with("the meeting K-2, which is not in the input: attempt 1: 500"),
             watch.troubles.front().second);
}

BOOST_FIXTURE_TEST_CASE(results_that_are_fed_back_make_no_removed_meeting_again, known) {
  start();
  auto j = make_job(future_rows("in.csv", 1, 6));
  j.feed = "classes";
  must(apply(j, watch));
  j = make_job(future_rows("in.csv", 1, 4));
  j.feed = "classes";
  j.plan.vanished = on_vanished::remove;
  j.plan.max_remove = 2;
  BOOST_TEST(must(apply(j, watch)).counts.removed == 2U);
  BOOST_TEST(read("results.csv").contains(",removed,"));
  fs::copy_file(folder / "results.csv", folder / "back.csv");
  const auto before = count("requests");
  const auto done = must(apply(make_job((folder / "back.csv").string()), watch));
  BOOST_TEST(done.rows == 4U);
  BOOST_TEST(done.counts.unchanged == 4U);
  BOOST_REQUIRE(done.plan.has_value());
  BOOST_TEST(done.plan->removed_before == 2U);
  BOOST_TEST(count("requests") == before);
  BOOST_TEST(count("meetings") == 4);
  // Runs that make no meeting take every row.
  BOOST_TEST(must(apply(of_kind(run_kind::verify, (folder / "back.csv").string()), watch)).counts.removed == 2U);

  // Of results of nothing but removals no row is left.
  auto removal = of_kind(run_kind::remove, future_rows("cancelled.csv", 1, 2));
  removal.plan.confirmed = true;
  must(apply(removal, watch));
  fs::copy_file(folder / "results.csv", folder / "removed.csv");
  const auto refused = apply(make_job((folder / "removed.csv").string()), watch);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_CHECK(refused.error().code == errc::input);
  BOOST_TEST(refused.error().message.contains("2 rows of convoke's results are left out"), refused.error().message);
  BOOST_TEST(count("meetings") == 2);

  // A column of that name in a file of somebody else says nothing of convoke's meetings.
  const auto own = (folder / "own.csv").string();
  std::ofstream(own)
      << "organizer,external_id,start,outcome,line\n00000000-0000-0000-0000-000000000001,own,2035-10-19T08:00:00Z,removed,2\n";
  BOOST_TEST(must(apply(make_job(own), watch)).counts.created == 1U);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_removed_where_rows_of_other_tenants_are_left_out, known) {
  start();
  const std::string other = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a0ff";
  const auto file = [&](const std::vector<std::pair<std::string, std::string>>& rows) {
    const auto path = (folder / "in.csv").string();
    std::ofstream to(path, std::ios::binary);
    to << "organizer,external_id,start,tenant\n";
    for (const auto& [id, tenant] : rows) to << "00000000-0000-0000-0000-000000000001," << id << ",2035-10-19T08:00:00Z," << tenant << '\n';
    auto j = make_job(path);
    j.other_tenants = {{.name = "other", .tenant = other}};
    j.plan.vanished = on_vanished::remove;
    j.plan.max_remove = 9;
    return j;
  };
  const auto own = graph->tenant();
  must(apply(file({{"a", own}, {"b", own}, {"c", own}}), watch));
  // The meeting b is of the other tenant now, and c is in no row.
  auto j = file({{"a", own}, {"b", other}});
  const auto done = must(apply(j, watch));
  BOOST_REQUIRE(done.plan.has_value());
  BOOST_CHECK(done.plan->barred == removal_bar::other_tenants);
  BOOST_TEST(done.plan->other_tenants == 1U);
  BOOST_TEST(done.plan->vanished == 2U);
  BOOST_TEST(done.plan->remove_keys == 0U);
  BOOST_TEST(done.counts.unchanged == 1U);
  BOOST_TEST(done.counts.removed == 0U);
  // A plan that is opened later keeps to it.
  j = file({{"a", own}, {"b", other}, {"d", other}});
  must(plan(j, false, watch));
  must(apply(j, watch));
  BOOST_CHECK(watch.plans.back().second.barred == removal_bar::other_tenants);
  BOOST_TEST(watch.plans.back().second.remove_keys == 0U);
  BOOST_TEST(calls("remove") == 0);
  BOOST_TEST(count("meetings") == 3);
  // Where every row is of this tenant, what vanished is removed.
  BOOST_TEST(must(apply(file({{"a", own}, {"d", own}}), watch)).counts.removed == 2U);
  BOOST_TEST(calls("remove") == 2);
}

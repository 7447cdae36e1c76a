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
    const auto& all = boost::json::parse(graph->stats_json()).as_object().at("operations").as_object();
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
  BOOST_TEST(q.examples.front().external_id == "K-4");
  BOOST_TEST(q.examples.front().subject == "Class 4");
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

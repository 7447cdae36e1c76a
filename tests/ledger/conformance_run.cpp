// What every store promises about runs under way.

#include <atomic>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

struct fixture {
  std::unique_ptr<backend> at = make_backend();
  std::unique_ptr<store> s = at->open();
  std::unique_ptr<reader> r = s->read();

  // As if the process had died: what it claimed stays claimed.
  void restart() {
    r.reset();
    s.reset();
    s = at->open();
    r = s->read();
  }
  run_id three_rows() { return plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c")}).id; }
  organizer_id organizer(run_id run) { return must(s->resume(run)).organizers.at(0).id; }
};

using words = std::vector<std::string>;

std::uint32_t close(store& s, run_id run, organizer_id organizer) {
  finished_row like;
  like.error_code = "Forbidden";
  like.http_status = 403;
  const auto done = std::make_shared<std::promise<result<std::uint32_t>>>();
  s.close_organizer(run, 0, organizer, like, [done](result<std::uint32_t> n) { done->set_value(std::move(n)); });
  return must(done->get_future().get());
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(runs_under_way, fixture)

BOOST_AUTO_TEST_CASE(rows_come_in_line_order_and_once) {
  const auto run = plan(*s, header(), {row(2, 2, "a"), row(3, 1, "b"), row(4, 2, "c"), row(5, 2, "d")}).id;
  const auto opened = must(s->resume(run));
  BOOST_TEST(!opened.unclean);
  BOOST_REQUIRE(opened.organizers.size() == 2u);
  BOOST_TEST(opened.organizers[0].organizer == organizer_name(2));
  BOOST_TEST(opened.organizers[0].fresh == 3u);
  BOOST_TEST(opened.organizers[0].stale == 0u);
  const auto first = claim(*s, run, opened.organizers[0].id, 2);
  BOOST_REQUIRE(first.rows.size() == 2u);
  BOOST_TEST(!first.exhausted);
  BOOST_TEST(line_of(first.rows[0].row) == 2u);
  BOOST_TEST(line_of(first.rows[1].row) == 4u);
  BOOST_TEST(first.rows[0].epoch == 1u);
  BOOST_TEST((must(decode_spec(first.rows[0].payload)) == wanted(2, "a")));
  const auto second = claim(*s, run, opened.organizers[0].id, 2);
  BOOST_REQUIRE(second.rows.size() == 1u);
  BOOST_TEST(second.exhausted);
  const auto third = claim(*s, run, opened.organizers[0].id, 2);
  BOOST_TEST(third.rows.empty());
  BOOST_TEST(third.exhausted);
}

BOOST_AUTO_TEST_CASE(a_page_that_is_exactly_all_is_the_last) {
  const auto run = three_rows();
  const auto page = claim(*s, run, organizer(run), 3);
  BOOST_TEST(page.rows.size() == 3u);
  BOOST_TEST(page.exhausted);
}

BOOST_AUTO_TEST_CASE(outcomes_are_kept_as_given) {
  const auto run = three_rows();
  const auto page = claim(*s, run, organizer(run));
  auto failed = ended(page.rows[1], outcome::failed);
  failed.attempts = 3;
  failed.client_request_id = "mine";
  finish(*s, {ended(page.rows[0]), failed, ended(page.rows[2], outcome::drifted)});
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  std::size_t seen = 0;
  must(r->for_each_result(run, [&](const result_row& got) -> result<void> {
    ++seen;
    BOOST_TEST(got.finished_at->time_since_epoch() / std::chrono::seconds(1) == 1'780'000'000);
    if (got.line == 2) {
      BOOST_TEST((got.result == outcome::created));
      BOOST_TEST(got.http_status == 201);
      BOOST_TEST(got.raw == row(2, 1, "a").raw);
      BOOST_TEST(got.meeting_id == "m" + std::to_string(page.rows[0].key));
      BOOST_TEST(got.request_id == "r2");
      BOOST_TEST(got.conference_id == "");
    } else if (got.line == 3) {
      BOOST_TEST((got.result == outcome::failed));
      BOOST_TEST(got.attempts == 3u);
      BOOST_TEST(got.error_code == "BadRequest");
      BOOST_TEST(got.error_message == "no");
      BOOST_TEST(got.client_request_id == "mine");
      BOOST_TEST(got.meeting_id == "");
    } else {
      BOOST_TEST(got.drift == "subject;end");
    }
    return {};
  }));
  BOOST_TEST(seen == 3u);
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(an_outcome_is_final) {
  const auto run = three_rows();
  const auto page = claim(*s, run, organizer(run));
  finish(*s, {ended(page.rows[0])});
  finish(*s, {ended(page.rows[0], outcome::failed)}, {released(page.rows[0], true)});
  BOOST_TEST(s->lost_writes() == 2u);
  BOOST_TEST(results(*r, run)[0] == "2 created");
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(a_write_with_an_old_epoch_changes_nothing) {
  const auto run = three_rows();
  const auto old = claim(*s, run, organizer(run));
  restart();
  const auto id = organizer(run);
  const auto again = claim(*s, run, id, 100, true);
  BOOST_REQUIRE(again.rows.size() == 3u);
  BOOST_TEST(again.rows[0].epoch == 2u);
  finish(*s, {ended(old.rows[0])}, {released(old.rows[1])});
  BOOST_TEST(s->lost_writes() == 2u);
  BOOST_TEST(must(r->run(run))->counts.owed == 3u);
  finish(*s, {ended(again.rows[0])});
  BOOST_TEST(must(r->run(run))->counts.owed == 2u);
}

BOOST_AUTO_TEST_CASE(claims_of_the_dead_are_stale) {
  const auto run = three_rows();
  const auto page = claim(*s, run, organizer(run), 2);
  finish(*s, {ended(page.rows[0])});
  restart();
  const auto opened = must(s->resume(run));
  BOOST_TEST(opened.unclean);
  BOOST_TEST(opened.organizers[0].fresh == 1u);
  BOOST_TEST(opened.organizers[0].stale == 1u);
  const auto id = opened.organizers[0].id;
  const auto fresh = claim(*s, run, id);
  BOOST_REQUIRE(fresh.rows.size() == 1u);
  BOOST_TEST(line_of(fresh.rows[0].row) == 4u);
  const auto stale = claim(*s, run, id, 100, true);
  BOOST_REQUIRE(stale.rows.size() == 1u);
  BOOST_TEST(line_of(stale.rows[0].row) == 3u);
  finish(*s, {ended(stale.rows[0], outcome::existing), ended(fresh.rows[0])});
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
}

BOOST_AUTO_TEST_CASE(what_is_released_waits_for_the_next_session) {
  const auto run = three_rows();
  const auto id = organizer(run);
  const auto page = claim(*s, run, id, 2);
  finish(*s, {}, {released(page.rows[0]), released(page.rows[1])});
  const auto rest = claim(*s, run, id);
  BOOST_REQUIRE(rest.rows.size() == 1u);
  BOOST_TEST(line_of(rest.rows[0].row) == 4u);
  finish(*s, {}, {released(rest.rows[0])});
  BOOST_TEST((must(s->finish_run(run)) == run_state::open));
  // A clean stop leaves no stale claims.
  const auto again = must(s->resume(run));
  BOOST_TEST(!again.unclean);
  BOOST_TEST(again.organizers[0].fresh == 3u);
  BOOST_TEST(claim(*s, run, id).rows.size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_third_strike_in_a_row_fails_the_row) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "a")}).id;
  for (int strike = 0; strike < 3; ++strike) {
    BOOST_TEST((must(r->run(run))->counts.failed) == 0u);
    const auto page = claim(*s, run, organizer(run));
    BOOST_REQUIRE(page.rows.size() == 1u);
    BOOST_TEST(page.rows[0].strikes == strike);
    finish(*s, {}, {released(page.rows[0], true)});
    restart();
  }
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  must(r->for_each_result(run, [](const result_row& got) -> result<void> {
    BOOST_TEST((got.result == outcome::failed));
    BOOST_TEST(got.error_code == "retries");
    BOOST_TEST(got.error_message.find("ServiceUnavailable: later") != std::string_view::npos);
    BOOST_TEST(got.http_status == 503);
    return {};
  }));
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(strikes_and_claims_pass_to_the_run_that_takes_over) {
  const auto first = three_rows();
  const auto page = claim(*s, first, organizer(first), 2);
  finish(*s, {}, {released(page.rows[0], true)});
  restart();
  const auto second = plan(*s, header("two"), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c", 1)}).id;
  const auto opened = must(s->resume(second));
  BOOST_TEST(opened.unclean);  // "b" may still be in flight
  BOOST_TEST(opened.organizers[0].fresh == 2u);
  BOOST_TEST(opened.organizers[0].stale == 1u);
  const auto fresh = claim(*s, second, opened.organizers[0].id);
  BOOST_TEST(fresh.rows[0].strikes == 1);
  BOOST_TEST(fresh.rows[1].strikes == 0);
  const auto stale = claim(*s, second, opened.organizers[0].id, 10, true);
  BOOST_TEST(stale.rows[0].epoch == 2u);
}

BOOST_AUTO_TEST_CASE(a_real_answer_forgets_the_strikes) {
  const auto first = plan(*s, header(), {row(2, 1, "a")}).id;
  for (int strike = 0; strike < 2; ++strike) finish(*s, {}, {released(claim(*s, first, organizer(first)).rows.at(0), true)});
  finish(*s, {ended(claim(*s, first, organizer(first)).rows.at(0), outcome::failed)});
  const auto second = plan(*s, header("two"), {row(2, 1, "a")}).id;
  BOOST_TEST(claim(*s, second, organizer(second)).rows.at(0).strikes == 0);
}

BOOST_AUTO_TEST_CASE(closing_an_organizer_fails_all_it_owes) {
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 2502; ++line) rows.push_back(row(line, 1, "e" + std::to_string(line)));
  rows.push_back(row(2600, 1, "e2"));
  rows.push_back(row(2601, 2, "other"));
  const auto run = plan(*s, header(), std::move(rows)).id;
  const auto id = organizer(run);
  const auto page = claim(*s, run, id, 10);
  finish(*s, {ended(page.rows[5])});
  BOOST_TEST(close(*s, run, id) == 2499u);
  finish(*s, {ended(page.rows[0])});
  BOOST_TEST(s->lost_writes() == 1u);
  const auto info = must(r->run(run)).value();
  BOOST_TEST(info.counts.failed == 2500u);
  BOOST_TEST(info.counts.created == 1u);
  BOOST_TEST(info.counts.owed == 1u);
  BOOST_TEST(close(*s, run, id) == 0u);
  const auto status = must(r->status(run));
  BOOST_REQUIRE(status.errors.size() == 1u);
  BOOST_TEST(status.errors[0].what == "Forbidden");
  BOOST_TEST(status.errors[0].count == 2500u);
  BOOST_REQUIRE(status.organizers.size() == 2u);
  BOOST_TEST(status.organizers[0].counts.failed == 2500u);
  BOOST_TEST(status.organizers[1].counts.owed == 1u);
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(fences_that_still_run_are_obeyed_after_a_restart) {
  const auto run = three_rows();
  const auto id = organizer(run);
  const auto now = std::chrono::time_point_cast<ticks>(std::chrono::system_clock::now());
  const auto hour = std::chrono::hours(1);
  s->save_fence(run, 0, std::nullopt, now + 2 * hour);
  s->save_fence(run, 0, std::nullopt, now + hour);  // the latest end wins
  s->save_fence(run, 0, id, now + hour);
  s->save_fence(run, 0, id + 1, now - hour);
  restart();
  const auto fences = must(s->resume(run)).fences;
  BOOST_REQUIRE(fences.size() == 2u);
  BOOST_TEST(!fences[0].organizer.has_value());
  BOOST_TEST((fences[0].until == now + 2 * hour));
  BOOST_TEST((fences[1].organizer == id));
  BOOST_TEST((fences[1].until == now + hour));
}

BOOST_AUTO_TEST_CASE(many_jobs_at_once_are_all_answered_in_order) {
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 1002; ++line) rows.push_back(row(line, line % 5, "e" + std::to_string(line)));
  const auto run = plan(*s, header(), std::move(rows)).id;
  const auto opened = must(s->resume(run));
  std::atomic<unsigned> done = 0;
  const auto all = std::make_shared<std::promise<void>>();
  for (const auto& o : opened.organizers) {
    for (int i = 0; i < 20; ++i) {
      s->claim(run, 0, o.id, 10, false, [&, all](result<claim_answer> page) {
        // On the ledger's thread; what it asks for is queued.
        for (const auto& claimed : page->rows) {
          s->finish({ended(claimed)}, {}, [&, all](result<std::vector<row_id>> ids) {
            BOOST_TEST_REQUIRE(ids.has_value());
            if (++done == 1000) all->set_value();
          });
        }
      });
    }
  }
  all->get_future().wait();
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(what_is_queued_is_done_before_the_store_closes) {
  const auto run = three_rows();
  const auto page = claim(*s, run, organizer(run));
  bool told = false;
  s->finish({ended(page.rows[0])}, {}, [&](result<std::vector<row_id>> ids) { told = ids.has_value(); });
  restart();
  BOOST_TEST(told);
  BOOST_TEST(must(r->run(run))->counts.created == 1u);
}

BOOST_AUTO_TEST_CASE(two_open_runs_live_side_by_side) {
  const auto one = plan(*s, header("one", "a.csv"), {row(2, 1, "a"), row(3, 1, "b")}).id;
  const auto two = plan(*s, header("two", "b.csv"), {row(2, 1, "c"), row(3, 2, "d")}).id;
  carry_out(*s, two);
  BOOST_TEST((must(r->run(one))->state == run_state::open));
  carry_out(*s, one);
  check_counts(*r, one);
  check_counts(*r, two);
  const auto counts = must(r->inventory_counts());
  BOOST_REQUIRE(counts.size() == 1u);
  BOOST_TEST(counts[0].what == "satisfied");
  BOOST_TEST(counts[0].count == 4u);
}

BOOST_AUTO_TEST_CASE(discarding_closes_a_run) {
  const auto run = three_rows();
  const auto page = claim(*s, run, organizer(run), 1);
  finish(*s, {ended(page.rows[0])});
  must(s->discard(run));
  must(s->discard(run));
  const auto info = must(r->run(run)).value();
  BOOST_TEST((info.state == run_state::discarded));
  BOOST_TEST(info.counts.created == 1u);
  BOOST_TEST(info.counts.owed == 0u);
  BOOST_TEST(!s->resume(run).has_value());
  BOOST_TEST(results(*r, run) == (words{"2 created", "3 deferred", "4 deferred"}), boost::test_tools::per_element());
  BOOST_TEST(!must(r->find("one")).has_value());
  const auto again = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")});
  BOOST_TEST(again.summary.unchanged == 1u);
  BOOST_TEST(again.summary.superseded == 0u);
  BOOST_TEST(again.summary.retried_keys == 1u);
  carry_out(*s, again.id);
  BOOST_TEST(!s->discard(again.id).has_value());
  BOOST_TEST(!s->discard(99).has_value());
}

BOOST_AUTO_TEST_CASE(a_claim_that_a_dead_process_left_outlives_its_discarded_run) {
  const auto run = three_rows();
  const auto page = claim(*s, run, organizer(run), 2);
  finish(*s, {ended(page.rows[0])});
  restart();
  must(s->discard(run));
  BOOST_TEST(must(r->run(run))->counts.owed == 0u);
  BOOST_TEST(must(r->status(run)).calls_left == 0u);

  // A plan that lacks the key leaves the claim where it is; a look at the right file too.
  const auto other = plan(*s, header("other", "other.csv"), {row(2, 9, "z")});
  BOOST_TEST(other.summary.owed_elsewhere == 0u);
  BOOST_TEST(other.summary.superseded == 0u);
  carry_out(*s, other.id);
  plan(*s, header("look"), {row(2, 1, "b")}, false);

  const auto again = plan(*s, header("again"), {row(2, 1, "a"), row(3, 1, "b", 1), row(4, 1, "c")});
  BOOST_TEST(again.summary.superseded == 0u);
  const auto opened = must(s->resume(again.id));
  BOOST_TEST(opened.unclean);
  BOOST_REQUIRE(opened.organizers.size() == 1u);
  BOOST_TEST(opened.organizers[0].fresh == 1u);
  BOOST_TEST(opened.organizers[0].stale == 1u);
  BOOST_TEST(claim(*s, again.id, opened.organizers[0].id).rows.size() == 1u);
  const auto stale = claim(*s, again.id, opened.organizers[0].id, 100, true);
  BOOST_REQUIRE(stale.rows.size() == 1u);
  BOOST_TEST(stale.rows[0].epoch > page.rows[1].epoch);
  BOOST_TEST(results(*r, run) == (words{"2 created", "3 deferred", "4 deferred"}), boost::test_tools::per_element());
  restart();
  // It is handed down once.
  BOOST_TEST(must(s->resume(again.id)).organizers[0].stale == 2u);
  must(s->discard(again.id));
  must(s->prune(0));
  const auto last = plan(*s, header("last"), {row(2, 1, "b", 1), row(3, 1, "c")});
  BOOST_TEST(!must(s->resume(last.id)).unclean);
}

BOOST_AUTO_TEST_CASE(a_key_is_called_by_the_spelling_it_was_first_called_by) {
  const auto respelt = [](std::uint32_t line, const std::string& first, const std::string& now) {
    auto out = row(line, 1, now);
    auto same = wanted(1, first);
    same.external_id = now;
    out.payload = encode_spec(same);
    return out;
  };
  const auto spelt = [](const claim_answer& page) {
    words out;
    for (const auto& row : page.rows) out.push_back(decode_spec(row.payload).value().external_id);
    return out;
  };
  const auto first = plan(*s, header("first"), {row(2, 1, "CS101-A"), row(3, 1, "CS102"), row(4, 1, "CS103")}).id;
  const auto page = claim(*s, first, organizer(first));
  finish(*s, {ended(page.rows[0]), ended(page.rows[1], outcome::failed)});
  restart();
  // Changed, failed before, still owed.
  const auto changed = plan(*s, header("changed"), {row(2, 1, "cs101-a"), respelt(3, "CS102", "Cs102"), respelt(4, "CS103", "cs103")});
  BOOST_TEST(changed.summary.changed_keys == 1u);
  BOOST_TEST(changed.summary.retried_keys == 2u);
  const auto opened = must(s->resume(changed.id)).organizers.at(0).id;
  BOOST_TEST(spelt(claim(*s, changed.id, opened)) == (words{"CS101-A", "CS102"}), boost::test_tools::per_element());
  const auto stale = claim(*s, changed.id, opened, 100, true);
  BOOST_TEST(spelt(stale) == (words{"CS103"}), boost::test_tools::per_element());
  BOOST_TEST((decode_spec(stale.rows[0].payload).value().subject == wanted(1, "CS103").subject));
  restart();
  carry_out(*s, changed.id);
  // The spelling is handed on, whatever is wanted.
  const auto third = plan(*s, header("third"), {row(2, 1, "Cs101-a", 2)});
  const auto last = must(s->resume(third.id)).organizers.at(0).id;
  BOOST_TEST(spelt(claim(*s, third.id, last)) == (words{"CS101-A"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(looking_at_files_pushes_no_run_out) {
  const auto nothing = [](const result_row&) -> result<void> { return {}; };
  const auto early = plan(*s, header("early", "early.csv"), {row(2, 1, "e")}, false).id;
  const auto first = plan(*s, header("first", "first.csv"), {row(2, 2, "f")}).id;
  carry_out(*s, first);
  run_id look = 0;
  for (int i = 0; i < 5; ++i) {
    look = plan(*s, header("look" + std::to_string(i), "look.csv"), {row(2, 3, "l")}, false).id;
    must(s->discard(look));
  }
  must(s->prune(2));
  BOOST_TEST(r->for_each_result(first, nothing).has_value());
  BOOST_TEST(must(r->find("first")).has_value());
  BOOST_TEST(r->for_each_result(look, nothing).has_value());
  BOOST_TEST(r->for_each_result(look - 1, nothing).has_value());
  BOOST_TEST(!r->for_each_result(look - 2, nothing).has_value());
  // What was planned first and opened last is the last run.
  BOOST_TEST(must(r->last_run())->id == first);
  auto opening = must(s->begin_open(early));
  must(opening->classify());
  must(opening->commit(true));
  opening.reset();
  carry_out(*s, early);
  BOOST_TEST(must(r->last_run())->id == early);
  must(s->prune(1));
  BOOST_TEST(r->for_each_result(early, nothing).has_value());
  BOOST_TEST(!r->for_each_result(first, nothing).has_value());
}

BOOST_AUTO_TEST_CASE(pruning_forgets_records_and_keeps_the_inventory) {
  std::vector<run_id> ids;
  for (unsigned night = 0; night < 4; ++night) {
    const auto run = plan(*s, header("night" + std::to_string(night)), {row(2, 1, "a"), row(3, 1, "b", night), row(4, 1, "a")}).id;
    carry_out(*s, run);
    ids.push_back(run);
  }
  const auto open = plan(*s, header("open", "other.csv"), {row(2, 5, "x")}).id;
  must(s->prune(2));
  must(s->prune(2));
  const auto nothing = [](const result_row&) -> result<void> { return {}; };
  BOOST_TEST(!r->for_each_result(ids[0], nothing).has_value());
  BOOST_TEST(!r->for_each_result(ids[1], nothing).has_value());
  BOOST_TEST(r->for_each_result(ids[2], nothing).has_value());
  BOOST_TEST(!must(r->find("night0")).has_value());
  BOOST_TEST(must(r->find("night3")).has_value());
  BOOST_TEST(must(r->run(ids[0]))->counts.created == 3u);
  BOOST_TEST(results(*r, open).size() == 1u);
  std::vector<std::string> keys;
  must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
    keys.push_back(std::string(got.external_id) + " " + std::string(got.state));
    BOOST_TEST(!got.payload.empty());
    return {};
  }));
  BOOST_TEST(keys == (words{"a satisfied", "b satisfied", "x wanted"}), boost::test_tools::per_element());
  must(s->prune(0));
  BOOST_TEST(plan(*s, header("later"), {row(2, 1, "a")}).summary.vanished == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

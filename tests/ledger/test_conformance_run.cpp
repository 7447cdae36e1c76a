// What every store promises about runs under way.

#include <atomic>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

using words = std::vector<std::string>;

closed_rows close_all(store& s, const opened_run& run, organizer_id organizer) {
  finished_row like;
  like.error_code = "Forbidden";
  like.http_status = 403;
  const auto done = std::make_shared<std::promise<result<closed_rows>>>();
  s.close_organizer({.run = run.info.id, .lane = 0, .lease = run.lease, .organizer = organizer, .like = like},
                    [done](result<closed_rows> n) { done->set_value(std::move(n)); });
  return must(done->get_future().get());
}

std::uint32_t close(store& s, const opened_run& run, organizer_id organizer) {
  return close_all(s, run, organizer).calls;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(runs_under_way, at_work)

BOOST_AUTO_TEST_CASE(outcomes_are_kept_as_given) {
  const auto run = three_rows();
  const auto page = claim_first(*s, run);
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
  const auto page = claim_first(*s, run);
  finish(*s, {ended(page.rows[0])});
  const auto again =
      write(*s, {.finished = {ended(page.rows[0], outcome::failed)}, .advanced = {}, .released = {released(page.rows[0], true)}});
  BOOST_TEST(again.calls.empty());
  BOOST_TEST(again.lost.size() == 2u);
  BOOST_TEST(again.ended == 0u);
  BOOST_TEST(results(*r, run)[0] == "2 created");
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(a_released_row_shows_why_its_last_call_failed) {
  const auto shown = [this](run_id run) {
    words out;
    must(r->for_each_result(run, [&](const result_row& got) -> result<void> {
      out.push_back(std::to_string(got.line) + " " + (got.result ? "ended" : "deferred") + " " + std::to_string(got.attempts) + " " +
                    std::to_string(got.http_status) + " " + std::string(got.error_code) + " " + std::string(got.error_message) + " " +
                    std::string(got.request_id) + " " + std::string(got.client_request_id));
      BOOST_TEST(got.finished_at.has_value() == got.result.has_value());
      return {};
    }));
    return out;
  };
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "a"), row(5, 1, "c")}).id;
  const auto page = claim_first(*s, run, 3);
  BOOST_REQUIRE(page.rows.size() == 3u);
  auto never_called = released(page.rows[2]);
  never_called.attempts = 0;
  finish(*s, {}, {released(page.rows[0], true), released(page.rows[1]), never_called});
  const std::string why = " deferred 5 503 ServiceUnavailable later r c";
  BOOST_TEST(shown(run) == (words{"2" + why, "3" + why, "4" + why, "5 deferred 0 0    "}), boost::test_tools::per_element());
  restart();
  // Its outcome takes the place of that; a later failure too. While the row is claimed nothing is known.
  const auto again = claim_first(*s, run);
  for (const auto& text : shown(run)) BOOST_TEST(text.ends_with(" deferred 0 0    "), text);
  auto worse = released(again.rows[1]);
  worse.attempts = 2;
  worse.http_status = 0;
  worse.error_code.clear();
  worse.error_message = "no answer";
  finish(*s, {ended(again.rows[0])}, {worse});
  const auto after = shown(run);
  BOOST_TEST(after[0].starts_with("2 ended"));
  BOOST_TEST(after[2].starts_with("4 ended"));
  BOOST_TEST(!after[0].contains("later"));
  BOOST_TEST(after[1] == "3 deferred 2 0  no answer r c");
  must(s->discard(run));
  BOOST_TEST(shown(run)[1] == after[1]);
  must(s->prune(0));
}

BOOST_AUTO_TEST_CASE(the_third_strike_in_a_row_fails_the_row) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "a")}).id;
  for (int strike = 0; strike < 3; ++strike) {
    BOOST_TEST((must(r->run(run))->counts.failed) == 0u);
    const auto page = claim_first(*s, run);
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

BOOST_AUTO_TEST_CASE(rows_that_share_a_key_are_all_counted_when_their_call_ends) {
  // Two organizers with one key of fifty rows each, and a third whose key has one row.
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 102; ++line) rows.push_back(row(line, line % 2 + 1, "a"));
  rows.push_back(row(102, 3, "b"));
  const auto run = plan(*s, header(), std::move(rows)).id;
  const auto opened = must(s->resume(run));
  BOOST_REQUIRE(opened.organizers.size() == 3u);
  const auto first = claim(*s, opened, opened.organizers[0].id), third = claim(*s, opened, opened.organizers[2].id);
  BOOST_TEST(finish(*s, {ended(first.rows.at(0)), ended(third.rows.at(0))}) == 51u);
  BOOST_TEST(write(*s, {.finished = {ended(third.rows.at(0))}, .advanced = {}, .released = {}}).ended == 0u);  // it had ended before
  const auto closed = close_all(*s, opened, opened.organizers[1].id);
  BOOST_TEST(closed.calls == 1u);
  BOOST_TEST(closed.rows == 50u);
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(rows_that_share_a_key_are_all_counted_at_the_third_strike) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "a"), row(4, 1, "a"), row(5, 1, "b")}).id;
  for (const auto ended : {0U, 0U, 3U}) BOOST_TEST(finish(*s, {}, {released(claim_first(*s, run).rows.at(0), true)}) == ended);
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(strikes_and_claims_pass_to_the_run_that_takes_over) {
  const auto first = three_rows();
  const auto page = claim_first(*s, first, 2);
  finish(*s, {}, {released(page.rows[0], true)});
  restart();
  const auto second = plan(*s, header("two"), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c", 1)}).id;
  const auto opened = must(s->resume(second));
  BOOST_TEST(opened.unclean);  // "b" may still be in flight
  BOOST_TEST(opened.organizers[0].fresh == 2u);
  BOOST_TEST(opened.organizers[0].stale == 1u);
  const auto fresh = claim(*s, opened, opened.organizers[0].id);
  BOOST_TEST(fresh.rows[0].strikes == 1);
  BOOST_TEST(fresh.rows[1].strikes == 0);
  const auto stale = claim(*s, opened, opened.organizers[0].id, 10, true);
  BOOST_TEST(stale.rows[0].token != page.rows[1].token);
}

BOOST_AUTO_TEST_CASE(an_outcome_resets_the_strikes) {
  const auto first = plan(*s, header(), {row(2, 1, "a")}).id;
  for (int strike = 0; strike < 2; ++strike) finish(*s, {}, {released(claim_first(*s, first).rows.at(0), true)});
  finish(*s, {ended(claim_first(*s, first).rows.at(0), outcome::failed)});
  const auto second = plan(*s, header("two"), {row(2, 1, "a")}).id;
  BOOST_TEST(claim_first(*s, second).rows.at(0).strikes == 0);
}

BOOST_AUTO_TEST_CASE(closing_an_organizer_fails_all_that_it_owes) {
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 2502; ++line) rows.push_back(row(line, 1, "e" + std::to_string(line)));
  rows.push_back(row(2600, 1, "e2"));
  rows.push_back(row(2601, 2, "other"));
  const auto run = plan(*s, header(), std::move(rows)).id;
  const auto opened = resume(run);
  const auto id = opened.organizers.at(0).id;
  const auto page = claim(*s, opened, id, 10);
  finish(*s, {ended(page.rows[5])});
  BOOST_TEST(close(*s, opened, id) == 2499u);
  BOOST_TEST(write(*s, {.finished = {ended(page.rows[0])}, .advanced = {}, .released = {}}).lost.size() == 1u);
  const auto info = must(r->run(run)).value();
  BOOST_TEST(info.counts.failed == 2500u);
  BOOST_TEST(info.counts.created == 1u);
  BOOST_TEST(info.counts.owed == 1u);
  BOOST_TEST(close(*s, opened, id) == 0u);
  const auto status = must(r->status(run));
  BOOST_REQUIRE(status.errors.size() == 1u);
  BOOST_TEST(status.errors[0].what == "Forbidden");
  BOOST_TEST(status.errors[0].count == 2500u);
  BOOST_REQUIRE(status.organizers.size() == 2u);
  BOOST_TEST(status.organizers[0].counts.failed == 2500u);
  BOOST_TEST(status.organizers[1].counts.owed == 1u);
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(cooldowns_that_have_not_ended_survive_a_restart) {
  const auto run = three_rows();
  const auto id = resume(run).organizers.at(0).id;
  const auto now = std::chrono::time_point_cast<ticks>(std::chrono::system_clock::now());
  const auto hour = std::chrono::hours(1);
  s->save_cooldown(run, 0, std::nullopt, now + 2 * hour);
  s->save_cooldown(run, 0, std::nullopt, now + hour);  // the latest end wins
  s->save_cooldown(run, 0, id, now + hour);
  s->save_cooldown(run, 0, id + 1, now - hour);
  restart();
  const auto cooldowns = must(s->resume(run)).cooldowns;
  BOOST_REQUIRE(cooldowns.size() == 2u);
  BOOST_TEST(!cooldowns[0].organizer.has_value());
  BOOST_TEST(about(cooldowns[0].until, now + 2 * hour));
  BOOST_TEST((cooldowns[1].organizer == id));
  BOOST_TEST(about(cooldowns[1].until, now + hour));
}

BOOST_AUTO_TEST_CASE(many_calls_at_once_are_all_answered) {
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 1002; ++line) rows.push_back(row(line, line % 5, "e" + std::to_string(line)));
  const auto run = plan(*s, header(), std::move(rows)).id;
  const auto opened = must(s->resume(run));
  std::atomic<unsigned> done = 0;
  const auto all = std::make_shared<std::promise<void>>();
  for (const auto& o : opened.organizers) {
    for (int i = 0; i < 20; ++i) {
      s->claim({.run = run, .lane = 0, .lease = opened.lease, .pages = {{o.id, 10}}}, [&, all](result<claim_answer> answer) {
        // On the ledger's thread: the call is queued.
        for (const auto& claimed : answer->pages.at(0).rows) {
          s->write({.finished = {ended(claimed)}, .advanced = {}, .released = {}}, [&, all](result<committed_rows> ids) {
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
  const auto page = claim_first(*s, run);
  bool committed = false;
  s->write({.finished = {ended(page.rows[0])}, .advanced = {}, .released = {}},
           [&](result<committed_rows> ids) { committed = ids.has_value(); });
  restart();
  BOOST_TEST(committed);
  BOOST_TEST(must(r->run(run))->counts.created == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

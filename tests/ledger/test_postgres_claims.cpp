// What several workers claim and write of one PostgreSQL ledger at the same time.

#include <algorithm>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "ledger/postgres_worker.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

using list = std::vector<std::uint32_t>;

list numbers(const claimed_page& page) {
  list out;
  for (const auto& row : page.rows) out.push_back(number_of(row.row));
  return out;
}

// Of the first rows, in random order: most are finished, and some released.
row_writes some_writes(std::vector<claimed_row>& held, std::mt19937& random) {
  row_writes out;
  std::ranges::shuffle(held, random);
  for (std::size_t i = 0; i < held.size() && i < 30; ++i) {
    if (random() % 4 == 0) {
      out.released.push_back(freed(held[i], random() % 2 == 0));
    } else {
      out.finished.push_back(finished(held[i]));
    }
  }
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_claims, database)

BOOST_AUTO_TEST_CASE(rows_are_claimed_once_and_in_order) {
  const auto run = add_run(10, [](unsigned n) { return n % 2 + 1; });
  worker one(*this), two(*this);
  const auto opened = one.join(run);
  two.join();
  BOOST_REQUIRE(opened.organizers.size() == 2u);
  const auto a = opened.organizers[0].id, b = opened.organizers[1].id;
  const auto first = one.claim(a, 2);
  BOOST_TEST(numbers(first) == (list{2, 4}), boost::test_tools::per_element());
  BOOST_TEST(!first.exhausted);
  BOOST_TEST(first.rows[0].payload == "payload");
  const auto second = two.claim(a, 2);
  BOOST_TEST(numbers(second) == (list{6, 8}), boost::test_tools::per_element());
  BOOST_TEST(!second.exhausted);
  const auto rest = one.try_claim({{a, 5}, {b, 5}, {77, 3}});
  BOOST_REQUIRE(rest.has_value());
  BOOST_TEST(numbers(rest->pages.at(0)) == (list{10}), boost::test_tools::per_element());
  BOOST_TEST(numbers(rest->pages.at(1)) == (list{1, 3, 5, 7, 9}), boost::test_tools::per_element());
  for (const auto& page : rest->pages) BOOST_TEST(page.exhausted);
  BOOST_TEST(two.claim(b, 5).rows.empty());
  BOOST_TEST(one.write({.finished = all_finished(first), .advanced = {}, .released = {}}).calls.size() == 2u);
  BOOST_TEST(number("SELECT count(*) FROM convoke.outcome") == 2);
  BOOST_TEST(number("SELECT sum(n)::bigint FROM convoke.tally") == 2);
}

BOOST_AUTO_TEST_CASE(many_workers_end_each_row_once) {
  constexpr unsigned rows = 3000, workers = 6;
  const auto run = add_run(rows, [](unsigned n) { return n % 7; });
  std::mutex mutex;
  std::multiset<row_id> ended;
  std::uint64_t lost = 0;
  std::vector<std::unique_ptr<worker>> all;
  for (unsigned i = 0; i < workers; ++i) all.push_back(std::make_unique<worker>(*this));
  const auto organizers = all[0]->join().organizers;
  for (unsigned i = 1; i < workers; ++i) all[i]->join();
  const auto carry_out = [&](worker& w, unsigned seed) {
    std::mt19937 random(seed);
    for (int surveys = 0; surveys < 5; ++surveys) {
      for (auto left = organizers; !left.empty();) {
        const auto at = random() % left.size();
        const auto page = w.claim(left[at].id, 1 + random() % 40);
        if (page.exhausted) left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
        const auto done = w.write({.finished = all_finished(page), .advanced = {}, .released = {}});
        const std::scoped_lock lock(mutex);
        ended.insert(done.calls.begin(), done.calls.end());
        lost += done.lost.size();
      }
      if (must(w.survey()).organizers.empty()) break;
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < workers; ++i) threads.emplace_back([&, i] { carry_out(*all[i], i + 1); });
  threads.clear();
  BOOST_TEST(ended.size() == rows);
  BOOST_TEST(std::set<row_id>(ended.begin(), ended.end()).size() == rows);
  BOOST_TEST(lost == 0u);
  BOOST_TEST(number("SELECT count(*) FROM convoke.outcome") == rows);
  BOOST_TEST(number("SELECT sum(n)::bigint FROM convoke.tally WHERE outcome = 1") == rows);
  BOOST_TEST((must(must(all[0]->writer.finish_run(all[0]->db, all_runs))) == run_state::finished));
  BOOST_TEST((must(must(all[1]->writer.finish_run(all[1]->db, run))) == run_state::finished));
}

// Else the groups of all workers would keep the connections of a pool while they wait, and no lease could be renewed.
BOOST_AUTO_TEST_CASE(a_group_that_waits_for_a_plan_gives_its_connection_back) {
  add_run(2);
  worker one(*this);
  const auto organizer = one.join().organizers.at(0).id;
  auto plan = connect();
  must(plan.begin());
  must(plan.run("SELECT pg_advisory_xact_lock($1::int, $2::int)",
                postgres::params().with(postgres::lock_class).with(postgres::lock_writes)));
  postgres::group all;
  all.claims.push_back({.wanted = {.run = one.run, .lane = 0, .lease = one.lease, .pages = {{.organizer = organizer, .count = 2}}}});
  const auto began = std::chrono::steady_clock::now();
  const auto waiting = one.writer.commit(one.db, all);
  BOOST_REQUIRE(!waiting.has_value());
  BOOST_TEST((waiting.error().kind == postgres::fault::again));
  BOOST_TEST(waiting.error().state == "55P03");
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(20)));
  BOOST_TEST(one.db.usable());
  BOOST_TEST(!one.db.in_transaction());
  plan.roll_back();
  must(one.writer.commit(one.db, all));
  BOOST_REQUIRE(all.claims[0].answer.has_value());
  BOOST_TEST(all.claims[0].answer->rows() == 2u);
}

BOOST_AUTO_TEST_CASE(the_runs_of_a_session_come_in_the_order_in_which_they_were_opened) {
  const auto first = add_run(3), second = add_run(4), other_lane = add_run(2, [](unsigned) { return 1; }, 2);
  worker one(*this);
  const auto opened = one.join();
  BOOST_REQUIRE(opened.organizers.size() == 1u);
  BOOST_TEST(opened.organizers[0].fresh == 7u);
  BOOST_TEST(opened.info.rows == 9u);
  const auto page = one.claim(opened.organizers[0].id, 5);
  BOOST_REQUIRE(page.rows.size() == 5u);
  BOOST_TEST(!page.exhausted);
  for (std::size_t i = 0; i < 5; ++i) BOOST_TEST(run_of(page.rows[i].row) == (i < 3 ? first : second));
  const auto rest = one.claim(opened.organizers[0].id, 2);
  BOOST_TEST(rest.rows.size() == 2u);
  BOOST_TEST(rest.exhausted);
  // One that is opened later is found by a survey.
  const auto later = add_run(2);
  BOOST_TEST(one.claim(opened.organizers[0].id, 2).rows.empty());
  const auto found = must(one.survey());
  BOOST_REQUIRE(found.organizers.size() == 1u);
  BOOST_TEST(found.organizers[0].fresh == 2u);
  BOOST_TEST(found.held_elsewhere == 0u);
  const auto more = one.claim(opened.organizers[0].id, 5);
  BOOST_REQUIRE(more.rows.size() == 2u);
  BOOST_TEST(run_of(more.rows[0].row) == later);
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed WHERE token = 0 AND run = " + std::to_string(other_lane)) == 2);
}

BOOST_AUTO_TEST_CASE(a_row_that_is_released_in_the_same_commit_is_not_claimed_again) {
  add_run(4);
  worker one(*this), two(*this);
  const auto organizer = one.join().organizers.at(0).id;
  two.join();
  const auto first = two.claim(organizer, 1);
  const auto page = one.claim(organizer, 2);
  BOOST_TEST(numbers(page) == (list{2, 3}), boost::test_tools::per_element());
  // The claims of this session begin again at a row before the one that it is going to release.
  two.write({.finished = {}, .advanced = {}, .released = {freed(first.rows[0])}});
  BOOST_TEST(must(one.survey()).organizers.at(0).fresh == 2u);
  postgres::group both;
  both.writes.push_back({.rows = {.finished = {}, .advanced = {}, .released = {freed(page.rows[0])}}});
  both.claims.push_back({.wanted = {.run = one.run, .lane = 0, .lease = one.lease, .stale = false, .pages = {{organizer, 5}}}});
  must(one.writer.commit(one.db, both));
  BOOST_TEST(both.writes[0].answer.calls.size() == 1u);
  BOOST_REQUIRE(both.claims[0].answer.has_value());
  BOOST_TEST(numbers(both.claims[0].answer->pages.at(0)) == (list{1, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(released_rows_are_given_to_the_same_session_again_where_it_wants_that) {
  add_run(3);
  worker one(*this), two(*this);
  const auto organizer = one.join(all_runs, {1}, std::chrono::nanoseconds(0)).organizers.at(0).id;
  two.join(all_runs, {1}, std::chrono::hours(1));
  const auto release = [&](worker& w) {
    const auto page = w.claim(organizer, 3);
    BOOST_REQUIRE(page.rows.size() == 3u);
    BOOST_TEST(w.write({.finished = {}, .advanced = {}, .released = {freed(page.rows[0]), freed(page.rows[1]), freed(page.rows[2])}})
                   .calls.size() == 3u);
    BOOST_TEST(w.claim(organizer, 3).rows.empty());
    return must(w.survey());
  };
  const auto found = release(one);
  BOOST_TEST(found.released == 0u);
  BOOST_REQUIRE(found.organizers.size() == 1u);
  BOOST_TEST(found.organizers[0].fresh == 3u);
  BOOST_TEST(one.claim(organizer, 1).rows.size() == 1u);
  expire(one.lease);
  must(two.survey());
  BOOST_TEST(two.claim(organizer, 1, true).rows.size() == 1u);
  const auto page = two.claim(organizer, 2);
  BOOST_REQUIRE(page.rows.size() == 2u);
  BOOST_TEST(two.write({.finished = {}, .advanced = {}, .released = {freed(page.rows[0]), freed(page.rows[1])}}).calls.size() == 2u);
  const auto later = must(two.survey());
  BOOST_TEST(later.released == 2u);
  BOOST_TEST(later.organizers.empty());
}

BOOST_AUTO_TEST_CASE(released_rows_are_for_other_sessions) {
  add_run(3);
  worker one(*this), two(*this);
  const auto organizer = one.join().organizers.at(0).id;
  two.join();
  const auto page = one.claim(organizer, 3);
  BOOST_TEST(one.write({.finished = {}, .advanced = {}, .released = {freed(page.rows[0]), freed(page.rows[1], true)}}).calls.size() == 2u);
  auto found = must(one.survey());
  BOOST_TEST(found.organizers.empty());
  BOOST_TEST(found.released == 2u);
  BOOST_TEST(one.claim(organizer, 3).rows.empty());
  found = must(two.survey());
  BOOST_REQUIRE(found.organizers.size() == 1u);
  BOOST_TEST(found.organizers[0].fresh == 1u);
  BOOST_TEST(found.released == 1u);
  BOOST_TEST(found.held_elsewhere == 1u);
  const auto again = two.claim(organizer, 3);
  BOOST_REQUIRE(again.rows.size() == 1u);
  BOOST_TEST(again.rows[0].row == page.rows[0].row);
  BOOST_TEST(again.rows[0].strikes == 0);
}

// Else idle workers would use up the three runs of a row in less than a minute.
BOOST_AUTO_TEST_CASE(a_row_that_used_up_its_attempts_is_left_to_later_sessions) {
  const auto run = add_run(1);
  worker one(*this), two(*this), patient(*this), eager(*this);
  const auto organizer = one.join().organizers.at(0).id;
  two.join(run);
  patient.join(all_runs, {1}, std::chrono::hours(1));
  eager.join(all_runs, {1}, std::chrono::nanoseconds(0));
  for (int strike = 1; strike <= 2; ++strike) {
    worker later(*this);
    BOOST_TEST(later.join().organizers.size() == 1u);
    const auto page = later.claim(organizer, 1);
    BOOST_REQUIRE(page.rows.size() == 1u);
    BOOST_TEST(page.rows[0].strikes == strike - 1);
    BOOST_TEST(later.write({.finished = {}, .advanced = {}, .released = {freed(page.rows[0], true)}}).calls.size() == 1u);
    for (auto* const w : {&one, &two, &patient}) {
      const auto found = must(w->survey());
      BOOST_TEST(found.organizers.empty());
      BOOST_TEST(found.released == 1u);
      BOOST_TEST(w->claim(organizer, 1).rows.empty());
    }
  }
  BOOST_TEST(must(eager.survey()).organizers.size() == 1u);
  BOOST_TEST(eager.claim(organizer, 1).rows.size() == 1u);
}

BOOST_AUTO_TEST_CASE(closing_an_organizer_leaves_the_rows_of_other_live_sessions) {
  add_run(10);
  worker one(*this), two(*this), dead(*this);
  const auto organizer = one.join().organizers.at(0).id;
  two.join();
  dead.join();
  one.claim(organizer, 2);
  const auto theirs = two.claim(organizer, 3);
  dead.claim(organizer, 1);
  expire(dead.lease);
  postgres::group all;
  all.closes.push_back({.wanted = {.run = all_runs, .lane = 0, .lease = one.lease, .organizer = organizer, .like = {}}});
  must(one.writer.commit(one.db, all));
  const auto closed = must(all.closes[0].answer);
  BOOST_TEST(closed.calls == 7u);
  BOOST_TEST(closed.rows == 7u);
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed") == 3);
  BOOST_TEST(number("SELECT sum(n)::bigint FROM convoke.tally WHERE outcome = 6") == 7);
  BOOST_TEST(two.write({.finished = all_finished(theirs), .advanced = {}, .released = {}}).calls.size() == 3u);
}

// Workers whose leases end at random take each other's rows, write late, release and close: no transaction may wait for another one that
// waits for it, and each row has one outcome.
BOOST_AUTO_TEST_CASE(workers_that_take_each_others_rows_never_deadlock) {
  constexpr unsigned rows = 400, workers = 5;
  add_run(rows, [](unsigned n) { return n % 3; });
  std::atomic<unsigned> again = 0;
  const auto carry_out = [&](unsigned seed) {
    std::mt19937 random(seed);
    worker w(*this);
    std::vector<organizer_id> organizers;
    std::vector<claimed_row> held;
    for (int step = 0; step < 60; ++step) {
      if (w.lease == 0 || random() % 8 == 0) {
        organizers.clear();
        for (const auto& o : w.join().organizers) organizers.push_back(o.id);
        if (organizers.empty()) break;
      }
      postgres::group all;
      all.writes.push_back({.rows = some_writes(held, random)});
      for (const bool stale : {false, true}) {
        auto& claiming = all.claims.emplace_back();
        claiming.wanted = {.run = all_runs, .lane = 0, .lease = w.lease, .stale = stale, .pages = {}};
        for (const auto o : organizers)
          claiming.wanted.pages.push_back({.organizer = o, .count = static_cast<std::uint32_t>(1 + random() % 12)});
      }
      if (random() % 20 == 0) {
        all.closes.push_back(
            {.wanted = {.run = all_runs, .lane = 0, .lease = w.lease, .organizer = organizers[random() % organizers.size()], .like = {}}});
      }
      all.cooldowns.push_back({.run = all_runs, .lane = 0, .organizer = {}, .until = os::wall_now() + std::chrono::hours(1)});
      const auto done = w.writer.commit(w.db, all);
      if (!done) {
        ++again;
        BOOST_TEST_MESSAGE(done.error().state << " " << done.error().message);
        continue;
      }
      held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(held.size(), 30)));
      for (const auto& claim : all.claims) {
        if (!claim.answer) continue;
        for (const auto& page : claim.answer->pages) held.insert(held.end(), page.rows.begin(), page.rows.end());
      }
      // Its rows can be taken, while it still writes them.
      if (random() % 3 == 0)
        must(w.renewals.run("UPDATE convoke.session SET expires_at = clock_timestamp() WHERE id = $1", postgres::params().with(w.lease)));
      if (random() % 3 == 0) std::ignore = w.survey();
      must(postgres::renew(w.renewals, w.list, {.lease = w.lease, .extend = false, .lanes = {lane_report{}}}));
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < workers; ++i) threads.emplace_back([&, i] { carry_out(i + 1); });
  threads.clear();
  BOOST_TEST(again == 0u);
  BOOST_TEST(number("SELECT count(*) FROM convoke.outcome") + number("SELECT count(*) FROM convoke.owed") == rows);
  BOOST_TEST(number("SELECT sum(n)::bigint FROM convoke.tally") == number("SELECT count(*) FROM convoke.outcome"));
  BOOST_TEST(number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0);
}

// While another client holds a snapshot, nothing that was deleted can be removed. Claims continue where the last one ended, so they meet
// each row once.
BOOST_AUTO_TEST_CASE(claims_do_not_walk_over_deleted_rows_again) {
  constexpr unsigned rows = 4000, page_size = 50;
  add_run(rows);
  must(connect().run("VACUUM ANALYZE convoke.owed"));
  auto reader = connect();
  must(reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ"));
  must(reader.run("SELECT count(*) FROM convoke.owed"));
  worker one(*this);
  const auto organizer = one.join().organizers.at(0).id;
  const auto entries_read = [&](postgres::connection& of) {
    must(of.run("SELECT pg_stat_force_next_flush()"));
    return must(connect().run("SELECT pg_stat_clear_snapshot(), idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'owed_pkey'"))
        .integer(0, 1);
  };
  const auto before = entries_read(one.db);
  std::size_t claimed = 0;
  for (;;) {
    const auto page = one.claim(organizer, page_size);
    claimed += page.rows.size();
    one.write({.finished = all_finished(page), .advanced = {}, .released = {}});
    if (page.exhausted) break;
  }
  BOOST_TEST(claimed == rows);
  // Each row is met by its claim, by the update of the claim and by its write, which finds two entries of it where its page had no room
  // for the update; the first row beyond a page is met once more. To walk over the deleted ones again would take 160,000.
  const auto met = entries_read(one.db) - before;
  BOOST_TEST(met >= rows);
  BOOST_TEST(met <= 4 * rows + 2 * rows / page_size);
  must(reader.run("COMMIT"));
}

BOOST_AUTO_TEST_SUITE_END()

// Leases of workers on one PostgreSQL ledger that ended: who gets their rows, and what late writes do.

#include "ledger/postgres_worker.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

BOOST_FIXTURE_TEST_SUITE(postgres_leases, database)

BOOST_AUTO_TEST_CASE(rows_of_an_expired_lease_are_stale_and_its_writes_are_lost) {
  add_run(4);
  worker one(*this), two(*this);
  const auto organizer = one.join().organizers.at(0).id;
  const auto held = one.claim(organizer, 3);
  const auto opened = two.join();
  BOOST_TEST(opened.organizers.at(0).fresh == 1u);
  BOOST_TEST(opened.organizers.at(0).stale == 0u);
  auto found = must(two.survey());
  BOOST_TEST(found.held_elsewhere == 3u);
  expire(one.lease);
  // Not before a survey counted them.
  BOOST_TEST(two.claim(organizer, 5, true).rows.empty());
  found = must(two.survey());
  BOOST_REQUIRE(found.organizers.size() == 1u);
  BOOST_TEST(found.organizers[0].stale == 3u);
  BOOST_TEST(found.held_elsewhere == 0u);
  const auto taken = two.claim(organizer, 2, true);
  BOOST_REQUIRE(taken.rows.size() == 2u);
  BOOST_TEST(!taken.exhausted);
  // What no session took still counts; what was taken is lost.
  const auto late = one.write(
      {.finished = {finished(held.rows[0], outcome::failed), finished(held.rows[2])}, .advanced = {}, .released = {freed(held.rows[1])}});
  BOOST_TEST(late.calls == (std::vector<row_id>{held.rows[2].row}), boost::test_tools::per_element());
  BOOST_TEST(late.lost == (std::vector<row_id>{held.rows[0].row, held.rows[1].row}), boost::test_tools::per_element());
  BOOST_TEST(two.write({.finished = all_finished(taken), .advanced = {}, .released = {}}).calls.size() == 2u);
  BOOST_TEST(number("SELECT count(*) FROM convoke.outcome WHERE outcome = 1") == 3);
  // The session is over for good.
  const auto refused = one.try_claim({{organizer, 1}});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::busy));
  BOOST_TEST((one.renew({}, true).error().code == errc::busy));
  BOOST_TEST((one.survey().error().code == errc::busy));
}

BOOST_AUTO_TEST_CASE(a_session_that_was_found_to_be_over_cannot_be_renewed) {
  add_run(1);
  worker one(*this), two(*this);
  one.join();
  two.join();
  expire(one.lease);
  must(two.survey());
  // As if the renewal had been under way for long: it sees a lease that is not over.
  must(connect().run("UPDATE convoke.session SET expires_at = clock_timestamp() + interval '1 minute'"));
  BOOST_TEST((one.renew({lane_report{}}, true).error().code == errc::busy));
  BOOST_TEST(two.renew({lane_report{}}, true).has_value());
}

BOOST_AUTO_TEST_CASE(leaving_ends_a_session_at_once) {
  add_run(2);
  worker one(*this), two(*this);
  const auto organizer = one.join().organizers.at(0).id;
  one.claim(organizer, 1);
  must(one.sessions.leave(one.db, one.lease));
  const auto opened = two.join();
  BOOST_TEST(opened.unclean);
  BOOST_TEST(opened.organizers.at(0).stale == 1u);
  // It is kept while it holds rows.
  BOOST_TEST(number("SELECT count(*) FROM convoke.session") == 2);
  two.write({.finished = all_finished(two.claim(organizer, 2, true)), .advanced = {}, .released = {}});
  must(two.survey());
  BOOST_TEST(number("SELECT count(*) FROM convoke.session") == 1);
  BOOST_TEST(number("SELECT count(*) FROM convoke.session_lane") == 1);
}

BOOST_AUTO_TEST_CASE(a_lost_write_of_a_superseded_row_frees_the_row_that_took_over) {
  const auto old = add_run(2), later = add_run(2);
  worker one(*this);
  const auto organizer = one.join(old).organizers.at(0).id;
  const auto page = one.claim(organizer, 2);
  // As a plan does: the later run wants the key of the first row, whose call may be under way.
  auto c = connect();
  const auto first = std::to_string(old), second = std::to_string(later);
  must(c.run(("DELETE FROM convoke.owed WHERE run = " + first + " AND number = 1").c_str()));
  must(c.run(("INSERT INTO convoke.outcome(id, outcome) VALUES(" + first + "::bigint << 32 | 2147483649, 8)").c_str()));
  must(c.run("UPDATE convoke.owed SET key = $1, token = $2, session = $3 WHERE run = $4 AND number = 2",
             postgres::params().with(page.rows[0].key).with(page.rows[0].token).with(one.lease).with(later)));
  const auto held = "SELECT count(*) FROM convoke.owed WHERE token <> 0 AND run = " + second;
  BOOST_TEST(number(held) == 1);
  const auto done = one.write({.finished = all_finished(page), .advanced = {}, .released = {}});
  BOOST_TEST(done.lost == (std::vector<row_id>{page.rows[0].row}), boost::test_tools::per_element());
  BOOST_TEST(number(held) == 0);
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed WHERE session <> 0") == 0);
}

// Else it would be held by a session that is live, but does not know of it, and all workers would wait for each other.
BOOST_AUTO_TEST_CASE(a_lost_write_frees_the_row_that_took_over_from_a_discarded_run) {
  const auto old = add_run(1), later = add_run(1), last = add_run(1);
  worker one(*this);
  const auto page = one.claim(one.join(old).organizers.at(0).id, 1);
  auto c = connect();
  // As discarding and planning do: nothing is recorded of a row of a discarded run that is taken over. Its call is still under way.
  must(c.run("UPDATE convoke.run SET state = 4 WHERE id = $1", postgres::params().with(old)));
  must(c.run("DELETE FROM convoke.owed WHERE run = $1", postgres::params().with(old)));
  for (const auto run : {later, last}) {
    must(c.run("UPDATE convoke.owed SET key = $1, token = $2, session = $3 WHERE run = $4",
               postgres::params().with(page.rows[0].key).with(page.rows[0].token).with(one.lease).with(run)));
  }
  must(c.run("UPDATE convoke.run SET state = 4 WHERE id = $1", postgres::params().with(later)));
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed WHERE token <> 0") == 2);
  const auto done = one.write({.finished = all_finished(page), .advanced = {}, .released = {}});
  BOOST_TEST(done.lost.size() == 1u);
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed WHERE token <> 0 OR session <> 0") == 0);
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed WHERE token = 0") == 2);
}

BOOST_AUTO_TEST_CASE(rows_of_a_run_that_was_discarded_meanwhile_are_not_claimed) {
  const auto old = add_run(4), other = add_run(2);
  worker dead(*this), one(*this), apply(*this);
  const auto held = dead.claim(dead.join(old).organizers.at(0).id, 2);
  BOOST_TEST(held.rows.size() == 2u);
  expire(dead.lease);
  const auto organizer = one.join().organizers.at(0).id;
  apply.join(old);
  // As discarding does: claimed rows stay, since their requests may be under way.
  auto c = connect();
  must(c.run("DELETE FROM convoke.owed WHERE run = $1 AND token = 0", postgres::params().with(old)));
  must(c.run("UPDATE convoke.run SET state = 4 WHERE id = $1", postgres::params().with(old)));
  for (auto* const w : {&one, &apply}) BOOST_TEST(w->claim(organizer, 10, true).rows.empty());
  const auto fresh = one.claim(organizer, 10);
  BOOST_REQUIRE(fresh.rows.size() == 2u);
  BOOST_TEST(run_of(fresh.rows[0].row) == other);
  BOOST_TEST(must(apply.survey()).organizers.empty());
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed WHERE run = " + std::to_string(old)) == 2);
}

BOOST_AUTO_TEST_SUITE_END()

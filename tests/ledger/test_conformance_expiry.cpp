// What every store promises about the expiry of meetings: it is kept with what else was seen of a meeting, planned by, and an update that
// extends a meeting is owed as one.

#include <map>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;
using namespace std::chrono_literals;

namespace {

// The wanted meetings of the fixture last from 1,790,000,000 for an hour.
constexpr utc_time meeting_ends{std::chrono::seconds(1'790'003'600)};
constexpr utc_time now = before_any_meeting;

run_header keeping_alive(const std::string& identity, std::optional<std::chrono::seconds> keep_alive = 240h) {
  auto out = header(identity);
  out.operations.keep_alive = keep_alive;
  return out;
}

struct expiry : at_work {
  // Plans a row for each id, and ends it with a meeting that expires then.
  run_id meetings(const std::map<std::string, std::optional<utc_time>>& expiries, outcome as = outcome::created,
                  const std::string& drift = {}) {
    std::vector<planned_row> rows;
    std::uint32_t line = 1;
    for (const auto& [id, expires] : expiries) rows.push_back(row(++line, 1, id));
    const auto run = plan(*s, header(), std::move(rows)).id;
    std::vector<finished_row> ends;
    auto expires = expiries.begin();
    for (const auto& claimed : claim_first(*s, run).rows) {
      ends.push_back(ended(claimed, as));
      ends.back().drift = drift;
      ends.back().stored->options_url = "https://teams.example/options/" + expires->first;
      ends.back().stored->expires_at = expires->second;
      ++expires;
    }
    finish(*s, std::move(ends));
    BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
    return run;
  }
  bool any_expires(run_id run, utc_time at, std::optional<std::chrono::seconds> keep_alive = std::nullopt) {
    return must(r->any_expires(run, at, keep_alive));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(expiry_of_meetings, expiry)

BOOST_AUTO_TEST_CASE(results_and_inventory_show_expiry_and_options) {
  const auto run = meetings({{"a", now + 1h}, {"b", std::nullopt}});
  const std::optional<utc_time> expected[] = {now + 1h, std::nullopt};
  std::size_t seen = 0;
  must(r->for_each_result(run, [&](const result_row& got) -> result<void> {
    BOOST_TEST((got.expires_at == expected[seen]));
    BOOST_TEST(got.options_url == (seen++ == 0 ? "https://teams.example/options/a" : "https://teams.example/options/b"));
    return {};
  }));
  BOOST_TEST(seen == 2u);
  must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
    BOOST_TEST((got.expires_at == expected[got.external_id == "a" ? 0 : 1]));
    BOOST_TEST(got.options_url == "https://teams.example/options/" + std::string(got.external_id));
    return {};
  }));
}

BOOST_AUTO_TEST_CASE(expired_meetings_are_counted) {
  BOOST_TEST(must(r->inventory_expired(now)) == 0u);
  meetings({{"dead", now}, {"live", now + 1h}, {"unknown", std::nullopt}});
  BOOST_TEST(must(r->inventory_expired(now - 1s)) == 0u);
  BOOST_TEST(must(r->inventory_expired(now)) == 1u);
  BOOST_TEST(must(r->inventory_expired(now + 2h)) == 2u);
  // One that was deleted is not expired as well.
  const auto next = plan(*s, header("two"), {row(2, 1, "dead")}).id;
  auto gone = ended(claim_first(*s, next).rows.at(0), outcome::removed);
  gone.stored.reset();
  finish(*s, {gone});
  BOOST_TEST(must(r->inventory_expired(now)) == 0u);
}

BOOST_AUTO_TEST_CASE(an_expired_meeting_owes_createorget) {
  const auto run = meetings({{"dead", now}, {"live", now + 1h}, {"unknown", std::nullopt}});
  BOOST_TEST(any_expires(run, now));
  BOOST_TEST(!any_expires(run, now - 1s));
  const auto next = plan(*s, header("two"), {row(2, 1, "dead"), row(3, 1, "live"), row(4, 1, "unknown")});
  BOOST_TEST(next.summary.expired_keys == 1u);
  BOOST_TEST(next.summary.calls == 1u);
  BOOST_TEST(next.summary.unchanged == 2u);
  const auto claimed = claim_first(*s, next.id);
  BOOST_REQUIRE(claimed.rows.size() == 1u);
  BOOST_TEST((claimed.rows[0].op == operation::create_or_get));
  BOOST_TEST(!claimed.rows[0].extends);
  auto end = ended(claimed.rows[0]);
  end.stored->expires_at = meeting_ends;
  finish(*s, {end});
  must(s->finish_run(next.id));
  BOOST_TEST(!any_expires(next.id, now));
  BOOST_TEST(plan(*s, header("three"), {row(2, 1, "dead")}).summary.unchanged == 1u);
}

BOOST_AUTO_TEST_CASE(a_meeting_that_expires_soon_owes_an_update_that_only_extends) {
  const auto run = meetings({{"later", now + 241h}, {"soon", now + 240h}});
  BOOST_TEST(any_expires(run, now, 240h));
  BOOST_TEST(!any_expires(run, now, 239h));
  BOOST_TEST(!any_expires(run, now));
  const std::vector<planned_row> rows{row(2, 1, "later"), row(3, 1, "soon"), row(4, 1, "soon")};
  // Stored and opened later: the settings are those of the plan.
  const auto stored = plan(*s, keeping_alive("two"), rows, false);
  BOOST_TEST(stored.summary.extended_keys == 1u);
  auto planning = must(s->begin_open(stored.id));
  const auto summary = must(planning->classify(now));
  BOOST_TEST(summary.extended_keys == 1u);
  BOOST_TEST(summary.unchanged == 1u);
  BOOST_TEST(summary.duplicates == 1u);
  must(planning->commit(true));
  planning.reset();
  BOOST_TEST((must(r->run(stored.id))->header.operations.keep_alive == std::optional<std::chrono::seconds>(240h)));

  const auto claimed = claim_first(*s, stored.id);
  BOOST_REQUIRE(claimed.rows.size() == 1u);
  BOOST_TEST((claimed.rows[0].op == operation::update));
  BOOST_TEST(claimed.rows[0].extends);
  BOOST_TEST(claimed.rows[0].meeting_id != "");
  // Its process ends: the next one finds the same.
  restart();
  const auto again = claim_first(*s, stored.id, 100, true);
  BOOST_REQUIRE(again.rows.size() == 1u);
  BOOST_TEST((again.rows[0].op == operation::update));
  BOOST_TEST(again.rows[0].extends);
  auto end = ended(again.rows[0], outcome::updated);
  end.stored->expires_at = now + 1440h;
  BOOST_TEST(finish(*s, {end}) == 2u);
  must(s->finish_run(stored.id));
  BOOST_TEST(!any_expires(stored.id, now, 240h));
  BOOST_TEST(plan(*s, keeping_alive("three"), rows).summary.calls == 0u);
  check_counts(*r, stored.id);
}

BOOST_AUTO_TEST_CASE(an_update_that_finds_no_meeting_is_followed_by_an_ordinary_createorget) {
  meetings({{"soon", now + 1h}});
  const auto run = plan(*s, keeping_alive("two"), {row(2, 1, "soon")}).id;
  const auto claimed = claim_first(*s, run);
  BOOST_REQUIRE(claimed.rows.size() == 1u);
  auto gone = advanced(claimed.rows[0], operation::create_or_get);
  gone.stored.reset();
  write(*s, {.finished = {}, .advanced = {gone}, .released = {}});
  restart();
  const auto next = claim_first(*s, run, 100, true);
  BOOST_REQUIRE(next.rows.size() == 1u);
  BOOST_TEST((next.rows[0].op == operation::create_or_get));
  BOOST_TEST(!next.rows[0].extends);
}

BOOST_AUTO_TEST_CASE(a_drifted_meeting_is_extended_unless_its_times_differ) {
  const auto run = meetings({{"soon", now + 1h}}, outcome::drifted, "subject;attendees");
  BOOST_TEST(any_expires(run, now, 240h));
  const auto next = plan(*s, keeping_alive("two"), {row(2, 1, "soon")});
  BOOST_TEST(next.summary.extended_keys == 1u);
  const auto claimed = claim_first(*s, next.id);
  BOOST_REQUIRE(claimed.rows.size() == 1u);
  BOOST_TEST(claimed.rows[0].extends);
  BOOST_TEST(claimed.rows[0].drift == "subject;attendees");
  auto moved = ended(claimed.rows[0], outcome::drifted);
  moved.drift = "subject;end";
  moved.stored->expires_at = now + 1h;
  finish(*s, {moved});
  must(s->finish_run(next.id));
  BOOST_TEST(!any_expires(next.id, now, 240h));
  const auto last = plan(*s, keeping_alive("three"), {row(2, 1, "soon")});
  BOOST_TEST(last.summary.calls == 0u);
  BOOST_TEST(last.summary.drifted == 1u);
  BOOST_TEST(last.summary.expire_early == 1u);
}

BOOST_AUTO_TEST_CASE(a_plan_names_meetings_that_expire_before_their_end) {
  meetings({{"early", meeting_ends - 1s}, {"in-time", meeting_ends}, {"unknown", std::nullopt}});
  const std::vector<planned_row> rows{row(2, 1, "early"), row(3, 1, "in-time"), row(4, 1, "unknown"), row(5, 1, "new")};
  const auto next = plan(*s, header("two"), rows, false);
  BOOST_TEST(next.summary.expire_early == 1u);
  BOOST_REQUIRE(next.summary.expire_early_sample.size() == 1u);
  BOOST_TEST(next.summary.expire_early_sample[0].external_id == "early");
  // What is extended needs no warning.
  const auto extended = plan(*s, keeping_alive("three", std::chrono::days(3650)), rows, false);
  BOOST_TEST(extended.summary.expire_early == 0u);
  BOOST_TEST(extended.summary.extended_keys == 2u);
}

BOOST_AUTO_TEST_CASE(what_an_answer_does_not_show_of_the_same_meeting_stays) {
  using words = std::vector<std::string>;
  const auto soon = now + 1h;
  meeting full = stored("m");
  full.join_meeting_id = "123";
  full.dial_in_number = "+1 555";
  full.conference_id = "77";
  full.options_url = "https://teams.example/options";
  full.expires_at = soon;
  const auto shown = [&] {
    words out;
    must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
      out = {std::string(got.meeting_id),      std::string(got.join_web_url),
             std::string(got.join_meeting_id), std::string(got.passcode),
             std::string(got.dial_in_number),  std::string(got.conference_id),
             std::string(got.options_url),     got.expires_at ? (*got.expires_at == soon ? "soon" : "later") : ""};
      return {};
    }));
    return out;
  };
  const words all{"m", "https://teams.example/m", "123", "secret", "+1 555", "77", "https://teams.example/options", "soon"};
  meeting bare;
  bare.id = "m";

  // Between two operations of a row, and at its end.
  const auto claimed = claim_first(*s, plan(*s, header(), {row(2, 1, "a")}).id).rows.at(0);
  auto between = advanced(claimed, operation::update);
  between.stored = full;
  write(*s, {.finished = {}, .advanced = {between}, .released = {}});
  BOOST_TEST(shown() == all, boost::test_tools::per_element());
  auto end = ended(claimed, outcome::updated);
  end.stored = bare;
  finish(*s, {end});
  BOOST_TEST(shown() == all, boost::test_tools::per_element());

  // What is shown replaces what was.
  const auto again = [&](const std::string& identity, const std::string& id, const meeting& as) {
    auto spec = must(decode_spec(row(2, 1, "a").payload));
    spec.subject = id;
    auto next = row(2, 1, "a");
    next.payload = encode_spec(spec);
    const auto run = plan(*s, header(identity), {next}).id;
    auto done = ended(claim_first(*s, run).rows.at(0), outcome::existing);
    done.stored = as;
    finish(*s, {done});
  };
  auto extended = bare;
  extended.expires_at = soon + 1440h;
  extended.passcode = "other";
  again("two", "longer", extended);
  BOOST_TEST(shown() == (words{"m", "https://teams.example/m", "123", "other", "+1 555", "77", "https://teams.example/options", "later"}),
             boost::test_tools::per_element());
  // Nothing of it belongs to another meeting.
  auto other = bare;
  other.id = "n";
  again("three", "other", other);
  BOOST_TEST(shown() == (words{"n", "", "", "", "", "", "", ""}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

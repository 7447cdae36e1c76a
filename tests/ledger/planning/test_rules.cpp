// Each rule by itself, as a table of cases.

#include <boost/test/unit_test.hpp>

#include "ledger/planning/rules.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::planning;

namespace {

using fields = std::vector<std::string>;

constexpr digest wanted{1, 1}, other{2, 2};

// Every state of a key that a row can meet.
const std::optional<observed_state> states[] = {
    std::nullopt,         observed_state::satisfied, observed_state::drifted,   observed_state::failed,
    observed_state::lost, observed_state::removed,   observed_state::incomplete};

using namespace std::chrono_literals;
constexpr utc_time now{std::chrono::seconds(1'785'000'000)};

meeting_spec spec_of(const std::string& external_id, attendee_role role = attendee_role::none) {
  meeting_spec s;
  s.organizer = "00000000-0000-4000-8000-000000000001";
  s.external_id = external_id;
  s.subject = "Lecture";
  s.start = utc_time(std::chrono::seconds(1'790'000'000));
  s.end = s.start + std::chrono::hours(1);
  s.attendees = {{attendee_id::upn, "a@example.edu", attendee_role::none}, {attendee_id::upn, "b@example.edu", role}};
  return s;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(planning_rules)

BOOST_AUTO_TEST_CASE(an_observation_of_the_same_payload_needs_no_call) {
  BOOST_TEST((classify_known({.state = observed_state::satisfied, .compared = wanted}, wanted, now) == row_class::unchanged));
  BOOST_TEST((classify_known({.state = observed_state::drifted, .compared = wanted}, wanted, now) == row_class::drifted));
  BOOST_TEST((classify_known({.state = observed_state::satisfied, .compared = other}, wanted, now) == row_class::changed));
  BOOST_TEST((classify_known({.state = observed_state::drifted, .compared = other}, wanted, now) == row_class::changed));
  // What the inventory wants is not asked where an observation answers.
  BOOST_TEST(
      (classify_known({.state = observed_state::satisfied, .compared = wanted, .wanted = other}, wanted, now) == row_class::unchanged));
}

BOOST_AUTO_TEST_CASE(a_key_without_such_an_observation_is_retried_or_changed) {
  for (const auto state : states) {
    if (!needs_wanted(state)) continue;
    // What a failed call was compared with is of no importance.
    BOOST_TEST((classify_known({.state = state, .compared = other, .wanted = wanted}, wanted, now) == row_class::retried));
    BOOST_TEST((classify_known({.state = state, .compared = wanted, .wanted = other}, wanted, now) == row_class::changed));
  }
  BOOST_TEST(!needs_wanted(observed_state::satisfied));
  BOOST_TEST(!needs_wanted(observed_state::drifted));
  BOOST_TEST(needs_wanted(std::nullopt));
  BOOST_TEST(needs_wanted(observed_state::lost));
}

BOOST_AUTO_TEST_CASE(an_expired_meeting_is_never_unchanged) {
  for (const auto state : {observed_state::satisfied, observed_state::drifted}) {
    const auto what = [&](utc_time expires) {
      return classify_known({.state = state, .compared = wanted, .expires = expires}, wanted, now);
    };
    const auto living = state == observed_state::satisfied ? row_class::unchanged : row_class::drifted;
    BOOST_TEST((what(now) == row_class::expired));
    BOOST_TEST((what(now - 1h) == row_class::expired));
    BOOST_TEST((what(now + 1h) == living));
    BOOST_TEST((classify_known({.state = state, .compared = other, .expires = now}, wanted, now) == row_class::changed));
  }
  BOOST_TEST((classify_known({.state = observed_state::failed, .wanted = wanted, .expires = now}, wanted, now) == row_class::retried));
  for (const bool updates : {false, true})
    BOOST_TEST((first_operation({.update_drifted = updates}, row_class::expired, true) == operation::create_or_get));
  BOOST_TEST((change_of_wanted(row_class::expired, false) == wanted_change::none));
  BOOST_TEST((change_of_wanted(row_class::expired, true) == wanted_change::restored));
}

BOOST_AUTO_TEST_CASE(a_meeting_that_expires_soon_is_extended_while_its_end_lies_ahead) {
  const operation_settings keep{.keep_alive = 240h};
  const known_key soon{.state = observed_state::satisfied, .has_meeting = true, .expires = now + 240h};
  BOOST_TEST(call_for_expiry(keep, soon, row_class::unchanged, now + 1h, now));
  BOOST_TEST(call_for_expiry(keep, soon, row_class::drifted, now + 1h, now));
  BOOST_TEST(!call_for_expiry({}, soon, row_class::unchanged, now + 1h, now));
  BOOST_TEST(!call_for_expiry(keep, soon, row_class::unchanged, now, now), "its end has passed");
  for (const auto what : {row_class::new_key, row_class::changed, row_class::retried, row_class::expired})
    BOOST_TEST(!call_for_expiry(keep, soon, what, now + 1h, now), "createOrGet is owed");
  auto later = soon, unknown = soon, without_id = soon, moved = soon;
  later.expires = now + 241h;
  unknown.expires.reset();
  without_id.has_meeting = false;
  moved.extendable = false;
  for (const auto& key : {later, unknown, without_id, moved}) BOOST_TEST(!call_for_expiry(keep, key, row_class::unchanged, now + 1h, now));
}

BOOST_AUTO_TEST_CASE(an_extension_sends_only_what_the_meeting_has_already) {
  const fields times{"start", "end"}, none;
  for (const auto* const drift : {"", "attendees", "subject;attendees"}) BOOST_TEST((fields_to_extend(drift).sent == times), drift);
  // What differs stays as it is.
  BOOST_TEST((fields_to_extend("").kept == none));
  BOOST_TEST((fields_to_extend("subject;attendees").kept == fields{"subject", "attendees"}));
  BOOST_TEST(can_extend("attendees"), "`end` is a part of that word only");
  BOOST_TEST(!can_extend("start"));
  BOOST_TEST(!can_extend("subject;end"));
}

BOOST_AUTO_TEST_CASE(an_update_can_correct_everything_but_the_chat) {
  BOOST_TEST(!can_correct("chat_thread_id"));
  for (const auto* some : {"", "subject", "subject;chat_thread_id", "chat_thread_id;option.allowRecording", "roles"})
    BOOST_TEST(can_correct(some), some);
  const auto update = fields_to_update(update_rule::if_different, false, {"end", "chat_thread_id"}, false);
  BOOST_TEST((update.sent == fields{"end"}));
  BOOST_TEST((update.kept == fields{"chat_thread_id"}));
}

BOOST_AUTO_TEST_CASE(an_extension_of_a_meeting_with_other_times_becomes_createorget) {
  claimed_row row{};
  row.op = operation::update;
  row.extends = true;
  row.drift = "subject";
  BOOST_TEST((operation_now(row) == operation::update));
  for (const auto* const drift : {"start", "subject;end", "start;end"}) {
    row.drift = drift;
    BOOST_TEST((operation_now(row) == operation::create_or_get), drift);
  }
  // An update for other reasons sends the times.
  row.extends = false;
  BOOST_TEST((operation_now(row) == operation::update));
}

BOOST_AUTO_TEST_CASE(an_update_sends_what_its_rule_is_about_and_keeps_the_rest) {
  const fields differing{"subject", "option.allowRecording", "attendees"};
  const fields option{"option.allowRecording"}, subject{"subject"}, both_others{"subject", "attendees"}, none;
  const auto update = [&](update_rule rule, bool keeps_roles = false, bool settled = false) {
    return fields_to_update(rule, keeps_roles, differing, settled);
  };
  using enum update_rule;
  BOOST_TEST((update(never).sent == option));
  BOOST_TEST((update(never).kept == both_others));
  BOOST_TEST((update(if_different).sent == differing));
  BOOST_TEST((update(if_different).kept == none));
  BOOST_TEST((update(always).sent == fields{"option.allowRecording", "attendees"}));
  BOOST_TEST((update(always).kept == subject));
  BOOST_TEST((update(always, true).sent == fields{"option.allowRecording", "roles"}));
  BOOST_TEST((update(always, true).kept == subject), "roles are sent with the attendees");
  BOOST_TEST((update(always, true, true).sent == option));
  BOOST_TEST((update(always, true, true).kept == both_others));
  BOOST_TEST((update(both).sent == differing));
  // A row that owes an update only because of its differences sends them.
  BOOST_TEST((fields_to_update(never, false, {"subject", "end"}, false).sent == fields{"subject", "end"}));
  BOOST_TEST((fields_to_update(never, false, {"subject", "end"}, false).kept == none));
}

BOOST_AUTO_TEST_CASE(names_of_fields_are_split) {
  BOOST_TEST((split_fields("") == fields{}));
  BOOST_TEST((split_fields("subject") == fields{"subject"}));
  BOOST_TEST((split_fields("subject;option.a.b") == fields{"subject", "option.a.b"}));
}

BOOST_AUTO_TEST_CASE(a_meeting_that_expires_before_its_end_is_named) {
  const known_key early{.state = observed_state::satisfied, .expires = now + 1h};
  BOOST_TEST(expires_early(early, now + 2h, now));
  BOOST_TEST(!expires_early(early, now + 1h, now));
  BOOST_TEST(!expires_early({.state = observed_state::satisfied}, now + 2h, now));
  BOOST_TEST(!expires_early({.state = observed_state::lost, .expires = now}, now + 2h, now));
  BOOST_TEST(!expires_early({.state = observed_state::satisfied, .expires = now - 2h}, now - 1h, now), "its end has passed");
}

BOOST_AUTO_TEST_CASE(only_lost_and_removed_meetings_are_gone) {
  for (const auto state : states) BOOST_TEST(is_gone(state) == (state == observed_state::lost || state == observed_state::removed));
}

BOOST_AUTO_TEST_CASE(a_key_belongs_to_the_feed_of_the_run_that_wants_it) {
  BOOST_TEST(feed_after(no_feed, no_feed) == no_feed);
  BOOST_TEST(feed_after(no_feed, 2) == 2u);
  BOOST_TEST(feed_after(1, 2) == 2u);
  BOOST_TEST(feed_after(1, no_feed) == 1u);
}

BOOST_AUTO_TEST_CASE(the_first_operation_of_a_row) {
  struct {
    row_class what;
    bool has_meeting;
    std::optional<operation> reporting, updating;
  } const cases[] = {
      {row_class::invalid, false, std::nullopt, std::nullopt},
      {row_class::new_key, false, operation::create_or_get, operation::create_or_get},
      {row_class::changed, false, operation::create_or_get, operation::create_or_get},
      {row_class::changed, true, operation::create_or_get, operation::create_or_get},
      {row_class::retried, true, operation::create_or_get, operation::create_or_get},
      {row_class::unchanged, true, std::nullopt, std::nullopt},
      {row_class::drifted, true, std::nullopt, operation::update},
      {row_class::drifted, false, std::nullopt, operation::create_or_get},
  };
  for (const auto& [what, has_meeting, reporting, updating] : cases) {
    BOOST_TEST_CONTEXT("class " << static_cast<int>(what) << ", has a meeting: " << has_meeting) {
      BOOST_TEST((first_operation({}, what, has_meeting) == reporting));
      BOOST_TEST((first_operation({.enforce_roles = true}, what, has_meeting) == reporting));
      BOOST_TEST((first_operation({.update_drifted = true}, what, has_meeting) == updating));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_update_after_create_or_get) {
  struct {
    operation_settings settings;
    attendee_role role;
    update_rule rule;
  } const cases[] = {
      {{}, attendee_role::none, update_rule::never},
      {{}, attendee_role::presenter, update_rule::never},
      {{.update_drifted = true}, attendee_role::none, update_rule::if_different},
      {{.update_drifted = true}, attendee_role::presenter, update_rule::if_different},
      {{.enforce_roles = true}, attendee_role::none, update_rule::never},
      {{.enforce_roles = true}, attendee_role::attendee, update_rule::always},
      {{.enforce_roles = true}, attendee_role::coorganizer, update_rule::always},
      {{.update_drifted = true, .enforce_roles = true}, attendee_role::none, update_rule::if_different},
      {{.update_drifted = true, .enforce_roles = true}, attendee_role::presenter, update_rule::both},
  };
  for (const auto& [settings, role, rule] : cases) {
    BOOST_TEST_CONTEXT("update drifted: " << settings.update_drifted << ", enforce roles: " << settings.enforce_roles << ", role "
                                          << static_cast<int>(role)) {
      BOOST_TEST((update_after_create(settings, spec_of("a", role)) == rule));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_wanted_side_changes_with_what_is_wanted) {
  BOOST_TEST((change_of_wanted(row_class::changed, false) == wanted_change::replaced));
  BOOST_TEST((change_of_wanted(row_class::changed, true) == wanted_change::replaced));
  BOOST_TEST((change_of_wanted(row_class::unchanged, true) == wanted_change::restored));
  BOOST_TEST((change_of_wanted(row_class::drifted, true) == wanted_change::restored));
  BOOST_TEST((change_of_wanted(row_class::unchanged, false) == wanted_change::none));
  BOOST_TEST((change_of_wanted(row_class::drifted, false) == wanted_change::none));
  for (const bool pending : {false, true}) BOOST_TEST((change_of_wanted(row_class::retried, pending) == wanted_change::none));
}

BOOST_AUTO_TEST_CASE(a_key_keeps_the_form_in_which_it_was_first_called) {
  auto now = spec_of("Course-1");
  now.subject = "Another subject";
  const auto rewritten = with_first_form(encode_spec(spec_of("COURSE-1")), encode_spec(now));
  BOOST_REQUIRE(rewritten.has_value());
  now.external_id = "COURSE-1";
  BOOST_TEST((*decode_spec(*rewritten) == now));
  BOOST_TEST(!with_first_form(encode_spec(spec_of("COURSE-1")), *rewritten).has_value());
  // A payload that cannot be read leaves the row as it is.
  BOOST_TEST(!with_first_form("damaged", encode_spec(now)).has_value());
  BOOST_TEST(!with_first_form(encode_spec(spec_of("a")), "damaged").has_value());
}

BOOST_AUTO_TEST_CASE(every_row_gets_one_decision) {
  const auto row = [](row_class what, bool owes, std::uint32_t line = 2) {
    return matched_row{.number = line, .first = 2, .what = what, .owes = owes};
  };
  struct {
    matched_row row;
    bool conflicting;
    decision decided;
  } const cases[] = {
      {row(row_class::invalid, false), false, decision::invalid},     {row(row_class::new_key, true), false, decision::call},
      {row(row_class::new_key, true), true, decision::conflict},      {row(row_class::new_key, true, 7), false, decision::duplicate},
      {row(row_class::new_key, true, 7), true, decision::conflict},   {row(row_class::known, false), true, decision::conflict},
      {row(row_class::changed, true), false, decision::call},         {row(row_class::retried, true, 7), false, decision::duplicate},
      {row(row_class::unchanged, false), false, decision::unchanged}, {row(row_class::unchanged, false, 7), false, decision::unchanged},
      {row(row_class::drifted, false), false, decision::drifted},     {row(row_class::drifted, false, 7), false, decision::drifted},
      {row(row_class::drifted, true), false, decision::call},         {row(row_class::drifted, true, 7), false, decision::duplicate},
  };
  for (const auto& [given, conflicting, decided] : cases) {
    BOOST_TEST_CONTEXT("class " << static_cast<int>(given.what) << ", line " << given.number << ", conflict: " << conflicting) {
      BOOST_TEST((decide(given, conflicting) == decided));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_row_counts_where_it_belongs) {
  const auto counted = [](row_class what, std::uint32_t line, decision decided) {
    plan_summary s;
    count(s, {.number = line, .first = 2, .what = what}, decided);
    return std::vector<std::uint64_t>{s.rows,      s.calls,   s.new_keys, s.changed_keys, s.retried_keys,
                                      s.unchanged, s.drifted, s.rejected, s.duplicates};
  };
  using counts = std::vector<std::uint64_t>;
  BOOST_TEST(counted(row_class::invalid, 2, decision::invalid) == (counts{1, 0, 0, 0, 0, 0, 0, 1, 0}), boost::test_tools::per_element());
  BOOST_TEST(counted(row_class::new_key, 3, decision::conflict) == (counts{1, 0, 0, 0, 0, 0, 0, 1, 0}), boost::test_tools::per_element());
  BOOST_TEST(counted(row_class::new_key, 2, decision::call) == (counts{1, 1, 1, 0, 0, 0, 0, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(counted(row_class::changed, 2, decision::call) == (counts{1, 1, 0, 1, 0, 0, 0, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(counted(row_class::retried, 2, decision::call) == (counts{1, 1, 0, 0, 1, 0, 0, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(counted(row_class::new_key, 3, decision::duplicate) == (counts{1, 0, 0, 0, 0, 0, 0, 0, 1}), boost::test_tools::per_element());
  BOOST_TEST(counted(row_class::unchanged, 3, decision::unchanged) == (counts{1, 0, 0, 0, 0, 1, 0, 0, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(counted(row_class::drifted, 2, decision::drifted) == (counts{1, 0, 0, 0, 0, 0, 1, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

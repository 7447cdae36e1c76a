#include "run/claimed_row.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {

using convoke::ledger::update_rule;
using convoke::run::claimed_row;
using fields = std::vector<std::string>;

// What an update sends after createOrGet was answered with a meeting that differs in its subject and lacks an option.
fields sent_after_answer(update_rule rule) {
  claimed_row row;
  row.update = rule;
  convoke::engine::answer a;
  a.drift = {"subject", "option.allowRecording"};
  a.to_set = {"option.allowRecording", "option.allowedPresenters"};
  row.advance(a);
  return row.changed;
}

// The same for a row that an earlier process left between the two calls.
fields sent_after_restart(update_rule rule, std::string drift) {
  convoke::ledger::claimed_row claimed;
  claimed.op = convoke::operation::update;
  claimed.update = rule;
  claimed.drift = std::move(drift);
  return claimed_row(std::move(claimed), {}).changed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(claimed_rows_of_a_run)

BOOST_AUTO_TEST_CASE(an_update_for_options_leaves_other_differences_alone) {
  BOOST_TEST((sent_after_answer(update_rule::never) == fields{"option.allowRecording", "option.allowedPresenters"}));
  BOOST_TEST((sent_after_answer(update_rule::if_different) == fields{"subject", "option.allowRecording", "option.allowedPresenters"}));
  BOOST_TEST((sent_after_answer(update_rule::always) == fields{"option.allowRecording", "option.allowedPresenters", "attendees"}));
  BOOST_TEST((sent_after_answer(update_rule::both) == fields{"subject", "option.allowRecording", "option.allowedPresenters", "attendees"}));
}

BOOST_AUTO_TEST_CASE(what_an_update_leaves_alone_is_known_for_its_answer) {
  claimed_row row;
  convoke::engine::answer a;
  a.drift = {"subject", "option.allowRecording"};
  row.advance(a);
  BOOST_TEST((row.kept == fields{"subject"}));
  const auto request = row.request(convoke::operation::update);
  BOOST_TEST((fields(request.kept.begin(), request.kept.end()) == row.kept));
}

BOOST_AUTO_TEST_CASE(an_extension_sends_the_times_only_and_becomes_createorget_where_they_differ) {
  const auto extension = [](std::string drift) {
    convoke::ledger::claimed_row claimed;
    claimed.op = convoke::operation::update;
    claimed.extends = true;
    claimed.drift = std::move(drift);
    return claimed_row(std::move(claimed), {});
  };
  const auto plain = extension("subject");
  BOOST_TEST(plain.extends);
  BOOST_TEST((plain.changed == fields{"start", "end"}));
  BOOST_TEST((plain.kept == fields{"subject"}));
  // It is not an update any more: what follows it sends what its own answer names.
  auto moved = extension("subject;end");
  BOOST_TEST(!moved.extends);
  BOOST_TEST(moved.changed.empty());
}

BOOST_AUTO_TEST_CASE(a_restart_sends_the_same) {
  const std::string drift = "subject;option.allowRecording;option.allowedPresenters";
  for (const auto rule : {update_rule::never, update_rule::if_different, update_rule::always, update_rule::both})
    BOOST_TEST((sent_after_restart(rule, drift) == sent_after_answer(rule)));
  BOOST_TEST((sent_after_restart(update_rule::never, "subject;end") == fields{"subject", "end"}));
}

BOOST_AUTO_TEST_CASE(what_an_update_cannot_change_is_not_sent) {
  BOOST_TEST((sent_after_restart(update_rule::if_different, "subject;chat_thread_id") == fields{"subject"}));
}

BOOST_AUTO_TEST_SUITE_END()

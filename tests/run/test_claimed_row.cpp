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

BOOST_AUTO_TEST_CASE(a_restart_sends_the_same) {
  const std::string drift = "subject;option.allowRecording;option.allowedPresenters";
  for (const auto rule : {update_rule::never, update_rule::if_different, update_rule::always, update_rule::both})
    BOOST_TEST((sent_after_restart(rule, drift) == sent_after_answer(rule)));
  BOOST_TEST((sent_after_restart(update_rule::never, "subject;end") == fields{"subject", "end"}));
}

BOOST_AUTO_TEST_CASE(what_an_update_cannot_change_is_not_sent) {
  BOOST_TEST((sent_after_restart(update_rule::if_different, "subject;chat_thread_id") == fields{"subject"}));
  convoke::engine::answer a;
  a.drift = {"end", "chat_thread_id"};
  a.to_set = {"option.allowRecording"};
  BOOST_TEST((convoke::run::fields_to_send(a) == fields{"end", "option.allowRecording"}));
}

BOOST_AUTO_TEST_SUITE_END()

#include "ledger/planning/kinds.hpp"

namespace convoke::ledger::planning {
namespace {

bool over(const known_key& key, utc_time now) noexcept {
  return key.ends && *key.ends <= now;
}

kind_rule rule_of_verify(const operation_settings& settings, const known_key& key, utc_time now) noexcept {
  if (key.state == observed_state::removed) return {.what = row_class::gone};
  // A meeting that has ended is not made again.
  const bool repairs = settings.repair && !over(key, now);
  if (repairs && key.state == observed_state::lost) return {.what = row_class::checked, .first = operation::create_or_get};
  return {.what = row_class::checked, .first = operation::get, .repairs = repairs};
}

kind_rule rule_of_remove(const known_key& key, feed_id feed) noexcept {
  if (feed != no_feed && key.feed != feed) return {.what = row_class::other_feed};
  if (key.state == observed_state::removed) return {.what = row_class::gone};
  return {.what = row_class::checked, .first = operation::remove};
}

}  // namespace

kind_rule rule_of(run_kind kind, const operation_settings& settings, const known_key& key, feed_id feed, utc_time now) noexcept {
  if (!key.has_meeting) return {.what = row_class::unknown};
  return kind == run_kind::remove ? rule_of_remove(key, feed) : rule_of_verify(settings, key, now);
}

bool is_verified(const known_key& key, utc_time now) noexcept {
  if (!key.has_meeting || key.state == observed_state::removed) return false;
  if (!over(key, now)) return true;
  return key.state != observed_state::lost && !(key.expires && *key.expires <= now);
}

no_call reason_of(row_class what, run_kind kind) noexcept {
  switch (what) {
    case row_class::unknown:
      if (kind == run_kind::remove) {
        return {unknown_meeting,
                "this ledger knows no meeting of this organizer and external id, so there is nothing that it may delete; check both, and "
                "--ledger"};
      }
      return {unknown_meeting,
              "this ledger knows no meeting of this organizer and external id; check both, or make the meeting with `convoke apply`"};
    case row_class::other_feed:
      return {other_feed, "the meeting belongs to another feed than the one of this run; --feed names the feed whose meetings are removed"};
    case row_class::left_out:
      return {
          call_owed,
          "another open run still owes a call for this meeting, so it was not read: carry that run out by its own command, or discard it "
          "(`convoke runs` lists it), then run the same command again"};
    default:
      return {};
  }
}

std::string_view code_of(decision what) noexcept {
  switch (what) {
    case decision::unknown:
      return unknown_meeting;
    case decision::other_feed:
      return other_feed;
    case decision::left_out:
      return call_owed;
    default:
      return {};
  }
}

}  // namespace convoke::ledger::planning

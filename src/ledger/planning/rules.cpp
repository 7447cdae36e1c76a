#include "ledger/planning/rules.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/chat_thread.hpp"
#include "core/drift_fields.hpp"
#include "core/meeting_options.hpp"

namespace convoke::ledger::planning {

bool needs_wanted(std::optional<observed_state> state) noexcept {
  return state != observed_state::satisfied && state != observed_state::drifted;
}

bool is_gone(std::optional<observed_state> state) noexcept {
  return state == observed_state::lost || state == observed_state::removed;
}

row_class classify_known(const known_key& key, const digest& payload, utc_time now) noexcept {
  if (needs_wanted(key.state)) return key.wanted == payload ? row_class::retried : row_class::changed;
  if (key.compared != payload) return row_class::changed;
  if (key.expires && *key.expires <= now) return row_class::expired;
  return key.state == observed_state::satisfied ? row_class::unchanged : row_class::drifted;
}

namespace {

bool of_create_or_get(std::string_view field) noexcept {
  return field == "subject" || field == "start" || field == "end" || field == "attendees";
}

bool is_option(std::string_view field) noexcept {
  return field.starts_with(core::option_field);
}

}  // namespace

bool can_correct(std::string_view drift) noexcept {
  return drift.empty() || core::any_field(drift, [](std::string_view field) { return core::can_be_updated(field); });
}

bool can_extend(std::string_view drift) noexcept {
  return !core::names_field(drift, "start") && !core::names_field(drift, "end");
}

update_fields fields_to_extend(std::string_view drift) {
  return {.sent = {"start", "end"}, .kept = split_fields(drift)};
}

update_fields fields_to_update(update_rule rule, bool keeps_roles, std::vector<std::string> differing, bool settled) {
  using enum update_rule;
  update_fields out{.sent = std::move(differing), .kept = {}};
  const auto fixed = [](std::string_view field) { return !core::can_be_updated(field); };
  std::ranges::copy_if(out.sent, std::back_inserter(out.kept), fixed);
  std::erase_if(out.sent, fixed);
  // Differences of what createOrGet can set are only reported unless the rule says otherwise: then the update is owed for the rest alone.
  const bool for_the_rest = includes(rule, always) || std::ranges::any_of(out.sent, is_option);
  if (!includes(rule, if_different) && for_the_rest) {
    std::ranges::copy_if(out.sent, std::back_inserter(out.kept), of_create_or_get);
    std::erase_if(out.sent, of_create_or_get);
  }
  if (settled || !includes(rule, always)) return out;
  // What createOrGet cannot set are the roles of attendees. Whether they differ is not known, so they are sent in any case. They are sent
  // with the attendees.
  const std::string what = keeps_roles ? "roles" : "attendees";
  if (std::ranges::find(out.sent, what) == out.sent.end()) out.sent.push_back(what);
  std::erase(out.kept, "attendees");
  return out;
}

std::vector<std::string> split_fields(std::string_view fields) {
  std::vector<std::string> out;
  static_cast<void>(core::any_field(fields, [&out](std::string_view field) {
    out.emplace_back(field);
    return false;
  }));
  return out;
}

operation operation_now(const claimed_row& row) noexcept {
  return row.extends && !can_extend(row.drift) ? operation::create_or_get : row.op;
}

bool call_for_expiry(const operation_settings& settings, const known_key& key, row_class what, utc_time ends, utc_time now) noexcept {
  if (!settings.keep_alive || !key.expires || !key.has_meeting || !key.extendable) return false;
  if (what != row_class::unchanged && what != row_class::drifted) return false;
  return ends > now && *key.expires <= now + *settings.keep_alive;
}

bool expires_early(const known_key& key, utc_time ends, utc_time now) noexcept {
  return key.expires && *key.expires < ends && ends > now && !is_gone(key.state);
}

update_rule update_after_create(const operation_settings& settings, const meeting_spec& spec) noexcept {
  const auto roles = settings.enforce_roles && has_roles(spec) ? update_rule::always : update_rule::never;
  return roles | (settings.update_drifted ? update_rule::if_different : update_rule::never);
}

std::optional<operation> first_operation(const operation_settings& settings, row_class what, bool has_meeting) noexcept {
  if (what == row_class::invalid || what == row_class::unchanged) return std::nullopt;
  if (what != row_class::drifted) return operation::create_or_get;
  if (!settings.update_drifted) return std::nullopt;
  return has_meeting ? operation::update : operation::create_or_get;
}

wanted_change change_of_wanted(row_class what, bool pending) noexcept {
  if (what == row_class::changed) return wanted_change::replaced;
  const bool answered = what == row_class::unchanged || what == row_class::drifted || what == row_class::expired;
  return answered && pending ? wanted_change::restored : wanted_change::none;
}

std::optional<std::string> with_first_form(std::string_view first, std::string_view row) {
  auto before = decode_spec(first);
  auto now = decode_spec(row);
  if (!before || !now || before->external_id == now->external_id) return std::nullopt;
  now->external_id = std::move(before->external_id);
  return encode_spec(*now);
}

decision decide(const matched_row& row, bool conflicting) noexcept {
  if (row.what == row_class::invalid) return decision::invalid;
  if (conflicting) return decision::conflict;
  if (row.owes) return row.number == row.first ? decision::call : decision::duplicate;
  switch (row.what) {
    case row_class::drifted:
      return decision::drifted;
    case row_class::gone:
      return decision::gone;
    case row_class::unknown:
      return decision::unknown;
    case row_class::other_feed:
      return decision::other_feed;
    case row_class::left_out:
      return decision::left_out;
    default:
      return decision::unchanged;
  }
}

void count(plan_summary& summary, const matched_row& row, decision decided) noexcept {
  ++summary.rows;
  const bool rejected = decided == decision::invalid || decided == decision::conflict;
  if (rejected) {
    ++summary.rejected;
    return;
  }
  if (row.number != row.first) ++summary.duplicates;
  if (decided == decision::unchanged) ++summary.unchanged;
  if (decided == decision::drifted) ++summary.drifted;
  if (decided == decision::gone) ++summary.gone;
  if (decided == decision::unknown) ++summary.unknown;
  if (decided == decision::other_feed) ++summary.other_feed;
  if (decided == decision::left_out) ++summary.left_out;
  if (decided != decision::call) return;
  ++summary.calls;
  if (row.what == row_class::checked) {
    ++(row.first_op == operation::get ? summary.get_keys : row.first_op == operation::remove ? summary.remove_keys : summary.repaired_keys);
    return;
  }
  if (row.extends) {
    ++summary.extended_keys;
    return;
  }
  ++(row.what == row_class::new_key   ? summary.new_keys
     : row.what == row_class::changed ? summary.changed_keys
     : row.what == row_class::expired ? summary.expired_keys
                                      : summary.retried_keys);
  if (row.first_op == operation::update) ++summary.update_keys;
  const bool more_to_set = row.options || includes(row.update, update_rule::always);
  if (row.first_op == operation::create_or_get && more_to_set) ++summary.settings_keys;
}

}  // namespace convoke::ledger::planning

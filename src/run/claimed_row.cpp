#include "run/claimed_row.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "core/meeting_options.hpp"
#include "engine/operations.hpp"
#include "ledger/planning/kinds.hpp"
#include "ledger/planning/rules.hpp"

namespace convoke::run {

namespace {

static_assert(ledger::planning::expiry_field == engine::expiry_field);

std::vector<std::string> split(std::string_view fields) {
  std::vector<std::string> out;
  while (!fields.empty()) {
    const auto end = std::min(fields.find(';'), fields.size());
    out.emplace_back(fields.substr(0, end));
    fields.remove_prefix(std::min(end + 1, fields.size()));
  }
  return out;
}

bool of_create_or_get(const std::string& field) {
  return field == "subject" || field == "start" || field == "end" || field == "attendees";
}

bool is_option(std::string_view field) noexcept {
  return field.starts_with(core::option_field);
}

}  // namespace

std::vector<std::string> fields_to_send(const engine::answer& last) {
  auto out = last.drift;
  for (const auto& field : last.to_set)
    if (std::ranges::find(out, field) == out.end()) out.push_back(field);
  return out;
}

claimed_row::claimed_row(ledger::claimed_row&& claimed, meeting_spec&& spec)
    : wanted(std::move(spec)),
      key(claimed.key),
      organizer(claimed.organizer),
      line(claimed.line),
      update(claimed.update),
      meeting_id(std::move(claimed.meeting_id)) {
  if (claimed.op != operation::update) return;
  extends = claimed.extends;
  if (extends)
    changed = ledger::planning::fields_to_extend(wanted, claimed.drift);
  else
    send_changed(split(claimed.drift), false);
}

void claimed_row::advance(const engine::answer& last) {
  if (last.stored) meeting_id = last.stored->id;
  extends = false;
  send_changed(fields_to_send(last), last.settled);
}

void claimed_row::send_changed(std::vector<std::string> differing, bool settled) {
  changed = std::move(differing);
  using enum ledger::update_rule;
  // Differences of what createOrGet can set are only reported unless the rule says otherwise: then the update is owed for the rest alone.
  const bool for_the_rest = includes(update, always) || std::ranges::any_of(changed, is_option);
  if (!includes(update, if_different) && for_the_rest) std::erase_if(changed, of_create_or_get);
  if (settled || !includes(update, always)) return;
  // What createOrGet cannot set are the roles of attendees. Whether they differ is not known, so they are sent in any case.
  const std::string what = wanted.keep_roles ? "roles" : "attendees";
  if (std::ranges::find(changed, what) == changed.end()) changed.push_back(what);
}

}  // namespace convoke::run

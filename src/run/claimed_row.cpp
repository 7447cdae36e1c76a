#include "run/claimed_row.hpp"

#include <algorithm>
#include <utility>

#include "ledger/planning/rules.hpp"

namespace convoke::run {

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
  if (ledger::planning::operation_now(claimed) != operation::update) return;
  extends = claimed.extends;
  send(extends ? ledger::planning::fields_to_extend(claimed.drift)
               : ledger::planning::fields_to_update(update, wanted.keep_roles, ledger::planning::split_fields(claimed.drift), false));
}

void claimed_row::advance(const engine::answer& last) {
  if (last.stored) meeting_id = last.stored->id;
  extends = false;
  send(ledger::planning::fields_to_update(update, wanted.keep_roles, fields_to_send(last), last.settled));
}

void claimed_row::send(ledger::planning::update_fields&& fields) {
  changed = std::move(fields.sent);
  kept = std::move(fields.kept);
}

}  // namespace convoke::run

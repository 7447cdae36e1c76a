#include "run/claimed_row.hpp"

#include <algorithm>
#include <utility>

#include "ledger/planning/rules.hpp"

namespace convoke::run {

namespace {

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

}  // namespace

claimed_row::claimed_row(ledger::claimed_row&& claimed, meeting_spec&& spec)
    : wanted(std::move(spec)),
      key(claimed.key),
      organizer(claimed.organizer),
      line(claimed.line),
      update(claimed.update),
      meeting_id(std::move(claimed.meeting_id)) {
  if (claimed.op != operation::update) return;
  if (claimed.extends)
    changed = ledger::planning::fields_to_extend(wanted, claimed.drift);
  else
    send_changed(split(claimed.drift), false);
}

void claimed_row::advance(const engine::answer& last) {
  if (last.stored) meeting_id = last.stored->id;
  send_changed(last.drift, last.settled);
}

void claimed_row::send_changed(std::vector<std::string> differing, bool settled) {
  changed = std::move(differing);
  using enum ledger::update_rule;
  if (!includes(update, always)) return;
  // Differences of what createOrGet can set are only reported unless the other rule holds too.
  if (!includes(update, if_different)) std::erase_if(changed, of_create_or_get);
  if (settled) return;
  // What createOrGet cannot set are the roles of attendees. Whether they differ is not known, so they are sent in any case.
  const std::string what = wanted.keep_roles ? "roles" : "attendees";
  if (std::ranges::find(changed, what) == changed.end()) changed.push_back(what);
}

}  // namespace convoke::run

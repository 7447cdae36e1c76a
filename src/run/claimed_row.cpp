#include "run/claimed_row.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "core/meeting_options.hpp"

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
  if (claimed.op == operation::update) send_changed(split(claimed.drift));
}

void claimed_row::advance(const engine::answer& last) {
  if (last.stored) meeting_id = last.stored->id;
  send_changed(fields_to_send(last));
}

void claimed_row::send_changed(std::vector<std::string> differing) {
  changed = std::move(differing);
  // Where differences are only reported, the update is owed for the options alone.
  if (update == ledger::update_rule::never && std::ranges::any_of(changed, is_option)) std::erase_if(changed, std::not_fn(is_option));
  // What createOrGet cannot set are the roles of attendees. Whether they differ is not known, so they are sent in any case.
  if (update == ledger::update_rule::always && std::ranges::find(changed, "attendees") == changed.end()) changed.emplace_back("attendees");
}

}  // namespace convoke::run

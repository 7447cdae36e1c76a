#include "spec/agreement.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/chat_thread.hpp"
#include "core/meeting_options.hpp"

namespace convoke::spec {

namespace {

constexpr std::string_view role_is_presenter = "roleIsPresenter";

// The wanted attendee with this id; null where there is none. `wanted` is sorted by (kind, value).
const attendee* find(const std::vector<attendee>& wanted, attendee_id kind, std::string_view value) {
  if (value.empty()) return nullptr;
  const auto key = [](const attendee& a) { return std::pair{a.kind, std::string_view(a.value)}; };
  const auto found = std::ranges::lower_bound(wanted, std::pair{kind, value}, {}, key);
  return found != wanted.end() && found->kind == kind && found->value == value ? &*found : nullptr;
}

bool role_differs(const attendee& wanted, const observed_attendee& stored) {
  return wanted.role != attendee_role::none && stored.role && *stored.role != attendee_role::none && *stored.role != wanted.role;
}

// The wanted attendees that this one may be: by UPN, and by object id. Either may be null.
std::array<const attendee*, 2> matches(const std::vector<attendee>& wanted, const observed_attendee& stored) {
  return {find(wanted, attendee_id::upn, stored.upn), find(wanted, attendee_id::object_id, stored.object_id)};
}

bool roles_differ(const std::vector<attendee>& wanted, const std::vector<observed_attendee>& stored) {
  return std::ranges::any_of(stored, [&](const observed_attendee& s) {
    return std::ranges::any_of(matches(wanted, s), [&](const attendee* w) { return w != nullptr && role_differs(*w, s); });
  });
}

// Apart from their roles.
bool attendees_differ(const std::vector<attendee>& wanted, const std::vector<observed_attendee>& stored) {
  std::vector<bool> met(wanted.size(), false);
  std::size_t nameless = 0, only_upn = 0, only_id = 0;
  for (const observed_attendee& s : stored) {
    bool known = false;
    for (const attendee* const w : matches(wanted, s)) {
      if (w == nullptr) continue;
      met[static_cast<std::size_t>(w - wanted.data())] = true;
      known = true;
    }
    if (known) continue;
    if (!s.upn.empty() && !s.object_id.empty()) return true;
    ++(s.upn.empty() && s.object_id.empty() ? nameless : s.upn.empty() ? only_id : only_upn);
  }
  std::size_t by_upn = 0, by_id = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!met[i]) ++(wanted[i].kind == attendee_id::upn ? by_upn : by_id);
  }
  // The people without a match may be the same on both sides, under an id that the other side lacks: that cannot be verified. So there is
  // no difference as long as all of them can be paired: one wanted by UPN with one shown by object id alone or without an id, one wanted by
  // object id with one shown by UPN alone or without an id.
  return by_upn < only_id || by_id < only_upn || by_upn + by_id != only_id + only_upn + nameless;
}

// The stored value of a wanted option; null where the answer does not show it.
const std::string* stored_value(const meeting& stored, std::uint8_t option) {
  const auto found = std::ranges::find(stored.options, option, &option_value::option);
  return found == stored.options.end() ? nullptr : &found->value;
}

std::string field_of(const option_value& wanted) {
  const auto* const known = core::option_numbered(wanted.option);
  return std::string(core::option_field) + (known != nullptr ? std::string(known->name) : std::to_string(wanted.option));
}

}  // namespace

std::vector<std::string> differing_fields(const meeting_spec& wanted, const meeting& stored, std::span<const std::string> known) {
  std::vector<std::string> out;
  const auto still = [&known](std::string_view field) { return std::ranges::find(known, field) != known.end(); };
  const bool other_subject = wanted.subject && stored.subject && *wanted.subject != *stored.subject;
  if (other_subject || (!stored.subject && still("subject"))) out.emplace_back("subject");
  if (stored.start ? *stored.start != wanted.start : still("start")) out.emplace_back("start");
  if (stored.end ? *stored.end != wanted.end : still("end")) out.emplace_back("end");
  const bool other_people = stored.attendees && attendees_differ(wanted.attendees, *stored.attendees);
  const bool other_roles = stored.attendees && roles_differ(wanted.attendees, *stored.attendees);
  if (other_people || (other_roles && !wanted.keep_roles) || (!stored.attendees && still("attendees"))) out.emplace_back("attendees");
  const bool other_presenters = stored.allowed_presenters && *stored.allowed_presenters != role_is_presenter;
  const bool unseen_roles = still("roles") && !shows_roles(wanted, stored);
  if (wanted.keep_roles && (other_roles || other_presenters || unseen_roles)) out.emplace_back("roles");
  const auto& chat = stored.chat_thread_id;
  if (!wanted.chat_thread_id.empty() && (chat ? *chat != wanted.chat_thread_id : still(core::chat_thread_field)))
    out.emplace_back(core::chat_thread_field);
  for (const option_value& one : wanted.options) {
    const auto* const value = stored_value(stored, one.option);
    if (auto field = field_of(one); value != nullptr ? *value != one.value : still(field)) out.push_back(std::move(field));
  }
  return out;
}

std::vector<std::string> options_to_set(const meeting_spec& wanted, const meeting& stored) {
  std::vector<std::string> out;
  for (const option_value& one : wanted.options) {
    const auto* const value = stored_value(stored, one.option);
    if (value == nullptr || *value != one.value) out.push_back(field_of(one));
  }
  return out;
}

bool shows_roles(const meeting_spec& wanted, const meeting& stored) {
  if (!wanted.keep_roles || !stored.attendees || stored.allowed_presenters != role_is_presenter) return false;
  std::size_t shown = 0;
  for (const observed_attendee& s : *stored.attendees) {
    for (const attendee* const w : matches(wanted.attendees, s)) {
      if (w != nullptr && w->role != attendee_role::none && s.role == w->role) ++shown;
    }
  }
  return shown ==
         static_cast<std::size_t>(std::ranges::count_if(wanted.attendees, [](const attendee& a) { return a.role != attendee_role::none; }));
}

}  // namespace convoke::spec

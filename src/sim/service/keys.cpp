// External ids and what createOrGet does with a key, where Microsoft documents neither: open_questions.hpp.

#include <algorithm>

#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

// The people as read_create_or_get writes them, without the roles that are not kept.
void lose_roles(std::string& people, const open_questions& how) {
  std::string out;
  for (std::string_view left = people; !left.empty();) {
    const auto line = left.substr(0, left.find('\n'));
    left.remove_prefix(line.size() + 1);
    const auto tab = line.find('\t');
    const auto role = line.substr(tab + 1);
    const bool lost = (role == "presenter" && !how.presenters_kept) || (role == "coorganizer" && !how.coorganizers_kept);
    out.append(line.substr(0, tab + 1)).append(lost ? std::string_view("attendee") : role).append("\n");
  }
  people = std::move(out);
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

// False: the call is answered.
bool service::takes_id(call& c) {
  const auto& how = how_.open;
  auto& id = wanted_.external_id;
  const auto refuse = [&](std::string_view what) {
    error(c, 400, "BadRequest", "The externalId " + std::string(what) + ".");
    return false;
  };
  if (id.back() == '\0') return refuse("ends with a character that it cannot have");
  const bool outer = is_blank(id.front()) || is_blank(id.back());
  if (outer && how.outer_blanks == id_blanks::refused) return refuse("begins or ends with a blank");
  const auto begin = std::ranges::find_if_not(id, is_blank) - id.begin();
  const auto end = std::find_if_not(id.rbegin(), id.rend() - begin, is_blank).base() - id.begin();
  const std::string_view inner = std::string_view(id).substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  if (how.inner_blanks == id_characters::refused && std::ranges::any_of(inner, is_blank)) return refuse("has a blank");
  const auto not_ascii = [](char one) { return static_cast<unsigned char>(one) >= 0x80; };
  if (how.other_letters == id_characters::refused && std::ranges::any_of(id, not_ascii)) return refuse("has characters that are not ASCII");
  if (outer && how.outer_blanks == id_blanks::trimmed) {
    if (inner.empty()) return refuse("is empty");
    id = std::string(inner);
  }
  if (how.longest_external_id > 0 && id.size() > how.longest_external_id) return refuse("is too long");
  return true;
}

// The members that createOrGet takes beside the documented ones. False: the call is answered.
bool service::read_members(call& c) {
  const auto& how = how_.open;
  if (!how.presenters_kept || !how.coorganizers_kept) lose_roles(wanted_.people, how);
  if (!how.options_kept) return true;
  refusal why;
  if (read_options(c.q.body, changes_, why)) return true;
  error(c, 400, why.code, why.message);
  return false;
}

// Null: the call is answered.
meeting_store::entry* service::entry_of_key(call& c) {
  if (!takes_id(c) || !read_members(c)) return nullptr;
  const auto& how = how_.open;
  const auto& id = wanted_.external_id;
  auto* e = how.case_of_ids == letter_case::ignored ? &meetings_.at(c.user, lower(id), id) : &meetings_.at(c.user, id);
  auto& record = e->second;
  if (how.simultaneous == simultaneous_calls::two) {
    // The key is called while the answer to another call of it is under way: both make a meeting. A later call finds the one that is left.
    const bool at_once = record.in_flight > 0 && record.exists();
    auto* const other = meetings_.duplicate_of(*e, at_once);
    if (other != nullptr && (at_once || (!record.exists() && other->second.exists()))) return other;
  }
  if (record.creates > 0 && record.deleted && how.deleted == deleted_key::refused) {
    error(c, 400, "BadRequest", "The meeting with this externalId was deleted.");
    return nullptr;
  }
  return e;
}

void service::refuse_unknown_meeting(call& c) {
  switch (how_.open.unknown) {
    case unknown_meeting::forbidden:
      return error(c, 403, "Forbidden", "");
    case unknown_meeting::malformed:
      return error(c, 400, "BadRequest", "1026: An error has occurred.");
    case unknown_meeting::not_found:
      break;
  }
  error(c, 404, "NotFound", "The meeting does not exist.");
}

// A createOrGet found the meeting of `e`.
void service::repeat(meeting_store::entry& e) {
  const auto effect = how_.open.repeat;
  if (effect == repeat_effect::nothing) return;
  changes_.clear();
  if (effect != repeat_effect::times) {
    changes_.subject_given = true;
    changes_.has_subject = wanted_.has_subject;
    changes_.subject = wanted_.subject;
  }
  if (effect != repeat_effect::subject) {
    changes_.times_given = true;
    changes_.start = wanted_.start;
    changes_.end = wanted_.end;
  }
  meetings_.update(e, changes_);
}

}  // namespace convoke::sim

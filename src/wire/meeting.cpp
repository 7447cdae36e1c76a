#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "wire/document.hpp"
#include "wire/observed_options.hpp"

namespace convoke::wire {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

std::unexpected<error> wrong(std::string_view member, std::string_view what) {
  std::string message("the answer's ");
  message.append(member).append(" ").append(what);
  return fail(errc::protocol, std::move(message));
}

// The members of one object that were seen. A member that is read and occurs twice is refused: of two ids neither is believed, because
// JSON does not define which one counts.
class seen {
 public:
  bool again(unsigned member) noexcept {
    const auto bit = std::uint32_t{1} << member;
    return std::exchange(bits_, bits_ | bit) & bit;
  }

 private:
  std::uint32_t bits_ = 0;
};

// A string or null. A number is not taken for a string, because an id would lose digits.
result<> read_text(element value, std::string_view name, std::size_t limit, std::optional<std::string>& out) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    if (text.size() > limit) return wrong(name, "is longer than " + std::to_string(limit) + " bytes");
    out.emplace(text);
  } else if (!value.is_null()) {
    return wrong(name, "is not a string");
  }
  return {};
}

// Without an early exit, so that the compiler vectorises it: ids and links are most of what is kept.
bool has_controls(std::string_view text) noexcept {
  unsigned char found = 0;
  for (const char c : text) found |= static_cast<unsigned char>((static_cast<unsigned char>(c) < 0x20) | (c == 0x7F));
  return found != 0;
}

// An id or a link. It is written to files, logs and requests, so it must not have control characters.
result<> read_inert(element value, std::string_view name, std::size_t limit, std::string& out) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) {
    if (value.is_null()) return {};
    return wrong(name, "is not a string");
  }
  if (text.size() > limit) return wrong(name, "is longer than " + std::to_string(limit) + " bytes");
  if (has_controls(text)) return wrong(name, "has control characters");
  out.assign(text);
  return {};
}

result<> read_time(element value, std::string_view name, std::optional<utc_time>& out) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) {
    if (value.is_null()) return {};
    return wrong(name, "is not a string");
  }
  const auto time = parse_utc(text);
  if (!time) return wrong(name, "is not a time with an offset");
  // The service writes this for "none" in degraded answers.
  static constexpr utc_time none{std::chrono::sys_days{std::chrono::year{1} / 1 / 1}};
  if (*time != none) out = *time;
  return {};
}

std::optional<attendee_role> read_role(std::string_view word) {
  for (const auto role : {attendee_role::attendee, attendee_role::presenter, attendee_role::coorganizer}) {
    if (word == to_string(role)) return role;
  }
  return std::nullopt;
}

// `{user:{id}}`. Applications and devices are skipped.
result<> read_identity(element value, std::string& object_id) {
  constexpr auto limit = text_limits::word;
  if (value.is_null()) return {};
  object identity;
  if (value.get(identity) != simdjson::SUCCESS) return wrong("attendee's identity", "is not an object");
  seen members;
  for (const auto member : identity) {
    if (member.key != "user") continue;
    if (members.again(0)) return wrong("attendee's identity.user", "comes twice");
    if (member.value.is_null()) continue;
    object user;
    if (member.value.get(user) != simdjson::SUCCESS) return wrong("attendee's identity.user", "is not an object");
    seen of_user;
    for (const auto inner : user) {
      if (inner.key != "id") continue;
      if (of_user.again(0)) return wrong("attendee's identity.user.id", "comes twice");
      if (const auto ok = read_inert(inner.value, "attendee's identity.user.id", limit, object_id); !ok) return ok;
    }
  }
  core::make_lower(object_id);
  return {};
}

result<observed_attendee> read_attendee(element value) {
  object person;
  if (value.get(person) != simdjson::SUCCESS) return wrong("attendee", "is not an object");
  observed_attendee out;
  seen members;
  for (const auto member : person) {
    result<> ok;
    if (member.key == "upn") {
      if (members.again(0)) return wrong("attendee's upn", "comes twice");
      ok = read_inert(member.value, "attendee's upn", text_limits::id, out.upn);
      core::make_lower(out.upn);
    } else if (member.key == "identity") {
      if (members.again(1)) return wrong("attendee's identity", "comes twice");
      ok = read_identity(member.value, out.object_id);
    } else if (member.key == "role") {
      if (members.again(2)) return wrong("attendee's role", "comes twice");
      std::optional<std::string> word;
      ok = read_text(member.value, "attendee's role", text_limits::word, word);
      if (word) out.role = read_role(*word);
    }
    if (!ok) return std::unexpected(ok.error());
  }
  return out;
}

result<> read_participants(element value, std::optional<std::vector<observed_attendee>>& out, std::string& organizer) {
  if (value.is_null()) return {};
  object participants;
  if (value.get(participants) != simdjson::SUCCESS) return wrong("participants", "is not an object");
  seen members;
  for (const auto member : participants) {
    if (member.key == "organizer") {
      if (members.again(1)) return wrong("participants.organizer", "comes twice");
      if (member.value.is_null()) continue;
      const auto person = read_attendee(member.value);
      if (!person) return std::unexpected(person.error());
      organizer = parse_guid(person->object_id).value_or(std::string());
      continue;
    }
    if (member.key != "attendees") continue;
    if (members.again(0)) return wrong("participants.attendees", "comes twice");
    if (member.value.is_null()) continue;
    simdjson::dom::array list;
    if (member.value.get(list) != simdjson::SUCCESS) return wrong("participants.attendees", "is not an array");
    auto& people = out.emplace();
    people.reserve(list.size());
    for (const auto item : list) {
      auto person = read_attendee(item);
      if (!person) return std::unexpected(person.error());
      people.push_back(*std::move(person));
    }
  }
  return {};
}

result<> read_join_settings(element value, meeting& out) {
  if (value.is_null()) return {};
  object settings;
  if (value.get(settings) != simdjson::SUCCESS) return wrong("joinMeetingIdSettings", "is not an object");
  seen members;
  for (const auto member : settings) {
    result<> ok;
    if (member.key == "joinMeetingId") {
      if (members.again(0)) return wrong("joinMeetingIdSettings.joinMeetingId", "comes twice");
      ok = read_text(member.value, "joinMeetingIdSettings.joinMeetingId", text_limits::word, out.join_meeting_id);
    } else if (member.key == "passcode") {
      if (members.again(1)) return wrong("joinMeetingIdSettings.passcode", "comes twice");
      ok = read_text(member.value, "joinMeetingIdSettings.passcode", text_limits::word, out.passcode);
    }
    if (!ok) return ok;
  }
  return {};
}

// A member of onlineMeetingPresenters. `unknownFutureValue` stands for one that is not shown.
result<> read_presenters(element value, std::string_view name, std::optional<std::string>& out) {
  auto read = read_text(value, name, text_limits::word, out);
  if (out == "unknownFutureValue") out.reset();
  return read;
}

// The string, or the first string of the list that is neither empty nor too long.
std::optional<std::string> any_text(element value) {
  std::string_view text;
  const auto usable = [&text](element from) {
    return from.get(text) == simdjson::SUCCESS && !text.empty() && text.size() <= text_limits::word;
  };
  if (usable(value)) return std::string(text);
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS) return std::nullopt;
  for (const auto item : list) {
    if (usable(item)) return std::string(text);
  }
  return std::nullopt;
}

// Nothing depends on it, and the documentation writes its names in two ways, so what cannot be read is left out.
void read_audio(element value, meeting& out) {
  object audio;
  if (value.get(audio) != simdjson::SUCCESS) return;
  std::optional<std::string> toll, toll_list, free, free_list;
  const auto first = [](std::optional<std::string>& into, element from) {
    if (!into) into = any_text(from);
  };
  for (const auto member : audio) {
    if (core::equal_ignoring_case(member.key, "conferenceId")) {
      first(out.conference_id, member.value);
    } else if (core::equal_ignoring_case(member.key, "tollNumber")) {
      first(toll, member.value);
    } else if (core::equal_ignoring_case(member.key, "tollNumbers")) {
      first(toll_list, member.value);
    } else if (core::equal_ignoring_case(member.key, "tollFreeNumber")) {
      first(free, member.value);
    } else if (core::equal_ignoring_case(member.key, "tollFreeNumbers")) {
      first(free_list, member.value);
    }
  }
  for (auto* number : {&toll, &toll_list, &free, &free_list}) {
    if (!out.dial_in_number) out.dial_in_number = std::move(*number);
  }
}

// An options link and an expiry are shown and remembered, but no row depends on them: what cannot be read counts as absent.
void read_options_url(element value, meeting& out) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS || text.empty() || text.size() > text_limits::url || has_controls(text)) return;
  out.options_url.emplace(text);
}

// The chat is compared only where a row wants one: what cannot be read cannot be verified.
void read_chat(element value, meeting& out) {
  object chat;
  if (value.get(chat) != simdjson::SUCCESS) return;
  seen members;
  for (const auto member : chat) {
    if (member.key != "threadId") continue;
    if (members.again(0)) return out.chat_thread_id.reset();
    std::string_view text;
    if (member.value.get(text) != simdjson::SUCCESS || text.empty() || text.size() > text_limits::word || has_controls(text)) continue;
    out.chat_thread_id.emplace(text);
  }
}

void read_expiry(element value, meeting& out) {
  std::optional<utc_time> time;
  if (read_time(value, "expiryDateTime", time)) out.expires_at = time;
}

enum member_name : unsigned {
  id,
  join_url,
  external_id,
  subject,
  start,
  end,
  participants,
  audio,
  join_settings,
  context,
  options_url,
  expiry,
  presenters,
  chat,
  other
};

// An answer has some 50 members, of which fourteen are read: the length alone excludes most of the others.
member_name which(std::string_view key) noexcept {
  switch (key.size()) {
    case 2:
      return key == "id" ? id : other;
    case 7:
      return key == "subject" ? subject : other;
    case 8:
      return key == "chatInfo" ? chat : other;
    case 10:
      return key == "joinWebUrl" ? join_url : key == "externalId" ? external_id : other;
    case 11:
      return key == "endDateTime" ? end : other;
    case 12:
      return key == "participants" ? participants : other;
    case 13:
      return key == "startDateTime" ? start : other;
    case 14:
      return key == "@odata.context" ? context : key == "expiryDateTime" ? expiry : other;
    case 17:
      return key == "audioConferencing" ? audio : key == "allowedPresenters" ? presenters : other;
    case 20:
      return key == "meetingOptionsWebUrl" ? options_url : other;
    case 21:
      return key == "joinMeetingIdSettings" ? join_settings : other;
    default:
      return other;
  }
}

result<> read_member(member_name name, std::string_view key, element value, meeting& out, named_organizer& organizer) {
  switch (name) {
    case id:
      return read_inert(value, key, text_limits::id, out.id);
    case join_url:
      return read_inert(value, key, text_limits::url, out.join_web_url);
    case external_id:
      return read_inert(value, key, text_limits::id, out.external_id);
    case subject:
      return read_text(value, key, std::string::npos, out.subject);  // compared, and not kept
    case start:
      return read_time(value, key, out.start);
    case end:
      return read_time(value, key, out.end);
    case participants:
      return read_participants(value, out.attendees, organizer.participant);
    case join_settings:
      return read_join_settings(value, out);
    case audio:
      read_audio(value, out);
      return {};
    case options_url:
      read_options_url(value, out);
      return {};
    case expiry:
      read_expiry(value, out);
      return {};
    case context:
      if (std::string_view text; value.get(text) == simdjson::SUCCESS) organizer.context = organizer_in_context(text);
      return {};
    case presenters:
      return read_presenters(value, key, out.allowed_presenters);
    case chat:
      read_chat(value, out);
      return {};
    case other:
      break;
  }
  return {};
}

}  // namespace

parser::parser() : impl_(std::make_unique<impl>()) {}
parser::~parser() = default;

result<meeting> parser::parse_meeting(std::string_view body, named_organizer* organizer, std::span<const option_value> options) {
  const impl::lease buffers(*impl_, body.size());
  element root;
  if (const auto failure = impl_->read(body).get(root); failure != simdjson::SUCCESS) {
    std::string message("the answer is not valid JSON: ");
    message += simdjson::error_message(failure);
    return fail(errc::protocol, std::move(message));
  }
  object members;
  if (root.get(members) != simdjson::SUCCESS) return fail(errc::protocol, "the answer is not a JSON object");

  meeting out;
  named_organizer named;
  seen known;
  option_reader wanted(options, out.options);
  for (const auto member : members) {
    const auto name = which(member.key);
    // Who may present is an option too.
    if (name == other || name == presenters) {
      if (const auto ok = wanted.read(member.key, member.value); !ok) return std::unexpected(ok.error());
    }
    if (name == other) continue;
    if (known.again(name)) return wrong(member.key, "comes twice");
    if (const auto ok = read_member(name, member.key, member.value, out, named); !ok) return std::unexpected(ok.error());
  }
  wanted.finish();
  if (organizer != nullptr) *organizer = std::move(named);
  return out;
}

}  // namespace convoke::wire

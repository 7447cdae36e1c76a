#pragma once

// The wire format of Graph's meetings: paths, bodies of requests, and what is read of answers and errors. Pure.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/meeting.hpp>
#include <convoke/spec.hpp>

namespace convoke::wire {

// Appends the body of createOrGet to `out`: externalId, startDateTime and endDateTime (UTC with Z, whole seconds), subject,
// participants.attendees with upn or identity.user.id, and role as given, and chatInfo.threadId of a channel meeting, which has to be sent
// to the beta endpoint (version_for). Appending lets a caller reuse its buffer.
void append_create_or_get(std::string& out, const meeting_spec& wanted);

// Appends the body of a PATCH to `out`, written as createOrGet writes it, with only the members that `changed` names (`subject`, `start`,
// `end`, `attendees`, `roles`, as spec::differing_fields names them). Graph refuses a PATCH of the whole resource. It takes a start or an
// end only together with the other, and replaces the whole list of attendees: so both times are sent for either, and the attendees in full,
// also where there are none. Graph honours the roles of attendees only where `allowedPresenters` is `roleIsPresenter`: a spec that keeps
// its roles sends it with its attendees; `roles` names both. Where `changed` names nothing that the spec has, everything is sent: an absent
// subject never is. Of the options (`option.NAME`) those are sent that `changed` names, and of an option with parts only these parts.
void append_update(std::string& out, const meeting_spec& wanted, std::span<const std::string> changed);

// How a path names the organizer: `users/{object id}`, or `me`, which is the user whose token is sent.
enum class addressing : std::uint8_t { by_id, as_me };

enum class api_version : std::uint8_t { v1_0, beta };

// The version whose createOrGet makes this meeting: beta for a channel meeting, because the page of v1.0 does not list chatInfo. Whatever
// follows, GET, PATCH and DELETE by the meeting's id, is v1.0 for every meeting.
[[nodiscard]] inline api_version version_for(const meeting_spec& wanted) noexcept {
  return wanted.chat_thread_id.empty() ? api_version::v1_0 : api_version::beta;
}

// `/v1.0/users/{organizer}/onlineMeetings/createOrGet`, or `/beta/…`. The organizer is an object id, so nothing needs encoding. Anything
// else is a bug and throws std::invalid_argument.
[[nodiscard]] std::string create_or_get_path(std::string_view organizer, addressing how = addressing::by_id,
                                             api_version version = api_version::v1_0);

// `/v1.0/users/{organizer}/onlineMeetings?$filter=…`: looks for a meeting by a join id that no meeting has. It makes nothing and finds
// nothing; whether the service looks, or refuses, shows whether the app may act for the organizer. As for create_or_get_path.
[[nodiscard]] std::string harmless_read_path(std::string_view organizer, addressing how = addressing::by_id);

// `/v1.0/users/{organizer}/onlineMeetings/{id}`, the id percent-encoded: base64 has `+`, `/` and `=`. The id was read from an answer or
// from a ledger. The reason, for people, where it must not be sent: it is empty, longer than text_limits::id, has characters that no id of
// Graph has (only visible ASCII without `%` is taken), holds `.` or `..` between slashes, or names another organizer.
[[nodiscard]] std::expected<std::string, std::string> meeting_path(std::string_view organizer, std::string_view id,
                                                                   addressing how = addressing::by_id);

// An error as the service reports it, fit to be shown: control characters are escaped (core/text.hpp), and lengths are limited.
struct graph_error {
  std::string code;     // innerError's where the outer one is empty; may be empty
  std::string message;  // at most 500 characters
  std::string request_id, client_request_id;
  bool whole = true;  // false: the body begins as JSON but is not valid JSON, so part of it may be missing
};

// The longest members of an answer, in bytes. Graph's ids were seen with up to 190: a member that is longer than this is not Graph's.
struct text_limits {
  static constexpr std::size_t id = 1024, url = 4096, word = 256;
};

// Whose meeting an answer claims to be: an object id in lower case for each place; empty where the answer does not say.
struct named_organizer {
  std::string participant;  // participants.organizer.identity.user.id
  std::string context;      // the user in @odata.context
};

// The organizer that a meeting id names (base64 of `1*{object id}*…`), in lower case; empty where it names none that can be read.
[[nodiscard]] std::string organizer_in_id(std::string_view id);
// The digits of such an id, at its beginning, that name the organizer.
inline constexpr std::size_t organizer_digits = 52;
// The same of a join URL (`?context={"Tid":"…","Oid":"{object id}"}`, percent-encoded).
[[nodiscard]] std::string organizer_in_join_url(std::string_view url);
// The same of an @odata.context (`…/$metadata#users('{object id}')/…`).
[[nodiscard]] std::string organizer_in_context(std::string_view context);

// Reads answers. Reuses its buffers except very large ones. Not thread-safe.
class parser {
 public:
  parser();
  ~parser();
  parser(const parser&) = delete;
  parser& operator=(const parser&) = delete;
  // Reads an onlineMeeting. Unknown members are skipped; null means absent. errc::protocol where the body is not one whole JSON object with
  // the right types, where a member that is read occurs twice or is longer than text_limits allow, and where it is nested deeper than 32
  // levels. The body needs no padding. id, join_web_url and external_id are empty where the answer has none: the caller decides whether to
  // believe it. `organizer` is filled where it is given. Of the options only those are read that `options` names: an answer has many, and
  // most meetings want none. A value that convoke does not know is left out: it cannot be compared.
  [[nodiscard]] result<meeting> parse_meeting(std::string_view body, named_organizer* organizer = nullptr,
                                              std::span<const option_value> options = {});
  // Reads a user: its object id in lower case. errc::protocol where the body is not one whole JSON object with one `id` that is a GUID.
  [[nodiscard]] result<std::string> parse_user(std::string_view body);
  // Reads an error. Never fails: a body that is not a Graph error (HTML, text, empty) gives an empty code, and its beginning as the
  // message.
  [[nodiscard]] graph_error parse_error(std::string_view body);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::wire

#pragma once

// Graph's wire format, both ways, and its errors. Pure. simdjson in, strings that are checked as they are written out.

#include <cstddef>
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
// participants.attendees with upn or identity.user.id, and role as given. Appending lets a caller reuse its buffer.
void append_create_or_get(std::string& out, const meeting_spec& wanted);

// Appends the body of a PATCH to `out`, written as createOrGet writes it, with only the members that `changed` names (`subject`, `start`,
// `end`, `attendees`, as spec::differing_fields names them). Graph refuses a PATCH of the whole resource. It takes a start or an end only
// together with the other, and replaces the whole list of attendees: so both times are sent for either, and the attendees in full, also
// where there are none. Where `changed` names nothing that the spec has, everything is sent: an absent subject never is.
void append_update(std::string& out, const meeting_spec& wanted, std::span<const std::string> changed);

// `/v1.0/users/{organizer}/onlineMeetings/createOrGet`. The organizer is an object id, so nothing needs encoding. Anything else is a bug
// and throws std::invalid_argument.
[[nodiscard]] std::string create_or_get_path(std::string_view organizer);

// `/v1.0/users/{organizer}/onlineMeetings/{id}`, the id percent-encoded: base64 has `+`, `/` and `=`. The id was read from an answer or
// from a ledger. The reason, for people, where it must not be sent: it is empty, longer than text_limits::id, has characters that no id of
// Graph has (only visible ASCII without `%` is taken), holds `.` or `..` between slashes, or names another organizer.
[[nodiscard]] std::expected<std::string, std::string> meeting_path(std::string_view organizer, std::string_view id);

// What the service said was wrong, fit to be shown: control characters are escaped (core/text.hpp), lengths limited.
struct graph_error {
  std::string code;     // may be empty; innerError's code where the outer is empty
  std::string message;  // at most 500 characters
  std::string request_id, client_request_id;
  bool whole = true;  // false: the body begins as JSON and is none, so that part of it may be missing
};

// What a member of an answer may have in bytes. A longer one is not Graph's and is of no use.
struct text_limits {
  static constexpr std::size_t id = 1024, url = 4096, word = 256;
};

// Whose meeting an answer is, in its own words: each an object id in lower case, empty where the answer does not say.
struct named_organizer {
  std::string participant;  // participants.organizer.identity.user.id
  std::string context;      // the user in @odata.context
};

// The organizer that a meeting id names (base64 of `1*{object id}*…`), in lower case; empty where it names none that can be read.
[[nodiscard]] std::string organizer_in_id(std::string_view id);
inline constexpr std::size_t organizer_digits = 52;  // of such an id: those that name the organizer
// The same of a join URL (`?context={"Tid":"…","Oid":"{object id}"}`, percent-encoded).
[[nodiscard]] std::string organizer_in_join_url(std::string_view url);
// The same of an @odata.context (`…/$metadata#users('{object id}')/…`).
[[nodiscard]] std::string organizer_in_context(std::string_view context);

// Reuses its buffers, except very large ones: one per thread.
class parser {
 public:
  parser();
  ~parser();
  parser(const parser&) = delete;
  parser& operator=(const parser&) = delete;
  // An onlineMeeting. Unknown members are skipped, null is absent. errc::protocol for anything that is not a whole JSON object of the
  // right types, for a member that counts and comes twice, for one that is longer than text_limits allow, and for nesting deeper than 32.
  // Needs no padding from the caller. id, join_web_url and external_id are empty where the answer has none: whether to believe it is for
  // the caller to say. `organizer`: filled where it is given.
  [[nodiscard]] result<meeting> parse_meeting(std::string_view body, named_organizer* organizer = nullptr);
  // Never fails: a body that is no Graph error (HTML, text, empty) gives an empty code and a message made of its beginning.
  [[nodiscard]] graph_error parse_error(std::string_view body);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::wire

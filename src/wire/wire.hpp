#pragma once

// Graph's wire format, both ways, and its errors. Pure. simdjson in, strings that are checked as they are written out.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/meeting.hpp>
#include <convoke/spec.hpp>

namespace convoke::wire {

// The body of createOrGet: externalId, startDateTime, endDateTime (UTC with Z, whole seconds), subject, participants.attendees with
// upn or identity.user.id, and role as given. Appends to `out` (a caller reuses its buffer).
void append_create_or_get(std::string& out, const meeting_spec& wanted);

// `/v1.0/users/{id}/onlineMeetings/createOrGet`. The organizer is a GUID, so nothing needs encoding; anything else is a bug and throws
// std::invalid_argument.
[[nodiscard]] std::string create_or_get_path(std::string_view organizer);

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

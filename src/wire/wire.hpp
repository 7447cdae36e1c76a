#pragma once

// Graph's wire format, both ways, and its errors. Pure. simdjson in, strings that are checked as they are written out.

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
void append_create_or_get(std::string& out, const spec& wanted);

// `/v1.0/users/{id}/onlineMeetings/createOrGet`. The organizer is a GUID, so nothing needs encoding; anything else is a bug and throws
// std::invalid_argument.
[[nodiscard]] std::string create_or_get_path(std::string_view organizer);

// What the service said was wrong, fit to be shown: control characters are escaped (core/text.hpp), lengths limited.
struct graph_error {
  std::string code;     // may be empty; innerError's code where the outer is empty
  std::string message;  // at most 500 characters
  std::string request_id, client_request_id;
};

// Reuses its buffers: one per thread.
class parser {
 public:
  parser();
  ~parser();
  parser(const parser&) = delete;
  parser& operator=(const parser&) = delete;
  // An onlineMeeting. Unknown members are skipped, null is absent. errc::protocol for anything that is not a whole JSON object of the
  // right types, for a member that counts and comes twice, and for nesting deeper than 32. Needs no padding from the caller. id,
  // join_web_url and external_id are empty where the answer has none: whether to believe it is for the caller to say.
  [[nodiscard]] result<meeting> parse_meeting(std::string_view body);
  // Never fails: a body that is no Graph error (HTML, text, empty) gives an empty code and a message made of its beginning.
  [[nodiscard]] graph_error parse_error(std::string_view body);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::wire

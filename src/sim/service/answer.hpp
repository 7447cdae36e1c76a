#pragma once

// The bodies and headers of Graph's answers: the onlineMeeting, errors, and the headers that every answer has.

#include <string>
#include <string_view>

#include "sim/service/behaviour.hpp"
#include "sim/service/meetings.hpp"
#include "sim/service/message.hpp"
#include "sim/service/random_source.hpp"

namespace convoke::sim {

// The headers of an answer with a meeting.
inline constexpr std::string_view json_headers =
    "Content-Type: application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8\r\nOData-Version: "
    "4.0\r\n";

struct answer_options {
  std::string graph_root, tenant;
  bool show_roles = false, small = false, extra_members = false;
  std::uint8_t fraction_digits = trimmed_digits;
  join_link_form join_links = join_link_form::full;
  expiry_options expiry{};
  bool show_chat = true;  // chatInfo; false: it is null
  bool shows_expiry = true, shows_invitation = true;
};

// How a fault changes the meeting in an answer.
enum class distortion : std::uint8_t { none, other_external_id, missing_id };

// Appends the onlineMeeting of `e`, which exists. `beta` and `unknown_members` (Prefer: include-unknown-enum-members) are the caller's.
void append_meeting(std::string& out, const meeting_store::entry& e, const answer_options& how, bool beta, bool unknown_members,
                    distortion wrong);

// The joinMeetingId and the joinWebUrl of that meeting.
struct shown_ids {
  std::string join_id, join_url;
};
[[nodiscard]] shown_ids ids_of(const meeting_store::entry& e, const answer_options& how);

// Graph's and the request's ids, one pair per call.
struct call_ids {
  std::string request_id, client_request_id;
};

// {"error":{"code","message","innerError":{…}}}
void append_error(std::string& out, std::string_view code, std::string_view message, const call_ids& ids, utc_time now);
// Puts a code into the innerError of such a body.
void add_inner_code(std::string& body, std::string_view code);
// The body of a 429: its innerError repeats code, message and status.
void append_throttle_error(std::string& out, const call_ids& ids, utc_time now);

// The headers every answer of Graph has. Date is kept between calls of one second.
class header_writer {
 public:
  void append(std::string& out, const call_ids& ids, std::string_view scenario, utc_time now);
  // Also for answers that are not Graph's (the token endpoint).
  void append_date(std::string& out, utc_time now);

 private:
  std::int64_t second_ = -1;
  std::string date_;
};

}  // namespace convoke::sim

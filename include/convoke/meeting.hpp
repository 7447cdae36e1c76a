#pragma once

/// \file
/// A meeting as an answer of the service shows it.

#include <optional>
#include <string>
#include <vector>

#include <convoke/spec.hpp>
#include <convoke/time.hpp>

namespace convoke {

/// An attendee of a stored meeting. The service may show either id, both, or (for people who dial in) neither. Both are in lower case.
struct observed_attendee {
  std::string upn;
  std::string object_id;
  std::optional<attendee_role> role;  ///< absent where the answer has none, or one that is not in attendee_role: it cannot be verified

  friend bool operator==(const observed_attendee&, const observed_attendee&) = default;
};

/// The members of a microsoft.graph.onlineMeeting that convoke reads. An optional is absent where the answer omits it or has null.
struct meeting {
  std::string id;
  std::string join_web_url;
  std::string external_id;
  std::optional<std::string> join_meeting_id;
  std::optional<std::string> passcode;
  std::optional<std::string> dial_in_number;  ///< tollNumber, else tollFreeNumber
  std::optional<std::string> conference_id;
  std::optional<std::string> options_url;  ///< meetingOptionsWebUrl: it opens for the organizer only
  /// expiryDateTime: when the meeting resource expires, 60 days after its end unless it was updated or used since. Absent where the answer
  /// has none (national clouds), or 0001-01-01, or something that is no time: nothing but a renewal depends on it.
  std::optional<utc_time> expires_at;
  std::optional<std::string> subject;
  std::optional<utc_time> start;
  std::optional<utc_time> end;
  std::optional<std::vector<observed_attendee>> attendees;
  std::optional<std::string> allowed_presenters;  ///< a word of onlineMeetingPresenters; `unknownFutureValue` is absent
  /// Of the options that were looked for, those that the answer shows with a value that convoke knows; sorted by option. An empty value is
  /// an empty list.
  std::vector<option_value> options{};
  /// chatInfo.threadId. Absent where the answer has none, or something that is no text of at most 256 bytes: it cannot be verified then.
  std::optional<std::string> chat_thread_id{};

  friend bool operator==(const meeting&, const meeting&) = default;
};

}  // namespace convoke

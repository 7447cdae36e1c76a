#pragma once

// How the observation of a meeting replaces the one before: SQL for both stores.

#include <string_view>

namespace convoke::ledger {

// The assignments of `INSERT INTO observation … ON CONFLICT DO UPDATE SET` to what an answer shows of a meeting. An answer to an update may
// leave out what the answer to createOrGet had: of the same meeting the earlier value stays. Of another one nothing does.
inline constexpr std::string_view observe_what_is_shown = R"sql(meeting_id = excluded.meeting_id,
    join_web_url = CASE WHEN observation.meeting_id = excluded.meeting_id AND coalesce(excluded.join_web_url, '') = ''
      THEN observation.join_web_url ELSE excluded.join_web_url END,
    join_meeting_id = CASE WHEN observation.meeting_id = excluded.meeting_id
      THEN coalesce(excluded.join_meeting_id, observation.join_meeting_id) ELSE excluded.join_meeting_id END,
    passcode = CASE WHEN observation.meeting_id = excluded.meeting_id
      THEN coalesce(excluded.passcode, observation.passcode) ELSE excluded.passcode END,
    dial_in_number = CASE WHEN observation.meeting_id = excluded.meeting_id
      THEN coalesce(excluded.dial_in_number, observation.dial_in_number) ELSE excluded.dial_in_number END,
    conference_id = CASE WHEN observation.meeting_id = excluded.meeting_id
      THEN coalesce(excluded.conference_id, observation.conference_id) ELSE excluded.conference_id END,
    options_url = CASE WHEN observation.meeting_id = excluded.meeting_id
      THEN coalesce(excluded.options_url, observation.options_url) ELSE excluded.options_url END,
    expires_at = CASE WHEN observation.meeting_id = excluded.meeting_id
      THEN coalesce(excluded.expires_at, observation.expires_at) ELSE excluded.expires_at END)sql";

}  // namespace convoke::ledger

#pragma once

// Answers of the shape and size that Graph documents for an onlineMeeting, with invented contents.

#include <string>

namespace convoke::wire::samples {

inline const std::string meeting_url =
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_N2E0ZjYxYzktM2I1Mi00ZDc4%40thread.v2/0?context=%7b%22Tid%22%3a%22"
    "9d2f4c1a-0b7e-4c55-8a31-6f0d2e9b7c10%22%2c%22Oid%22%3a%225c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f%22%7d";

// An answer of 2 KB, without the HTML of the invitation.
inline std::string small_meeting() {
  return R"({"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users('5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f')/onlineMeetings/$entity",)"
         R"("id":"MSo1YzFiOWU3MC00ZDJhLTRmMzYtOWM4ZS0xYTJiM2M0ZDVlNmYqMCoqMTk6bWVldGluZ19OMkUwWmpZeFl6a3RNMkkxTWkwMFpEYzRAdGhyZWFkLnYy",)"
         R"("creationDateTime":"2026-08-20T06:12:45.31931Z","startDateTime":"2026-09-01T08:00:00Z","endDateTime":"2026-09-01T09:30:00Z",)"
         R"("joinUrl":")" +
         meeting_url + R"(","joinWebUrl":")" + meeting_url +
         R"(","subject":"Einf\u00fchrung in die Zoologie, \u00dcbung 3","isBroadcast":false,"autoAdmittedUsers":"EveryoneInCompany",)"
         R"("isEntryExitAnnounced":true,"allowedPresenters":"everyone","videoTeleconferenceId":null,"externalId":"BIO-101-03-20260901",)"
         R"("participants":{"organizer":{"upn":"Anna.Weiss@uni.example","role":"presenter","identity":{"application":null,"device":null,)"
         R"("user":{"id":"5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f","displayName":null,"tenantId":"9d2f4c1a-0b7e-4c55-8a31-6f0d2e9b7c10",)"
         R"("identityProvider":"AAD"}}},"attendees":[{"upn":"Tom.Berg@uni.example","role":null,"identity":{"application":null,"device":null,)"
         R"("user":{"id":"7E8F9A0B-1C2D-4E3F-8A5B-6C7D8E9F0A1B","displayName":"Tom Berg"}}},{"upn":null,"role":"unknownFutureValue",)"
         R"("identity":{"user":{"id":"0f1e2d3c-4b5a-4968-8776-655443322110"}}}]},"lobbyBypassSettings":{"scope":"organization",)"
         R"("isDialInBypassEnabled":false},"joinMeetingIdSettings":{"isPasscodeRequired":true,"joinMeetingId":"312 458 906 77",)"
         R"("passcode":"k4Xw9Q"},"audioConferencing":{"tollNumber":"+49 30 555 0100","tollFreeNumber":null,"ConferenceId":"458906771",)"
         R"("dialinUrl":"https://dialin.example/458906771"},"chatInfo":{"threadId":"19:meeting_N2E0@thread.v2","messageId":"0"}})";
}

// An answer of 8.5 KB, with it.
inline std::string large_meeting() {
  auto text = small_meeting();
  std::string html = "data:text/html,";
  while (html.size() < 6300)
    html += "%3cdiv+style%3d%22width%3a100%25%3b%22%3e%0d%0a++++%3cspan%3eMicrosoft+Teams%3c%2fspan%3e%3c%2fdiv%3e";
  text.pop_back();
  return text + R"(,"joinInformation":{"contentType":"Html","content":")" + html + R"("}})";
}

}  // namespace convoke::wire::samples

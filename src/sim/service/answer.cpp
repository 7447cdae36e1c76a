#include "sim/service/answer.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

// Where a gap is: 1 the join link, 2 the meeting id in groups, 3 the passcode. Percent-encoded HTML, as Graph sends it.
constexpr std::string_view invitation =
    "data:text/"
    "html,%3Cdiv%20style%3D%22width%3A100%25%3B%22%3E%0D%0A%20%20%20%20%3Cspan%20style%3D%22white-space%3Anowrap%3Bcolor%3A%235F5F5F%"
    "3Bopacity%3A.36%3B"
    "%22%3E________________________________________________________________________________%3C%2Fspan%3E%0D%0A%3C%2Fdiv%3E%0D%0A%0D%0A%"
    "3Cdiv%20class%3D%22me-email-"
    "text%22%20style%3D%22color%3A%23252424%3Bfont-family%3A%27Segoe%20UI%27%2C%27Helvetica%20Neue%27%2CHelvetica%2CArial%2Csans-serif%3B%"
    "22%20lang%3D%22en-US%22%3E"
    "%0D%0A%20%20%20%20%3Cdiv%20style%3D%22margin-top%3A%2024px%3B%20margin-bottom%3A%2020px%3B%22%3E%0D%0A%20%20%20%20%20%20%20%20%3Cspan%"
    "20style%3D%22font-size%3A"
    "%2024px%3B%20color%3A%23252424%22%3EMicrosoft%20Teams%20meeting%3C%2Fspan%3E%0D%0A%20%20%20%20%3C%2Fdiv%3E%0D%0A%20%20%20%20%3Cdiv%"
    "20style%3D%22margin-bottom%3A"
    "%2020px%3B%22%3E%0D%0A%20%20%20%20%20%20%20%20%3Cdiv%20style%3D%22margin-top%3A%200px%3B%20margin-bottom%3A%200px%3B%20font-weight%3A%"
    "20bold%22%3E%0D%0A%20%20%20"
    "%20%20%20%20%20%20%20%3Cspan%20style%3D%22font-size%3A%2014px%3B%20color%3A%23252424%22%3EJoin%20on%20your%20computer%2C%20mobile%"
    "20app%20or%20room%20device%3C%2F"
    "span%3E%0D%0A%20%20%20%20%20%20%20%20%3C%2Fdiv%3E%0D%0A%20%20%20%20%20%20%20%20%3Ca%20class%3D%22me-email-headline%22%20style%3D%"
    "22font-size%3A%2014px%3Bfont-"
    "family%3A%27Segoe%20UI%20Semibold%27%2C%27Segoe%20UI%27%2C%27Helvetica%20Neue%27%2CHelvetica%2CArial%2Csans-serif%3Btext-decoration%"
    "3A%20underline%3Bcolor%3A%20"
    "%236264a7%3B%22%20href%3D%22\1%22%20target%3D%22_blank%22%20rel%3D%22noreferrer%20noopener%22%3EClick%20here%20to%20join%20the%"
    "20meeting%3C%2Fa%3E%0D%0A%20%20%20"
    "%20%3C%2Fdiv%3E%0D%0A%20%20%20%20%3Cdiv%20style%3D%22margin-bottom%3A20px%3B%20margin-top%3A20px%22%3E%0D%0A%20%20%20%20%20%20%20%20%"
    "3Cdiv%20style%3D%22margin-"
    "bottom%3A4px%22%3E%0D%0A%20%20%20%20%20%20%20%20%20%20%3Cspan%20data-tid%3D%22meeting-code%22%20style%3D%22font-size%3A%2014px%3B%"
    "20color%3A%23252424%3B%22%3E%0D"
    "%0A%20%20%20%20%20%20%20%20%20%20%20%20Meeting%20ID%3A%20%3Cspan%20style%3D%22font-size%3A16px%3B%20color%3A%23252424%3B%22%3E\2%3C%"
    "2Fspan%3E%0D%0A%20%20%20%20"
    "%20%20%20%20%20%20%3C%2Fspan%3E%3Cbr%20%2F%3E%3Cspan%20style%3D%22font-size%3A%2014px%3B%20color%3A%23252424%3B%22%3E%20Passcode%3A%"
    "20%3C%2Fspan%3E%3Cspan%20style"
    "%3D%22font-size%3A%2016px%3B%20color%3A%23252424%3B%22%3E%20\3%20%3C%2Fspan%3E%0D%0A%20%20%20%20%20%20%20%20%3C%2Fdiv%3E%0D%0A%20%20%"
    "20%20%3C%2Fdiv%3E%0D%0A%3C%2F"
    "div%3E";

// Members that neither createOrGet nor PATCH can set.
constexpr std::string_view other_members =
    R"("allowParticipantsToChangeName":false,"autoAdmittedUsers":"everyoneInCompany","isBroadcast":false,"meetingType":null,)"
    R"("shareMeetingChatHistoryDefault":"none","videoTeleconferenceId":null,"chatRestrictions":null,"broadcastSettings":null,)"
    R"("meetingTemplateId":null,)";

std::string all_unset() {
  std::string out(other_members);
  append_options(out, {}, false);
  return out;
}

// What a meeting shows beside its text and its ids.
void append_settings(std::string& out, const key_record& record, bool small) {
  static const std::string unset = all_unset();  // most meetings, and every benchmark's
  if (!record.options) {
    if (!small) out += unset;
    return;
  }
  if (!small) out += other_members;
  append_options(out, *record.options, small);
}

struct identities {
  std::string thread, message, id, join_url, join_id, passcode;
};

identities make_identities(const meeting_store::entry& e, const answer_options& how) {
  random_source random(e.second.serial);
  const auto organizer = meeting_store::organizer_of(e);
  identities made;
  const auto own_thread = thread_id(random.guid());
  made.thread = e.second.channel ? *e.second.channel : own_thread;
  made.message = message_id(e.second);
  std::string plain = "1*";
  plain += organizer;
  plain += '*';
  plain += made.message;
  plain += "**";
  plain += made.thread;
  append_base64(made.id, plain);

  const bool brief = how.join_links == join_link_form::brief || (how.join_links == join_link_form::mix && e.second.serial % 2 == 0);
  made.join_url = "https://teams.microsoft.com/l/meetup-join/";
  append_percent(made.join_url, made.thread);
  made.join_url += '/';
  made.join_url += made.message;
  made.join_url += "?context=";
  std::string context = R"({"Tid":")";
  context += how.tenant;
  context += R"(","Oid":")";
  context += organizer;
  context += R"("})";
  append_percent(made.join_url, context);

  append_number(made.join_id, 200'000'000'000 + random.below(99'999'999'999));
  static constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  for (int i = 0; i < 6; ++i) made.passcode += letters[random.below(letters.size())];
  if (brief) {
    made.join_url = "https://teams.microsoft.com/meet/" + made.join_id + "?p=";
    for (int i = 0; i < 18; ++i) made.join_url += letters[random.below(letters.size())];
  }
  return made;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += '"';
  out += name;
  out += "\":";
  append_json_string(out, value);
  out += ',';
}

void append_time(std::string& out, std::string_view name, utc_time value, std::uint8_t digits) {
  out += '"';
  out += name;
  out += "\":\"";
  append_instant(out, value, digits);
  out += "\",";
}

void append_person(std::string& out, std::string_view id, std::string_view upn, std::string_view role, std::string_view tenant) {
  out += R"({"identity":{"acsUser":null,"application":null,"device":null,"phone":null,"user":{"id":)";
  append_json_string(out, id);
  out += R"(,"displayName":null,"tenantId":)";
  append_json_string(out, tenant);
  out += R"(,"identityProvider":"AAD"}},"upn":)";
  if (upn.empty()) {
    out += "null";
  } else {
    append_json_string(out, upn);
  }
  out += R"(,"role":)";
  if (role.empty()) {
    out += "null";
  } else {
    append_json_string(out, role);
  }
  out += '}';
}

std::string_view shown_role(std::string_view role, bool show, bool unknown_members) {
  if (!show) return {};
  if (role.empty()) return "attendee";
  return !unknown_members && (role == "coorganizer" || role == "producer") ? "unknownFutureValue" : role;
}

void append_participants(std::string& out, const meeting_store::entry& e, const answer_options& how, bool unknown_members) {
  out += R"("participants":{)";
  if (how.extra_members) out += R"("simulatedGroups":[{"members":[]}],)";
  out += R"("organizer":)";
  append_person(out, meeting_store::organizer_of(e), {}, "presenter", how.tenant);
  out += R"(,"attendees":[)";
  auto people = e.second.people();
  for (bool first = true; !people.empty(); first = false) {
    const auto line = people.substr(0, people.find('\n'));
    people.remove_prefix(line.size() + 1);
    const auto tab = line.find('\t');
    const auto value = line.substr(1, tab - 1);
    const auto role = shown_role(line.substr(tab + 1), how.show_roles, unknown_members);
    if (!first) out += ',';
    if (line.front() == 'i') {
      append_person(out, value, {}, role, how.tenant);
    } else {
      // There is no directory: the id is made from the UPN, the same each time.
      append_person(out, random_source(hash_of(lower(value))).guid(), value, role, how.tenant);
    }
  }
  out += "]},";
}

std::string options_url_of(const identities& ids, const meeting_store::entry& e, const answer_options& how) {
  std::string out = "https://teams.microsoft.com/meetingOptions/?organizerId=";
  out += meeting_store::organizer_of(e);
  out += "&tenantId=";
  out += how.tenant;
  out += "&threadId=";
  out += ids.thread;
  out += "&messageId=";
  out += ids.message;
  return out += "&language=en-US";
}

void append_audio(std::string& out, std::uint64_t serial) {
  random_source random(serial ^ 0x5bd1e995);
  if (random.below(8) == 0) {  // organizers without a dial-in licence
    out += R"("audioConferencing":null,)";
    return;
  }
  const auto conference = 100'000'000 + random.below(899'999'999);
  out += R"("audioConferencing":{"conferenceId":")";
  append_number(out, conference);
  out +=
      R"(","tollNumber":"+1 323-555-0166","tollFreeNumber":"+1 855-555-0146","tollNumbers":["+1 323-555-0166"],"tollFreeNumbers":["+1 855-555-0146"],"dialinUrl":"https://dialin.teams.microsoft.com/00000000-0000-0000-0000-000000000000?id=)";
  append_number(out, conference);
  out += R"("},)";
}

void append_invitation(std::string& out, const identities& ids) {
  out += R"("joinInformation":{"content":")";
  for (const char c : invitation) {
    if (c == '\1') {
      append_percent(out, ids.join_url);
    } else if (c == '\2') {
      for (std::size_t i = 0; i < ids.join_id.size(); i += 3) (out += i == 0 ? "" : "%20") += ids.join_id.substr(i, 3);
    } else if (c == '\3') {
      out += ids.passcode;
    } else {
      out += c;
    }
  }
  out += R"(","contentType":"html"},)";
}

}  // namespace

void append_meeting(std::string& out, const meeting_store::entry& e, const answer_options& how, bool beta, bool unknown_members,
                    distortion wrong) {
  const auto& record = e.second;
  const auto ids = make_identities(e, how);
  out += R"({"@odata.context":")";
  out += how.graph_root;
  out += beta ? "/beta" : "/v1.0";
  out += "/$metadata#users('";
  out += meeting_store::organizer_of(e);
  out += R"(')/onlineMeetings/$entity",)";
  if (wrong != distortion::missing_id) append_member(out, "id", ids.id);
  append_time(out, "creationDateTime", record.made, how.fraction_digits);
  append_time(out, "startDateTime", record.start, how.fraction_digits);
  append_time(out, "endDateTime", record.end, how.fraction_digits);
  if (how.shows_expiry) append_time(out, "expiryDateTime", expires_at(record, how.expiry), how.fraction_digits);
  append_member(out, "joinUrl", ids.join_url);
  append_member(out, "joinWebUrl", ids.join_url);
  append_member(out, "meetingCode", ids.join_id);
  if (record.has_subject) {
    append_member(out, "subject", record.subject());
  } else {
    out += R"("subject":null,)";
  }
  std::string external_id(meeting_store::external_id_of(e));
  if (wrong == distortion::other_external_id) external_id += "-x";
  append_member(out, "externalId", external_id);
  if (how.extra_members)
    out += R"("simulatedFlag":true,"simulatedDetails":{"@odata.type":"#simulated.details","values":[1,{"a":null}],"text":"\u00e9"},)";
  append_settings(out, record, how.small);
  if (!how.small) append_member(out, "meetingOptionsWebUrl", options_url_of(ids, e, how));
  append_audio(out, record.serial);
  append_participants(out, e, how, unknown_members);
  out += R"("joinMeetingIdSettings":{"isPasscodeRequired":true,)";
  append_member(out, "joinMeetingId", ids.join_id);
  append_member(out, "passcode", ids.passcode);
  out.back() = '}';
  out += ',';
  if (!how.small && how.shows_invitation) append_invitation(out, ids);
  if (!how.show_chat) {
    out += R"("chatInfo":null})";
    return;
  }
  out += R"("chatInfo":{)";
  append_member(out, "threadId", ids.thread);
  append_member(out, "messageId", ids.message);
  out += R"("replyChainMessageId":null}})";
}

shown_ids ids_of(const meeting_store::entry& e, const answer_options& how) {
  auto made = make_identities(e, how);
  return {.join_id = std::move(made.join_id), .join_url = std::move(made.join_url)};
}

void append_error(std::string& out, std::string_view code, std::string_view message, const call_ids& ids, utc_time now) {
  out += R"({"error":{"code":)";
  append_json_string(out, code);
  out += R"(,"message":)";
  append_json_string(out, message);
  out += R"(,"innerError":{"date":")";
  append_plain_time(out, now);
  out += R"(","request-id":)";
  append_json_string(out, ids.request_id);
  out += R"(,"client-request-id":)";
  append_json_string(out, ids.client_request_id);
  out += "}}}";
}

void add_inner_code(std::string& body, std::string_view code) {
  constexpr std::string_view place = R"("innerError":{)";
  const auto at = body.rfind(place);
  if (at != std::string::npos) body.insert(at + place.size(), fmt::format(R"("code":"{}",)", code));
}

void append_throttle_error(std::string& out, const call_ids& ids, utc_time now) {
  out += R"({"error":{"code":"TooManyRequests","message":"Please retry again later.","innerError":{"code":"429","date":")";
  append_plain_time(out, now);
  out += R"(","message":"Please retry after","request-id":)";
  append_json_string(out, ids.request_id);
  out += R"(,"client-request-id":)";
  append_json_string(out, ids.client_request_id);
  out += R"(,"status":"429"}}})";
}

void header_writer::append_date(std::string& out, utc_time now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (second != second_) {
    second_ = second;
    date_ = fmt::format("Date: {}\r\n", http_date(now));
  }
  out += date_;
}

void header_writer::append(std::string& out, const call_ids& ids, std::string_view scenario, utc_time now) {
  out += "Cache-Control: private\r\nStrict-Transport-Security: max-age=31536000\r\nrequest-id: ";
  out += ids.request_id;
  out += "\r\nclient-request-id: ";
  out += ids.client_request_id;
  out += "\r\n";
  out +=
      R"(x-ms-ags-diagnostic: {"ServerInfo":{"DataCenter":"Simulated","Slice":"E","Ring":"0","ScaleUnit":"001","RoleInstance":"SIM00000001"}})";
  out += "\r\n";
  if (!scenario.empty()) {
    out += "scenario-id: ";
    out += scenario;
    out += "\r\n";
  }
  append_date(out, now);
}

}  // namespace convoke::sim

#include "run/probe_answers.hpp"

#include <algorithm>
#include <optional>

#include <boost/json.hpp>

#include "core/percent.hpp"
#include "core/text.hpp"
#include "pacing/pacing.hpp"
#include "wire/batch.hpp"
#include "wire/users.hpp"
#include "wire/wire.hpp"

namespace convoke::run {
namespace {

namespace json = boost::json;
using experiments::retry_form;
using experiments::seen;
using experiments::verb;

constexpr std::string_view item_id = "1";
constexpr std::size_t longest_code = 60;

std::optional<std::string> text_of(const json::object& from, std::string_view name) {
  const auto* member = from.if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  if (text == nullptr || text->size() > wire::text_limits::id) return std::nullopt;
  return std::string(*text);
}

std::optional<utc_time> time_of(const json::object& from, std::string_view name) {
  const auto text = text_of(from, name);
  return text ? parse_utc(*text) : std::nullopt;
}

bool has(const json::object& from, std::string_view name) {
  const auto* member = from.if_contains(name);
  return member != nullptr && !member->is_null();
}

std::vector<std::string> roles_of(const json::object& meeting) {
  std::vector<std::string> out;
  const auto* participants = meeting.if_contains("participants");
  const auto* object = participants == nullptr ? nullptr : participants->if_object();
  const auto* attendees = object == nullptr ? nullptr : object->if_contains("attendees");
  const auto* list = attendees == nullptr ? nullptr : attendees->if_array();
  if (list == nullptr) return out;
  for (const auto& one : *list)
    if (const auto* person = one.if_object()) out.push_back(core::escape_for_people(text_of(*person, "role").value_or(""), longest_code));
  return out;
}

void read_meeting(std::string_view body, seen& into) {
  boost::system::error_code wrong;
  const auto document = json::parse(body, wrong);
  const auto* meeting = wrong ? nullptr : document.if_object();
  if (meeting == nullptr) return;
  into.id = text_of(*meeting, "id").value_or("");
  into.external_id = text_of(*meeting, "externalId");
  into.subject = text_of(*meeting, "subject");
  into.start = time_of(*meeting, "startDateTime");
  into.end = time_of(*meeting, "endDateTime");
  into.roles = roles_of(*meeting);
  into.allowed_presenters = text_of(*meeting, "allowedPresenters");
  into.chat = text_of(*meeting, "allowMeetingChat");
  into.has_expiry = has(*meeting, "expiryDateTime");
  into.has_invitation = has(*meeting, "joinInformation");
}

void read_body(std::string_view body, seen& into) {
  into.body = !body.empty();
  if (into.success()) return read_meeting(body, into);
  wire::parser parser;
  into.code = core::escape_for_people(parser.parse_error(body).code, longest_code);
}

// The item of the batch; the envelope's status stays where it has none that can be read.
void read_item(const graph::plain_answer& answer, seen& into) {
  wire::batch_reader reader;
  wire::batch_answer parts;
  const std::string_view ids[] = {item_id};
  into.body = !answer.body.empty();
  if (!reader.read(answer.body, ids, parts) || parts.items.front().status == 0) return;
  const auto& item = parts.items.front();
  into.of_item = true;
  into.status = item.status;
  if (!item.retry_after.empty()) {
    into.form = form_of_retry_after(item.retry_after.front());
    into.wait = pacing::parse_retry_after(item.retry_after, item.date.empty() ? answer.date : item.date, answer.finished_at);
  }
  read_body(item.body, into);
}

}  // namespace

probe_request request_of(const experiments::call& made, std::string_view organizer) {
  const auto create = wire::create_or_get_path(organizer);
  switch (made.what) {
    case verb::create_or_get:
      return {.method = "POST", .target = create, .body = made.body};
    case verb::batch: {
      constexpr std::string_view version = "/v1.0";
      return {.method = "POST",
              .target = std::string(wire::batch_path),
              .body = R"({"requests":[{"id":")" + std::string(item_id) + R"(","method":"POST","url":")" + create.substr(version.size()) +
                      R"(","headers":{"Content-Type":"application/json"},"body":)" + made.body + "}]}"};
    }
    case verb::get:
    case verb::update:
    case verb::remove:
      break;
  }
  // Beside createOrGet, whose name is the last part.
  auto target = create.substr(0, create.rfind('/') + 1);
  core::append_percent_encoded(target, made.meeting_id);
  const auto* method = made.what == verb::get ? "GET" : made.what == verb::update ? "PATCH" : "DELETE";
  return {.method = method, .target = std::move(target), .body = made.body};
}

seen seen_of(const graph::plain_answer& answer, verb asked) {
  seen out;
  // A success whose body was cut says as little as no answer. An error says what it is, and how long to wait, in its head.
  if (answer.error != engine::attempt_error::none || (!answer.whole && answer.status < 300)) {
    out.failure = answer.error_message.empty() ? "the answer was cut" : answer.error_message;
    return out;
  }
  out.status = answer.status;
  out.form = form_of_retry_after(answer.retry_after_text);
  out.wait = answer.retry_after;
  if (asked == verb::batch && out.success())
    read_item(answer, out);
  else
    read_body(answer.body, out);
  return out;
}

retry_form form_of_retry_after(std::string_view text) noexcept {
  text = core::trim_http(text);
  if (text.empty()) return retry_form::absent;
  const auto only = [text](std::string_view others) {
    return std::ranges::all_of(text, [others](char c) { return core::ascii_digit(c) || others.contains(c); });
  };
  if (only("")) return retry_form::integer;
  if (only(".")) return retry_form::decimal;
  if (only("., ")) return retry_form::joined;
  return core::ascii_letter(text.front()) && text.contains(':') ? retry_form::date : retry_form::other;
}

}  // namespace convoke::run

#include <string>
#include <utility>

#include "core/text.hpp"
#include "graph/understanding.hpp"
#include "pacing/pacing.hpp"
#include "spec/agreement.hpp"

namespace convoke::graph {
namespace {

using engine::answer;
using engine::attempt_error;

constexpr std::size_t message_limit = 500, word_limit = 100, scope_limit = 200, retry_after_limit = 40;

// Words of the service end up in a terminal and in a report.
std::string visible(std::string_view text, std::size_t limit = message_limit) {
  return core::escape_for_people(text, limit);
}

// Why a 200 or 201 is not believed; empty: it is.
std::string doubt(const meeting& stored, const meeting_spec& wanted) {
  if (stored.id.empty()) return "the answer has no meeting id";
  if (stored.join_web_url.empty()) return "the answer has no join URL";
  if (!stored.join_web_url.starts_with("https://")) return "the join URL in the answer does not begin with https://";
  if (stored.external_id.empty()) return "the answer has no externalId, so it may be another meeting";
  if (!core::equal_ignoring_case(stored.external_id, wanted.external_id))
    return "the answer is for another meeting: its externalId is '" + visible(stored.external_id, 2 * word_limit) + "'";
  return {};
}

// Two organizers may use one external id: wherever the answer says whose meeting it is, it must be the one that was asked for.
std::string doubt(const wire::named_organizer& named, const meeting& stored, const meeting_spec& wanted) {
  const std::pair<const char*, std::string> places[] = {{"participants.organizer", named.participant},
                                                        {"@odata.context", named.context},
                                                        {"id", wire::organizer_in_id(stored.id)},
                                                        {"joinWebUrl", wire::organizer_in_join_url(stored.join_web_url)}};
  for (const auto& [place, who] : places)
    if (!who.empty() && !core::equal_ignoring_case(who, wanted.organizer))
      return std::string("the answer is for another organizer: its ") + place + " names " + who;
  return {};
}

// What neither the ledger nor the results keep is not held until they are written.
void keep_what_counts(meeting& stored) {
  stored.external_id = {};
  stored.subject.reset();
  stored.start.reset();
  stored.end.reset();
  stored.attendees.reset();
}

void success(const http_answer& from, const meeting_spec& wanted, wire::parser& parser, answer& out) {
  wire::named_organizer named;
  auto stored = parser.parse_meeting(from.body, &named);
  if (!stored) {
    out.error = attempt_error::truncated;
    out.error_message = std::move(stored.error().message);
    return;
  }
  auto why = doubt(*stored, wanted);
  if (why.empty()) why = doubt(named, *stored, wanted);
  if (!why.empty()) {
    out.error = attempt_error::not_believed;
    out.error_message = std::move(why);
    return;
  }
  for (const auto field : spec::differing_fields(wanted, *stored)) out.drift.emplace_back(field);
  out.stored = std::move(*stored);
  keep_what_counts(*out.stored);
}

void refusal(const http_answer& from, wire::graph_error&& parsed, answer& out) {
  out.whole = from.whole && parsed.whole;
  out.error_code = std::move(parsed.code);
  out.error_message = std::move(parsed.message);
  if (out.request_id.empty()) out.request_id = std::move(parsed.request_id);
  if (out.status >= 300 && out.status < 400)
    out.error_message =
        "the service answers with a redirect, which is never followed: check the Graph root (--cloud, --graph-url). " + out.error_message;
}

// Whose answer it is, by the id that every request has of its own. True where it is another request's.
bool is_foreign(const http_answer& from, std::string_view echo, answer& out) {
  if (from.of_batch) return false;
  const bool ours = !echo.empty() && core::equal_ignoring_case(echo, out.client_request_id);
  out.bound = ours;
  if (echo.empty() || out.client_request_id.empty() || ours) return false;
  out.error = attempt_error::foreign;
  out.error_message = "the answer is for another request: its client-request-id is '" + visible(echo, word_limit) + "'";
  return true;
}

// A Retry-After that is no time counts as none. Said where people see it: the wait that follows is ours, not the service's.
void tell_of_unusable(const http_answer& from, answer& out) {
  const auto value = core::escape_for_people(from.retry_after.front(), retry_after_limit);
  out.error_message += (out.error_message.empty() ? "(its Retry-After '" : " (its Retry-After '") + value + "' is no time to wait)";
}

}  // namespace

void understand(const http_answer& from, const meeting_spec& wanted, wire::parser& parser, answer& out) {
  out.status = from.status;
  if (is_foreign(from, from.client_request_id, out)) return;
  const bool succeeded = out.status == 200 || out.status == 201;
  if (!succeeded) {
    auto parsed = parser.parse_error(from.body);
    if (from.client_request_id.empty() && is_foreign(from, parsed.client_request_id, out)) return;
    refusal(from, std::move(parsed), out);
  }
  if (!from.request_id.empty()) out.request_id = visible(from.request_id, word_limit);
  out.throttle_scope = visible(from.throttle_scope, scope_limit);
  if (!from.retry_after.empty()) out.retry_after = pacing::parse_retry_after(from.retry_after, from.date, out.finished_at);
  if (out.retry_after) out.retry_after_text = core::escape_for_people(from.retry_after.front(), retry_after_limit);
  if (succeeded) success(from, wanted, parser, out);
  if (!from.retry_after.empty() && !out.retry_after && !out.stored) tell_of_unusable(from, out);
}

}  // namespace convoke::graph

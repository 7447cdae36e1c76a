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

constexpr std::size_t message_limit = 500, retry_after_limit = 40;

// Words of the service end up in a terminal and in a report.
std::string visible(std::string_view text) {
  return escape_for_people(text, message_limit);
}

// Why a 200 or 201 is not believed; empty: it is.
std::string doubt(const meeting& stored, const spec& wanted) {
  if (stored.id.empty()) return "the answer has no meeting id";
  if (stored.join_web_url.empty()) return "the answer has no join URL";
  if (!stored.join_web_url.starts_with("https://")) return "the join URL in the answer does not begin with https://";
  if (stored.external_id.empty()) return "the answer has no externalId, so it may be another meeting";
  if (!equal_ignoring_case(stored.external_id, wanted.external_id))
    return "the answer is for another meeting: its externalId is '" + visible(stored.external_id) + "'";
  return {};
}

void success(const http_answer& from, const spec& wanted, wire::parser& parser, answer& out) {
  auto stored = parser.parse_meeting(from.body);
  if (!stored) {
    out.error = attempt_error::truncated;
    out.error_message = std::move(stored.error().message);
    return;
  }
  if (auto why = doubt(*stored, wanted); !why.empty()) {
    out.error = attempt_error::not_believed;
    out.error_message = std::move(why);
    return;
  }
  for (const auto field : differing_fields(wanted, *stored)) out.drift.emplace_back(field);
  out.stored = std::move(*stored);
}

void refusal(const http_answer& from, wire::parser& parser, answer& out) {
  auto said = parser.parse_error(from.body);
  out.error_code = std::move(said.code);
  out.error_message = std::move(said.message);
  if (out.request_id.empty()) out.request_id = std::move(said.request_id);
  if (out.status >= 300 && out.status < 400)
    out.error_message =
        "the service answers with a redirect, which is never followed: check the Graph root (--cloud, --graph-url). " + out.error_message;
}

// A Retry-After that is no time counts as none. Said where people see it: the wait that follows is ours, not the service's.
void tell_of_unusable(const http_answer& from, answer& out) {
  const auto value = escape_for_people(from.retry_after.front(), retry_after_limit);
  out.error_message += (out.error_message.empty() ? "(its Retry-After '" : " (its Retry-After '") + value + "' is no time to wait)";
}

}  // namespace

void understand(const http_answer& from, const spec& wanted, wire::parser& parser, answer& out) {
  out.status = from.status;
  out.request_id = visible(from.request_id);
  out.throttle_scope = visible(from.throttle_scope);
  if (!from.retry_after.empty()) out.retry_after = pacing::parse_retry_after(from.retry_after, from.date, out.finished_at);
  if (out.retry_after) out.retry_after_text = escape_for_people(from.retry_after.front(), retry_after_limit);
  if (out.status == 200 || out.status == 201)
    success(from, wanted, parser, out);
  else
    refusal(from, parser, out);
  if (!from.retry_after.empty() && !out.retry_after && !out.stored) tell_of_unusable(from, out);
}

}  // namespace convoke::graph

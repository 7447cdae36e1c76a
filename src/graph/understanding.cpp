#include "graph/understanding.hpp"

#include <string>
#include <utility>

#include "core/known_errors.hpp"
#include "core/text.hpp"
#include "pacing/pacing.hpp"
#include "spec/agreement.hpp"

namespace convoke::graph {
namespace {

using engine::answer;
using engine::attempt_error;

constexpr std::size_t message_limit = 500, word_limit = 100, id_limit = 200, scope_limit = 200, retry_after_limit = 40;

// Text of the service is shown in terminals and reports.
std::string visible(std::string_view text, std::size_t limit = message_limit) {
  return core::escape_for_people(text, limit);
}

// What an answer with this status brings.
enum class content : std::uint8_t { meeting, nothing, refusal };

content content_of(operation op, int status) noexcept {
  switch (op) {
    case operation::create_or_get:
      return status == 200 || status == 201 ? content::meeting : content::refusal;
    case operation::update:
    case operation::get:
      return status == 200 ? content::meeting : content::refusal;
    case operation::remove:
      return status == 204 ? content::nothing : content::refusal;
  }
  return content::refusal;
}

void disbelieve(answer& out, std::string why) {
  out.error = attempt_error::not_believed;
  out.error_message = std::move(why);
}

// Why the meeting is not believed to be the requested one; empty where it is.
std::string doubt(const meeting& stored, const request& asked) {
  const bool made = asked.op == operation::create_or_get;
  if (stored.id.empty()) return "the answer has no meeting id";
  if (!made && stored.id != asked.meeting_id) return "the answer is for another meeting: its id is '" + visible(stored.id, id_limit) + "'";
  if (made && stored.join_web_url.empty()) return "the answer has no join URL";
  if (!stored.join_web_url.empty() && !stored.join_web_url.starts_with("https://"))
    return "the join URL in the answer does not begin with https://";
  if (made && stored.external_id.empty()) return "the answer has no externalId, so it may be another meeting";
  if (!stored.external_id.empty() && !core::equal_ignoring_case(stored.external_id, asked.wanted.external_id))
    return "the answer is for another meeting: its externalId is '" + visible(stored.external_id, id_limit) + "'";
  return {};
}

// Two organizers may use one external id: wherever the answer says whose meeting it is, it must be the organizer of the request.
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

// An answer waits in memory until it is written: what neither the ledger nor the results keep is freed before.
void drop_what_is_not_kept(meeting& stored) {
  stored.external_id = {};
  stored.subject.reset();
  stored.start.reset();
  stored.end.reset();
  stored.attendees.reset();
  stored.allowed_presenters.reset();
  stored.options = {};
  stored.chat_thread_id.reset();
}

void read_success(const http_answer& from, const request& asked, wire::parser& parser, answer& out) {
  wire::named_organizer named;
  auto stored = parser.parse_meeting(from.body, &named, asked.wanted.options);
  if (!stored) {
    out.error = attempt_error::truncated;
    out.error_message = std::move(stored.error().message);
    return;
  }
  auto why = doubt(*stored, asked);
  if (why.empty()) why = doubt(named, *stored, asked.wanted);
  if (!why.empty()) return disbelieve(out, std::move(why));
  // What an update did not send is as it was, unless the answer shows it.
  const auto kept = asked.op == operation::update ? asked.kept : std::span<const std::string>();
  out.drift = spec::differing_fields(asked.wanted, *stored, kept);
  if (asked.op == operation::create_or_get) out.to_set = spec::options_to_set(asked.wanted, *stored);
  out.settled = spec::shows_roles(asked.wanted, *stored);
  out.stored = std::move(*stored);
  drop_what_is_not_kept(*out.stored);
}

void read_refusal(const http_answer& from, operation op, wire::graph_error&& parsed, answer& out) {
  out.whole = from.whole && parsed.whole;
  out.error_code = std::move(parsed.code);
  out.error_message = std::move(parsed.message);
  if (out.request_id.empty()) out.request_id = std::move(parsed.request_id);
  if (out.status < 300) {
    auto why = "HTTP " + std::to_string(out.status) + " does not say whether the " + std::string(to_string(op)) + " was carried out";
    if (!out.error_message.empty()) why += ": " + out.error_message;
    disbelieve(out, std::move(why));
  } else if (out.status < 400) {
    out.error_message =
        "the service answers with a redirect, which is never followed: check the Graph root (--cloud, --graph-url). " + out.error_message;
  }
}

// Compares the id that every request has of its own with the one that the answer names. True where the answer is another request's.
bool is_foreign(const http_answer& from, std::string_view echo, answer& out) {
  if (from.of_batch) return false;
  const bool ours = !echo.empty() && core::equal_ignoring_case(echo, out.client_request_id);
  out.bound = ours;
  if (echo.empty() || out.client_request_id.empty() || ours) return false;
  out.error = attempt_error::foreign;
  out.error_message = "the answer is for another request: its client-request-id is '" + visible(echo, word_limit) + "'";
  return true;
}

// A Retry-After that is not a time counts as none. People see it in the message, because the wait that follows is ours, not the service's.
void report_unusable_wait(const http_answer& from, answer& out) {
  const auto value = core::escape_for_people(from.retry_after.front(), retry_after_limit);
  out.error_message += (out.error_message.empty() ? "(its Retry-After '" : " (its Retry-After '") + value + "' is no time to wait)";
}

// Which limit was met is in the message, for the log of calls and for rows that are left because of it.
void name_limit(answer& out) {
  if (out.status != 429 && out.status != 509) return;
  const auto limit = core::throttle_category(out.error_code, out.error_message, out.throttle_scope);
  if (limit.empty() || limit == out.error_code || core::find_ignoring_case(out.error_message, limit) != std::string_view::npos) return;
  out.error_message += (out.error_message.empty() ? "(limit: " : " (limit: ") + limit + ")";
}

// A channel meeting is refused for other reasons than a meeting: the channel, or the endpoint itself. An empty message of a 400 stays empty,
// because that error is recognised by it.
void name_endpoint(const request& asked, answer& out) {
  const bool may_be_the_endpoint = out.status == 400 || out.status == 404 || out.status == 405 || out.status == 501;
  if (asked.op != operation::create_or_get || asked.wanted.chat_thread_id.empty() || !may_be_the_endpoint) return;
  if (out.error_message.empty() && out.status == 400) return;
  if (!out.error_message.empty()) out.error_message += ' ';
  out.error_message += "(a channel meeting, so the beta endpoint was called)";
}

}  // namespace

void understand(const http_answer& from, const request& asked, wire::parser& parser, answer& out) {
  out.status = from.status;
  if (is_foreign(from, from.client_request_id, out)) return;
  const auto brings = content_of(asked.op, from.status);
  if (brings == content::refusal) {
    auto parsed = parser.parse_error(from.body);
    if (from.client_request_id.empty() && is_foreign(from, parsed.client_request_id, out)) return;
    read_refusal(from, asked.op, std::move(parsed), out);
  }
  if (!from.request_id.empty()) out.request_id = visible(from.request_id, word_limit);
  out.throttle_scope = visible(from.throttle_scope, scope_limit);
  if (!from.retry_after.empty()) out.retry_after = pacing::parse_retry_after(from.retry_after, from.date, out.finished_at);
  if (out.retry_after) out.retry_after_text = core::escape_for_people(from.retry_after.front(), retry_after_limit);
  if (brings == content::meeting) read_success(from, asked, parser, out);
  if (brings == content::nothing && !out.bound)
    disbelieve(out, "the answer has no client-request-id, and no body either, so nothing ties it to the request");
  const bool success = brings != content::refusal && out.error == attempt_error::none;
  if (brings == content::refusal) name_limit(out);
  if (brings == content::refusal) name_endpoint(asked, out);
  if (!from.retry_after.empty() && !out.retry_after && !success) report_unusable_wait(from, out);
}

}  // namespace convoke::graph

#include "graph/user_lookup.hpp"

#include <utility>
#include <vector>

#include "pacing/pacing.hpp"
#include "wire/users.hpp"

namespace convoke::graph {

using engine::attempt_error;
using engine::lookup_answer;
using engine::lookup_item;
using kind = engine::lookup_item::kind;

namespace {

std::string describe(int status, const wire::graph_error& parsed) {
  auto out = "HTTP " + std::to_string(status);
  if (!parsed.code.empty()) out += " " + parsed.code;
  if (!parsed.message.empty()) out += ": " + parsed.message;
  return out;
}

kind kind_of(int status, bool of_item) noexcept {
  switch (status) {
    case 401:
      return kind::unauthorized;
    case 403:
      return kind::denied;
    case 429:
    case 509:
      return kind::throttled;
    case 400:
    case 414:
      return of_item ? kind::refused : kind::broken;
    case 404:
      return of_item ? kind::unknown : kind::broken;
    case 408:
    case 409:
    case 423:
    case 424:
    case 425:
      return kind::fault;
    default:
      return status >= 500 && status != 501 ? kind::fault : kind::broken;
  }
}

}  // namespace

std::string_view user_lookup::request(std::span<const std::string_view> upns, std::uint64_t number) {
  ids_.clear();
  std::vector<wire::user_query> queries;
  for (std::size_t i = 0; i < upns.size(); ++i) ids_.push_back(std::to_string(number) + "-" + std::to_string(i + 1));
  for (std::size_t i = 0; i < upns.size(); ++i) queries.push_back({.id = ids_[i], .upn = upns[i]});
  body_.clear();
  wire::append_user_batch(body_, queries);
  return body_;
}

lookup_item user_lookup::refusal(int status, std::string_view body, bool of_item) {
  return {.what = kind_of(status, of_item), .object_id = {}, .text = describe(status, parser_.parse_error(body)), .retry_after = {}};
}

lookup_item user_lookup::understand(const wire::batch_item& item, const plain_answer& envelope) {
  if (item.status == 0) return {.what = kind::fault, .text = "the answer has no item for this user"};
  if (item.repeated) return {.what = kind::fault, .text = "the answer has two items for this user"};
  if (item.status == 200) {
    auto id = parser_.parse_user(item.body);
    if (!id) return {.what = kind::fault, .text = std::move(id.error().message)};
    return {.what = kind::found, .object_id = std::move(*id)};
  }
  if (item.status < 400) return {.what = kind::fault, .text = "HTTP " + std::to_string(item.status) + " says nothing of this user"};
  auto out = refusal(item.status, item.body, true);
  if (!item.retry_after.empty())
    out.retry_after =
        pacing::parse_retry_after(item.retry_after, item.date.empty() ? std::string_view(envelope.date) : item.date, envelope.finished_at);
  if (item.status == 503 && out.retry_after) out.what = kind::throttled;
  return out;
}

lookup_answer user_lookup::understand(const plain_answer& from) {
  // A connection that closed before an answer began says nothing of the look-up, which changes nothing: it is sent again.
  lookup_answer out{.items = {}, .sent = from.sent && from.error != attempt_error::stale, .token = from.token};
  if (from.error != attempt_error::none) {
    out.envelope = {.what = kind::fault, .text = from.error_message};
    return out;
  }
  if (from.status != 200) {
    out.envelope = refusal(from.status, from.body, false);
    if (from.status < 300) out.envelope.what = kind::fault;
    if (from.status >= 300 && from.status < 400)
      out.envelope.text += ": a redirect is never followed; check the Graph root (--cloud, --graph-url)";
    out.envelope.retry_after = from.retry_after;
    if (from.status == 503 && from.retry_after) out.envelope.what = kind::throttled;
    return out;
  }
  const std::vector<std::string_view> ids(ids_.begin(), ids_.end());
  const auto read = from.whole ? reader_.read(from.body, ids, answer_) : fail(errc::protocol, "the answer was cut");
  if (!read) {
    out.envelope = {.what = kind::fault, .text = read.error().message};
    return out;
  }
  for (const auto& item : answer_.items) out.items.push_back(understand(item, from));
  return out;
}

}  // namespace convoke::graph

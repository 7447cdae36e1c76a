// `$batch`: up to 20 requests in one envelope, each answered as it would be alone.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "sim/service/latency.hpp"
#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t most_items = 20;  // documented
constexpr std::string_view wrong_payload = "Invalid batch payload format.";

using batch_item = service_batch_item;

const json::value* member(const json::object& from, std::string_view name) {
  return from.if_contains(json::string_view(name.data(), name.size()));
}

std::string text_of(const json::object& from, std::string_view name) {
  const auto* const found = member(from, name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

bool writes(std::string_view method) {
  return method == "POST" || method == "PATCH" || method == "PUT";
}

void read_headers(const json::object& from, batch_item& to) {
  const auto* const headers = member(from, "headers");
  if (headers == nullptr || !headers->is_object()) return;
  for (const auto& one : headers->get_object()) {
    if (!one.value().is_string()) continue;
    const std::string name = lower(std::string(one.key()));
    const std::string value(one.value().get_string());
    if (name == "content-type") to.content_type = value;
    if (name == "client-request-id") to.client_request_id = value;
    if (name == "prefer") to.prefer = value;
  }
}

// The earlier items that must have succeeded. False where one of them is no earlier item.
bool read_dependencies(const json::object& from, const std::vector<batch_item>& earlier, batch_item& to) {
  const auto* const list = member(from, "dependsOn");
  if (list == nullptr || list->is_null()) return true;
  if (!list->is_array()) return false;
  for (const auto& one : list->get_array()) {
    if (!one.is_string()) return false;
    const std::string id(one.get_string());
    const auto found = std::ranges::find_if(earlier, [&](const batch_item& other) { return same_ignoring_case(other.id, id); });
    if (found == earlier.end()) return false;
    to.after.push_back(static_cast<std::size_t>(found - earlier.begin()));
  }
  return true;
}

// Adds an item. Why the envelope is refused; empty: it is right so far.
std::string add_item(const json::value& from, std::vector<batch_item>& to) {
  if (!from.is_object()) return std::string(wrong_payload);
  const auto& members = from.get_object();
  batch_item item;
  item.id = text_of(members, "id");
  item.method = text_of(members, "method");
  item.url = text_of(members, "url");
  if (item.id.empty() || item.method.empty() || item.url.empty()) return "A request of the batch lacks id, method or url.";
  if (std::ranges::any_of(to, [&](const batch_item& other) { return same_ignoring_case(other.id, item.id); }))
    return "Request Ids within batch must be unique.";
  read_headers(members, item);
  const auto* const body = member(members, "body");
  const bool has_body = body != nullptr && !body->is_null();
  if (has_body) item.body = body->is_string() ? std::string(body->get_string()) : json::serialize(*body);
  if ((writes(item.method) && !has_body) || (has_body && item.content_type.empty()))
    return fmt::format("Write request id : {} does not contain Content-Type header or body.", item.id);
  if (!read_dependencies(members, to, item))
    return fmt::format("The request id : {} depends on a request that does not precede it.", item.id);
  to.push_back(std::move(item));
  return {};
}

std::string read_batch(std::string_view body, std::vector<batch_item>& into) {
  boost::system::error_code wrong;
  const auto parsed = json::parse(json::string_view(body.data(), body.size()), wrong);
  const auto* const list = !wrong && parsed.is_object() ? member(parsed.get_object(), "requests") : nullptr;
  if (list == nullptr || !list->is_array()) return std::string(wrong_payload);
  for (const auto& one : list->get_array())
    if (auto why = add_item(one, into); !why.empty()) return why;
  if (into.empty() || into.size() > most_items) return fmt::format("Number of batch request steps must be 1 to {}.", most_items);
  return {};
}

// Complete header lines as members of a JSON object. Graph writes the names in either case.
void append_headers(std::string& out, std::string_view lines, bool lower_case) {
  std::vector<std::string> names;
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    const auto line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    auto name = lower_case ? lower(line.substr(0, colon)) : std::string(line.substr(0, colon));
    // A JSON object has each name once.
    if (std::ranges::find(names, name) != names.end()) continue;
    if (!names.empty()) out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, line.substr(colon + 2));
    names.push_back(std::move(name));
  }
}

// A body is JSON, or else a string: its text, or its bytes in base64. An empty one is null or left out.
void append_body(std::string& out, const reply& item, std::uint64_t form) {
  const bool is_json = item.headers.find("Content-Type: application/json") != std::string::npos;
  if (item.body.empty()) {
    if (form == 0) out += R"(,"body":null)";
    return;
  }
  out += R"(,"body":)";
  if (is_json) {
    out += item.body;
  } else if (form == 0) {
    append_json_string(out, item.body);
  } else {
    out += '"';
    append_base64(out, item.body);
    out += '"';
  }
}

bool transport(delivery how) {
  return how != delivery::whole;
}

}  // namespace

// Of the whole envelope: what it announces and which keys are in flight until its answer has left.
void service::keep_part(reply& envelope, const reply& item) {
  envelope.parts.push_back({item.key, item.announces, item.announced});
  envelope.delay = std::max(envelope.delay, item.delay);
}

// Each item is answered as it would be alone, and throttled on its own. The envelope takes as long as its slowest item.
void service::batch(call& c) {
  if (!how_.batch.offered) return error(c, 400, "BadRequest", "Resource not found for the segment '$batch'.");
  ++counts_.batches;
  std::vector<batch_item> items;
  if (const auto why = read_batch(c.q.body, items); !why.empty()) return error(c, 400, "BadRequest", why);
  const bool meetings = std::ranges::any_of(items, [](const batch_item& one) { return one.url.contains("onlineMeetings"); });
  const auto hit = meetings ? decide_envelope() : fault::none;
  ++counts_.faults[static_cast<std::size_t>(hit)];
  const auto number = c.log != nullptr ? c.log->number : 0;
  if (c.log != nullptr) {
    c.log->envelope = counts_.batches;
    c.log->hit = hit;
  }
  if (!commits(hit)) return refuse_envelope(c, hit);

  auto answers = answer_items(c, items);
  // The log may have been so short that the items took the record of their envelope.
  if (c.log != nullptr && c.log->number != number) c.log = nullptr;
  // In any order.
  for (std::size_t i = answers.size(); i > 1; --i) std::swap(answers[i - 1], answers[batches_.below(i)]);
  begin_reply(c, 200);
  c.into.headers += "Content-Type: application/json\r\n";
  auto& out = c.into.body;
  out = R"({"responses":[)";
  for (std::size_t i = 0; i < answers.size(); ++i) out.append(i > 0 ? "," : "").append(answers[i]);
  out += "]}";
  spoil_envelope(c, hit);
}

std::vector<std::string> service::answer_items(call& c, const std::vector<batch_item>& items) {
  std::vector<std::string> answers;
  std::vector<int> statuses;
  for (const auto& one : items) {
    reply item;
    const bool unmet = std::ranges::any_of(one.after, [&](std::size_t i) { return statuses[i] >= 400; });
    const bool look_up = answer_item(c, one, unmet, item);
    statuses.push_back(item.status);
    keep_part(c.into, item);
    if (look_up && how_.directory.fault_rate > 0 && batches_.real() < how_.directory.fault_rate) {
      if (batches_.below(2) == 0) continue;  // left out
      item.status = 503;
      item.headers.clear();
      item.body.clear();
      append_error(item.body, "ServiceUnavailable", "The service is temporarily unavailable.", call_ids_, c.now.wall);
      item.headers = "Content-Type: application/json\r\n";
    }
    // What would be an answer that is lost or cut is an item that is missing.
    if (transport(item.how) || (how_.batch.missing > 0 && batches_.real() < how_.batch.missing)) continue;
    append_item(answers.emplace_back(), one.id, item);
  }
  if (how_.batch.extra > 0 && batches_.real() < how_.batch.extra) add_extra(c, items, answers);
  return answers;
}

// An item that was not asked for: of an unknown id, or of one that has an answer already.
void service::add_extra(const call& c, const std::vector<batch_item>& items, std::vector<std::string>& answers) {
  reply item;
  item.status = 500;
  item.headers = "Content-Type: application/json\r\n";
  append_error(item.body, "InternalServerError", "Internal Server Error", call_ids_, c.now.wall);
  const bool foreign = answers.empty() || batches_.below(2) == 0;
  if (foreign) {
    append_item(answers.emplace_back(), "not-" + items.front().id, item);
  } else {
    const auto again = answers[batches_.below(answers.size())];
    answers.push_back(again);
  }
}

// True where the item is a look-up of a user.
bool service::answer_item(const call& of_batch, const batch_item& one, bool unmet, reply& into) {
  const auto target = fmt::format("/{}{}{}", of_batch.beta ? "beta" : "v1.0", one.url.starts_with('/') ? "" : "/", one.url);
  request q = of_batch.q;
  q.method = one.method;
  q.target = target;
  q.body = one.body;
  q.content_type = one.content_type;
  q.prefer = one.prefer;
  if (!one.client_request_id.empty()) q.client_request_id = one.client_request_id;
  call c{q, of_batch.now, into, calls_.next()};
  c.beta = of_batch.beta;
  c.signed_in = of_batch.signed_in;
  c.app = of_batch.app;
  c.unknown_members = asks_for_unknown_members(q.prefer);
  if (c.log != nullptr) {
    c.log->at = q.arrived;
    c.log->envelope = counts_.batches;
    c.log->method = q.method.substr(0, longest_method);
    c.log->client_request_id = q.client_request_id.substr(0, longest_client_request_id);
  }
  const std::string_view path = q.target.substr(0, q.target.find('?'));
  bool look_up = false;
  if (unmet) {
    error(c, 424, "FailedDependency", "A request on which this one depends has failed.");
  } else if (path.contains("$batch") || path.contains("%24batch")) {
    static_cast<void>(not_built(c, "this call in a batch"));
  } else if (route_directory(c, path)) {
    look_up = true;
  } else {
    into.delay = draw_latency(how_.latency, latency_) + wait_for_turn(c.now.mono);
    answer_meeting_call(c, path);
  }
  finish_record(c);
  return look_up;
}

void service::append_item(std::string& out, std::string_view id, const reply& item) {
  out = R"({"id":)";
  append_json_string(out, id);
  fmt::format_to(std::back_inserter(out), R"(,"status":{},"headers":{{)", item.status);
  append_headers(out, item.headers, item.status == 429);
  out += '}';
  append_body(out, item, batches_.below(2));
  out += '}';
}

// ---- faults of the whole envelope

fault service::decide_envelope() const {
  for (const auto& step : how_.script)
    if (step.batch && step.call == counts_.batches) return step.what;
  return draw_fault(how_.faults, how_.seed, "$batch", counts_.batches);
}

// Nothing is carried out.
void service::refuse_envelope(call& c, fault hit) {
  switch (hit) {
    case fault::throttle:
    case fault::throttle_503:
      return throttle_envelope(c, hit == fault::throttle ? 429 : 503);
    case fault::false_401:
      return error(c, 401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.");
    case fault::reset:
      c.into.how = delivery::reset;
      return;
    default:
      return outage(c, hit);
  }
}

// The items were carried out, and the answer with them is written: it is replaced, delayed or damaged.
void service::spoil_envelope(call& c, fault hit) {
  switch (hit) {
    case fault::throttle_after:
      return throttle_envelope(c, 429);
    case fault::e500_after:
    case fault::e502_after:
    case fault::e503_after:
    case fault::e504_after:
      return outage(c, hit);
    case fault::html_200:
    case fault::empty_200:
    case fault::wrong_type:
      return malformed(c, counts_.batches, hit);
    case fault::slow:
      c.into.delay += slow_answer();
      return;
    default:
      c.into.how = delivery_of(hit, true);
  }
}

void service::throttle_envelope(call& c, int status) {
  random_source random(how_.seed, "$batch", counts_.batches, random_source::purpose::detail);
  const auto wait = std::chrono::nanoseconds(static_cast<std::int64_t>(random.real() * how_.throttle.random_wait * 1e9));
  const bool app = how_.throttle.random_scope == scope_kind::app;
  throttle(c, app ? *app_ : lane_, app ? scope_kind::app : scope_kind::lane, wait, status);
}

}  // namespace convoke::sim

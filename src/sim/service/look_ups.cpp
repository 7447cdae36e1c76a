// Look-ups of users, alone and in a batch.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t most_items = 20;  // documented
constexpr std::string_view selects_id = "$select=id";

std::string text_of(const json::object& from, std::string_view name) {
  const auto* const found = from.if_contains(json::string_view(name.data(), name.size()));
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

struct batch_item {
  std::string id, method, url;
};
using batch_items = std::vector<batch_item>;

// Adds an item. Why the envelope is refused; empty: it is right so far.
std::string add_item(const json::value& from, batch_items& to) {
  if (!from.is_object()) return "Invalid batch payload format.";
  const auto& members = from.get_object();
  batch_item item{text_of(members, "id"), text_of(members, "method"), text_of(members, "url")};
  if (item.id.empty() || item.method.empty() || item.url.empty()) return "A request of the batch lacks id, method or url.";
  if (std::ranges::any_of(to, [&](const batch_item& other) { return same_ignoring_case(other.id, item.id); }))
    return "Request Ids within batch must be unique.";
  to.push_back(std::move(item));
  return {};
}

std::string read_batch(std::string_view body, batch_items& into) {
  boost::system::error_code wrong;
  const auto parsed = json::parse(json::string_view(body.data(), body.size()), wrong);
  const auto* const list = !wrong && parsed.is_object() ? parsed.get_object().if_contains("requests") : nullptr;
  if (list == nullptr || !list->is_array()) return "Invalid batch payload format.";
  for (const auto& one : list->get_array())
    if (auto why = add_item(one, into); !why.empty()) return why;
  if (into.empty() || into.size() > most_items) return fmt::format("Number of batch request steps must be 1 to {}.", most_items);
  return {};
}

// Complete header lines as members of a JSON object. Graph writes the names in either case.
void append_headers(std::string& out, std::string_view lines, bool lower_case) {
  bool first = true;
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    const auto line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    if (!std::exchange(first, false)) out += ',';
    append_json_string(out, lower_case ? lower(line.substr(0, colon)) : std::string(line.substr(0, colon)));
    out += ':';
    append_json_string(out, line.substr(colon + 2));
  }
}

}  // namespace

std::string service::change_users(std::string_view body) {
  boost::system::error_code wrong;
  const auto parsed = json::parse(json::string_view(body.data(), body.size()), wrong);
  const auto* const users = !wrong && parsed.is_object() ? parsed.get_object().if_contains("users") : nullptr;
  if (users == nullptr || !users->is_object()) return R"(the body is not {"users": {"UPN": "OBJECT-ID" or null}})";
  for (const auto& one : users->get_object()) {
    const auto& id = one.value();
    if (!id.is_null() && !(id.is_string() && is_guid(std::string(id.get_string())))) return "an id is neither a GUID nor null";
  }
  for (const auto& one : users->get_object()) {
    const std::string upn(one.key()), id = one.value().is_string() ? std::string(one.value().get_string()) : std::string();
    directory_.set(upn, id.empty() ? std::nullopt : std::optional<std::string_view>(id));
  }
  return {};
}

// The quota of the directory. Its throttles close nothing else.
bool service::within_directory(call& c) {
  return within(c, look_ups_, how_.directory.quota, scope_kind::lane);
}

void service::look_up(call& c, std::string_view name) {
  ++counts_.look_ups;
  if (c.log != nullptr) {
    c.log->look_up = true;
    c.log->organizer = lower(name);
  }
  if (!within_directory(c)) return;
  if (!how_.directory.readable) return error(c, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
  const auto found = directory_.find(name);
  if (!found)
    return error(c, 404, "Request_ResourceNotFound",
                 fmt::format("Resource '{}' does not exist or one of its queried reference-property objects are not present.", name));
  ++counts_.users_found;
  show_user(c, *found);
}

void service::show_user(call& c, const directory::user& one) {
  begin_reply(c, 200);
  c.into.headers += json_headers;
  const auto question = c.q.target.find('?');
  const bool only_id = question != std::string_view::npos && percent_decode(c.q.target.substr(question + 1)) == selects_id;
  auto& out = c.into.body;
  out = R"({"@odata.context":)";
  append_json_string(
      out, fmt::format("{}/{}/$metadata#users{}/$entity", who_.graph_roots.front(), c.beta ? "beta" : "v1.0", only_id ? "(id)" : ""));
  out += R"(,"id":)";
  append_json_string(out, one.id);
  if (!only_id) {
    out += R"(,"userPrincipalName":)";
    append_json_string(out, one.upn);
    out += R"(,"displayName":)";
    append_json_string(out, one.upn.substr(0, one.upn.find('@')));
  }
  out += '}';
}

// Each item is answered as it would be alone, and throttled on its own.
void service::batch(call& c) {
  ++counts_.batches;
  batch_items items;
  if (const auto why = read_batch(c.q.body, items); !why.empty()) return error(c, 400, "BadRequest", why);
  std::vector<std::string> answers;
  reply longest;  // the throttled item that closes its scope for the longest time
  for (const auto& one : items) {
    reply item;
    answer_item(c, one.method, one.url, item);
    if (item.throttled && item.announced >= longest.announced) {
      longest.throttled = item.throttled;
      longest.announces = item.announces;
      longest.announced = item.announced;
    }
    if (how_.directory.fault_rate > 0 && batches_.real() < how_.directory.fault_rate) {
      if (batches_.below(2) == 0) continue;  // left out
      item.status = 503;
      item.headers.clear();
      item.body.clear();
      append_error(item.body, "ServiceUnavailable", "The service is temporarily unavailable.", call_ids_, c.now.wall);
    }
    append_item(answers.emplace_back(), one.id, item);
  }
  // In any order.
  for (std::size_t i = answers.size(); i > 1; --i) std::swap(answers[i - 1], answers[batches_.below(i)]);
  begin_reply(c, 200);
  c.into.announces = longest.announces;
  c.into.announced = longest.announced;
  c.into.headers += "Content-Type: application/json\r\n";
  c.into.body = R"({"responses":[)";
  for (std::size_t i = 0; i < answers.size(); ++i) c.into.body += (i > 0 ? "," : "") + answers[i];
  c.into.body += "]}";
}

void service::answer_item(const call& of_batch, std::string_view method, std::string_view url, reply& into) {
  const auto target = fmt::format("/{}{}{}", of_batch.beta ? "beta" : "v1.0", url.starts_with('/') ? "" : "/", url);
  request q = of_batch.q;
  q.method = method;
  q.target = target;
  q.body = {};
  call c{q, of_batch.now, into, calls_.next()};
  c.beta = of_batch.beta;
  if (c.log != nullptr) c.log->at = q.arrived;
  const std::string_view path = q.target.substr(0, q.target.find('?'));
  const bool nested = path.find("batch") != std::string_view::npos;
  if (nested || !route_directory(c, path)) static_cast<void>(not_built(c, "this call in a batch"));
  finish_record(c);
}

void service::append_item(std::string& out, std::string_view id, const reply& item) {
  out = R"({"id":)";
  append_json_string(out, id);
  fmt::format_to(std::back_inserter(out), R"(,"status":{},"headers":{{)", item.status);
  append_headers(out, item.headers, item.status == 429);
  out += R"(},"body":)";
  out += item.body.empty() ? std::string_view("null") : std::string_view(item.body);
  out += '}';
}

}  // namespace convoke::sim

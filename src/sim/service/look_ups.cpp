// Look-ups of users.

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view selects_id = "$select=id";

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

}  // namespace convoke::sim

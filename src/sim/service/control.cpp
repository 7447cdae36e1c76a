#include "sim/service/control.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "sim/service/behaviour_json.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace json = boost::json;

void refuse(reply& into, std::string_view why) {
  into.status = 400;
  into.body = json::serialize(json::object{{"error", std::string(why)}});
}

// The ids of a list; nullopt where it is something else. Absent: none.
std::optional<std::vector<std::string>> ids_of(const json::object& from, std::string_view name) {
  std::vector<std::string> out;
  const auto* list = from.if_contains({name.data(), name.size()});
  if (list == nullptr) return out;
  if (!list->is_array()) return std::nullopt;
  for (const auto& one : list->get_array()) {
    if (!one.is_string()) return std::nullopt;
    const auto& text = one.get_string();
    if (!is_guid({text.data(), text.size()})) return std::nullopt;
    out.push_back(lower({text.data(), text.size()}));
  }
  return out;
}

service* tenant_of(std::span<const std::unique_ptr<service>> tenants, const json::object& from) {
  const auto* named = from.if_contains("tenant");
  if (named == nullptr) return tenants.front().get();
  const auto* text = named->if_string();
  if (text == nullptr) return nullptr;
  const auto found = std::ranges::find_if(
      tenants, [&](const auto& one) { return same_ignoring_case(one->who().tenant, std::string_view(text->data(), text->size())); });
  return found == tenants.end() ? nullptr : found->get();
}

constexpr std::string_view content = "Content-Type: application/json\r\nCache-Control: no-store\r\n";

bool set_part(reset_parts& parts, std::string_view word) {
  if (word == "meetings") return !(parts.meetings = false);
  if (word == "calls") return !(parts.calls = false);
  if (word == "quotas") return !(parts.quotas = false);
  if (word == "policies") return !(parts.policies = false);
  if (word == "behaviour") return !(parts.behaviour = false);
  return false;
}

// What is to be reset. False: the body is wrong.
bool read_parts(std::string_view body, reset_parts& parts, bool& scenario) {
  if (body.empty()) return true;
  boost::system::error_code wrong;
  const auto parsed = json::parse({body.data(), body.size()}, wrong);
  if (wrong || !parsed.is_object()) return false;
  for (const auto& [name, value] : parsed.get_object()) {
    if (name != "keep" || !value.is_array()) return false;
    for (const auto& word : value.get_array()) {
      if (!word.is_string()) return false;
      if (word.get_string() == "scenario") {
        scenario = false;
      } else if (!set_part(parts, word.get_string())) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

void show_behaviour(std::span<const std::unique_ptr<service>> tenants, const request& q, reply& into) {
  into.clear();
  into.headers = content;
  const auto question = q.target.find("?tenant=");
  json::object named;
  if (question != std::string_view::npos) named["tenant"] = percent_decode(q.target.substr(question + 8));
  const auto* const tenant = tenant_of(tenants, named);
  if (tenant == nullptr) return refuse(into, "there is no such tenant");
  into.body = behaviour_json(tenant->how());
}

void change_behaviour(std::span<const std::unique_ptr<service>> tenants, const request& q, reply& into) {
  into.clear();
  into.headers = content;
  boost::system::error_code wrong;
  const auto body = json::parse({q.body.data(), q.body.size()}, wrong);
  if (wrong || !body.is_object()) return refuse(into, "the body is not a JSON object of settings");
  const bool one = body.get_object().contains("tenant");
  auto* const tenant = tenant_of(tenants, body.get_object());
  if (tenant == nullptr) return refuse(into, "there is no such tenant");
  std::vector<std::pair<service*, behaviour>> made;
  for (const auto& each : tenants) {
    if (one && each.get() != tenant) continue;
    auto changed = changed_by_json(each->how(), q.body);
    if (!changed) return refuse(into, changed.error().message);
    made.emplace_back(each.get(), std::move(*changed));
  }
  for (auto& [to, how] : made) to->change(std::move(how));
  into.body = behaviour_json(tenant->how());
}

void reset(std::span<const std::unique_ptr<service>> tenants, const request& q, reply& into, bool& restart) {
  into.clear();
  into.headers = content;
  reset_parts parts;
  restart = true;
  if (!read_parts(q.body, parts, restart)) {
    restart = false;
    return refuse(into, R"(the body is empty or {"keep": [...]} with meetings, calls, quotas, policies, behaviour, scenario)");
  }
  for (const auto& one : tenants) one->reset(parts);
  into.body = "{}";
}

void change_policies(std::span<const std::unique_ptr<service>> tenants, const request& q, moment now, reply& into) {
  into.clear();
  into.headers = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
  boost::system::error_code wrong;
  const auto body = json::parse({q.body.data(), q.body.size()}, wrong);
  if (wrong || !body.is_object()) return refuse(into, "the body is not a JSON object");
  const auto& from = body.get_object();
  const auto grant = ids_of(from, "grant"), revoke = ids_of(from, "revoke");
  if (!grant || !revoke) return refuse(into, "grant and revoke are lists of GUIDs");
  std::optional<double> delay;
  if (const auto* given = from.if_contains("delay")) {
    if (!given->is_number()) return refuse(into, "delay is a number of seconds");
    delay = given->to_number<double>();
    if (!(*delay >= 0 && *delay <= 1e6)) return refuse(into, "delay is 0 to 1000000 seconds");
  }
  auto* const tenant = tenant_of(tenants, from);
  if (tenant == nullptr) return refuse(into, "there is no such tenant");
  std::string app = tenant->who().client_id;
  if (const auto* named = from.if_contains("app")) {
    const auto* text = named->if_string();
    if (text == nullptr || !is_guid({text->data(), text->size()})) return refuse(into, "app is the client id of an app, a GUID");
    app = lower({text->data(), text->size()});
  }
  for (const auto& one : *grant) tenant->change_policy(one, app, true, now.mono, delay);
  for (const auto& one : *revoke) tenant->change_policy(one, app, false, now.mono, delay);
  into.body = fmt::format(R"({{"granted":{},"revoked":{}}})", grant->size(), revoke->size());
}

}  // namespace convoke::sim

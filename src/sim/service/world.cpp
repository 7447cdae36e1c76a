#include "sim/service/world.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <boost/json.hpp>

#include "sim/service/control.hpp"
#include "sim/service/inspection.hpp"
#include "sim/service/path.hpp"
#include "sim/service/settings.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace json = boost::json;

// The largest of these is that of the world; of all others the sum.
bool is_maximum(std::string_view name) {
  return name == "max_in_flight_per_key";
}

void add(json::object& to, const json::object& from) {
  for (const auto& [name, value] : from) {
    if (value.is_object()) {
      add(to[name].is_object() ? to[name].get_object() : to[name].emplace_object(), value.get_object());
      continue;
    }
    const auto number = value.to_number<std::uint64_t>();
    const auto before = to.contains(name) ? to[name].to_number<std::uint64_t>() : 0;
    to[name] = is_maximum({name.data(), name.size()}) ? std::max(before, number) : before + number;
  }
}

}  // namespace

world::world(std::vector<std::unique_ptr<service>> tenants) : tenants_(std::move(tenants)) {
  std::map<std::string, service*> first;
  for (const auto& one : tenants_) {
    const auto [other, is_first] = first.emplace(one->who().client_id, one.get());
    if (!is_first) one->share_app(*other->second);
  }
}

service& world::tenant_of(const request& q, mono_time now) const {
  const path_segments parts(q.target.substr(0, q.target.find('?')));
  if (parts.is(1, "oauth2") || parts.is(2, ".well-known") || parts.is(1, "discovery")) {
    const auto named =
        std::ranges::find_if(tenants_, [&](const auto& one) { return same_ignoring_case(one->who().tenant, parts.part[0]); });
    return named == tenants_.end() ? *tenants_.front() : **named;
  }
  const auto issuer = std::ranges::find_if(tenants_, [&](const auto& one) { return one->issued(q.authorization, now); });
  return issuer == tenants_.end() ? *tenants_.front() : **issuer;
}

void world::play(std::vector<scenario_step> steps, mono_time now) {
  scenario_ = scenario_player(std::move(steps));
  scenario_.restart(now);
}

void world::advance(mono_time now) {
  if (scenario_.due(now)) scenario_.advance(now, [&](const scenario_step& step) { return apply(step, now); });
}

std::string world::apply(const scenario_step& step, mono_time now) {
  for (const auto& one : tenants_) {
    auto how = one->how();
    for (const auto& [name, value] : step.changes)
      if (const auto set = apply_setting(how, name, value); !set) return set.error().message;
    if (const auto good = check_settings(how); !good) return good.error().message;
    one->change(std::move(how));
    for (const auto& id : step.grant) one->change_policy(id, true, now, std::nullopt);
    for (const auto& id : step.revoke) one->change_policy(id, false, now, std::nullopt);
  }
  return {};
}

bool world::control(const request& q, std::string_view path, moment now, reply& into) {
  if (path == "/_sim/policies" && q.method == "POST") {
    change_policies(tenants_, q, now, into);
  } else if (path == "/_sim/behaviour" && q.method == "PATCH") {
    change_behaviour(tenants_, q, into);
  } else if (path == "/_sim/behaviour" && q.method == "GET") {
    show_behaviour(tenants_, q, into);
  } else if (path == "/_sim/scenario" && q.method == "GET") {
    into.clear();
    into.headers = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
    into.body = scenario_.json(now.mono);
  } else if (path == "/_sim/reset" && q.method == "POST") {
    bool restart = false;
    reset(tenants_, q, into, restart);
    if (restart) scenario_.restart(now.mono);
  } else {
    return false;
  }
  return true;
}

void world::handle(const request& q, moment now, reply& into) {
  const auto path = q.target.substr(0, q.target.find('?'));
  advance(now.mono);
  if (!q.to_machine && path.starts_with("/_sim/") && control(q, path, now, into)) return;
  if (tenants_.size() == 1) return tenants_.front()->handle(q, now, into);
  if (const path_segments parts(path); !q.to_machine && parts.is(0, "_sim")) {
    into.clear();
    if (parts.is(1, "device")) {
      // The tenant in which somebody waits for this.
      for (const auto& one : tenants_)
        if (one->handle(q, now, into); into.status == 200) return;
      return;
    }
    return inspect(*this, q, path, into);
  }
  tenant_of(q, now.mono).handle(q, now, into);
}

std::string world::change_users(std::string_view body) {
  boost::system::error_code wrong;
  const auto parsed = json::parse(json::string_view(body.data(), body.size()), wrong);
  const auto* const named = !wrong && parsed.is_object() ? parsed.get_object().if_contains("tenant") : nullptr;
  if (named == nullptr) return tenants_.front()->change_users(body);
  const auto id = named->is_string() ? std::string(named->get_string()) : std::string();
  const auto found = std::ranges::find_if(tenants_, [&](const auto& one) { return same_ignoring_case(one->who().tenant, id); });
  return found == tenants_.end() ? "no such tenant" : (*found)->change_users(body);
}

std::string world::calls_json_lines(const call_filter& which) const {
  std::string out;
  for (const auto& one : tenants_) out += one->calls_json_lines(which);
  return out;
}

std::string world::stats_json() const {
  if (tenants_.size() == 1) return tenants_.front()->stats_json();
  json::object out, each;
  for (const auto& one : tenants_) {
    const auto own = json::parse(one->stats_json()).as_object();
    add(out, own);
    each[one->who().tenant] = own;
  }
  out["tenants"] = std::move(each);
  return json::serialize(out);
}

std::string world::meetings_json_lines() const {
  std::string out;
  for (const auto& one : tenants_) out += one->meetings_json_lines();
  return out;
}

}  // namespace convoke::sim

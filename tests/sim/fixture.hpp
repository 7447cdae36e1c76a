#pragma once

// A simulated service in virtual time, and how a test talks to it.

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace sim_test {

using namespace convoke::sim;
using namespace std::chrono_literals;
using convoke::mono_time;
using convoke::utc_time;

inline constexpr std::string_view tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001";
inline constexpr std::string_view app = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002";
inline constexpr std::string_view root = "https://localhost:8443";
inline constexpr std::string_view alice = "aaaaaaaa-0000-4000-8000-000000000001";
inline constexpr std::string_view bob = "bbbbbbbb-0000-4000-8000-000000000002";

inline std::string path_of(std::string_view user) {
  return "/v1.0/users/" + std::string(user) + "/onlineMeetings/createOrGet";
}
inline std::string body_of(std::string_view external_id) {
  return R"({"externalId":")" + std::string(external_id) +
         R"(","subject":"Algebra","startDateTime":"2026-09-01T08:00:00Z","endDateTime":"2026-09-01T09:30:00Z"})";
}

// The values of a header in what the service wrote, in order.
inline std::vector<std::string> header(const reply& r, std::string_view name) {
  std::vector<std::string> values;
  std::string_view rest = r.headers;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find("\r\n"));
    BOOST_REQUIRE(line.size() < rest.size());  // every line ends
    rest.remove_prefix(line.size() + 2);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(": ")) values.emplace_back(line.substr(name.size() + 2));
  }
  return values;
}

struct world {
  explicit world(behaviour how = {})
      : graph(std::move(how),
              {std::string(tenant), std::string(app), convoke::secret("hush"), {std::string(root), "https://127.0.0.1:8443"}}, 42, now) {
    token = get_token();
  }

  std::string get_token() {
    const auto answered = ask_token("client_id=" + std::string(app) +
                                    "&scope=https%3A%2F%2Flocalhost%3A8443%2F.default&client_secret=hush&grant_type=client_credentials");
    BOOST_REQUIRE_EQUAL(answered.status, 200);
    return std::string(boost::json::parse(answered.body).at("access_token").as_string());
  }

  reply ask_token(const std::string& form, std::string_view to = tenant) {
    const auto target = "/" + std::string(to) + "/oauth2/v2.0/token";
    request q;
    q.method = "POST";
    q.target = target;
    q.content_type = "application/x-www-form-urlencoded";
    q.body = form;
    return send(q);
  }

  // As the server calls it: the request arrives and the answer is sent at `now`, unless the test delays the answer.
  reply send(request q, bool hold = false) {
    if (q.arrived == mono_time()) q.arrived = now.mono;
    reply r;
    graph.handle(q, now, r);
    if (hold) return r;
    graph.announce(r, now.mono);
    graph.finish(r);
    return r;
  }

  // A request of any method, with the token.
  reply ask(std::string_view method, const std::string& target, const std::string& body = {}, bool hold = false) {
    const auto bearer = "Bearer " + token;
    request q;
    q.method = method;
    q.target = target;
    q.authorization = bearer;
    if (!body.empty()) q.content_type = "application/json";
    q.body = body;
    return send(q, hold);
  }

  reply call(std::string_view user, std::string_view external_id, bool hold = false) {
    return post(path_of(user), body_of(external_id), hold);
  }

  reply post(const std::string& target, const std::string& body, bool hold = false) {
    const auto bearer = "Bearer " + token;
    request q;
    q.method = "POST";
    q.target = target;
    q.authorization = bearer;
    q.content_type = "application/json";
    q.body = body;
    return send(q, hold);
  }

  void pass(std::chrono::nanoseconds d) {
    now.mono += d;
    now.wall += std::chrono::duration_cast<convoke::ticks>(d);
  }

  boost::json::value stats() const { return boost::json::parse(graph.stats_json()); }

  moment now{mono_time(1000s), utc_time(std::chrono::sys_days(std::chrono::year(2026) / 8 / 31)) + 12h + 250ms};
  service graph;
  std::string token;
};

inline boost::json::object parsed(const reply& r) {
  return boost::json::parse(r.body).as_object();
}
inline std::string id_of(const reply& r) {
  return std::string(parsed(r).at("id").as_string());
}
// The path of a meeting by its id.
inline std::string meeting_path(std::string_view user, std::string_view id) {
  std::string path = "/v1.0/users/" + std::string(user) + "/onlineMeetings/";
  append_percent(path, id);
  return path;
}
inline std::string code_of(const reply& r) {
  return std::string(parsed(r).at("error").at("code").as_string());
}
inline std::string message_of(const reply& r) {
  return std::string(parsed(r).at("error").at("message").as_string());
}

}  // namespace sim_test

#pragma once

// Several tenants at one address: each has a service of its own, with its app, its meetings and its quotas. Pure, like the services.

#include <memory>
#include <string>
#include <vector>

#include "sim/service/scenario.hpp"
#include "sim/service/service.hpp"

namespace convoke::sim {

class world {
 public:
  // One tenant at least. Services of one client id share the cooldown of that app.
  explicit world(std::vector<std::unique_ptr<service>> tenants);

  // As for a service. A request for a token goes to the tenant that its path names, a call to the tenant that issued its token.
  void handle(const request& q, moment now, reply& into);
  // The scenario begins at `now`. Its steps are done when their time has come, by handle() or by advance(), whichever comes first.
  void play(std::vector<scenario_step> steps, mono_time now);
  void advance(mono_time now);
  void announce(reply& r, mono_time now) { service::announce(r, now); }
  void finish(reply& r) { service::finish(r); }
  void count_bad_request() { tenants_.front()->count_bad_request(); }
  void count_connection() { tenants_.front()->count_connection(); }

  // The sums of all tenants and, where there are several, the same of each of them in `tenants`.
  [[nodiscard]] std::string stats_json() const;
  [[nodiscard]] std::string meetings_json_lines() const;
  [[nodiscard]] std::string calls_json_lines(const call_filter& which = {}) const;
  // As service::change_users; an object with a `tenant` (its id) is of that one, any other of the first.
  [[nodiscard]] std::string change_users(std::string_view body);
  [[nodiscard]] const std::vector<std::unique_ptr<service>>& tenants() const noexcept { return tenants_; }

 private:
  [[nodiscard]] service& tenant_of(const request& q, mono_time now) const;

  // True where the request is one of the controls of all tenants: then it is answered.
  bool control(const request& q, std::string_view path, moment now, reply& into);
  [[nodiscard]] std::string apply(const scenario_step& step, mono_time now);

  std::vector<std::unique_ptr<service>> tenants_;
  scenario_player scenario_;
};

}  // namespace convoke::sim

#pragma once

// Which organizers' application access policies name which app. A change takes effect some time after it is made: with Teams up to 30
// minutes.

#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <convoke/time.hpp>

#include "sim/service/meetings.hpp"

namespace convoke::sim {

struct policy_options {
  std::optional<std::set<std::string>> granted;  // only these have one, with the own app; lower case; absent: all, with any app
  double delay_seconds = 1800;                   // until a change that is made while it runs takes effect
};

class policies {
 public:
  policies(const policy_options& how, std::string own_app) : how_(how), own_app_(std::move(own_app)) {}

  // From now on these options hold. What was granted and revoked stays.
  void change(const policy_options& how) { how_ = how; }

  // Nothing was granted or revoked.
  void forget() { changes_.clear(); }

  // `without`: organizers that have none whatever the options are, until one is granted to them.
  [[nodiscard]] bool granted(std::string_view organizer, std::string_view app, const std::set<std::string>& without, mono_time now) const;
  // Grants a policy with this app to this organizer (a GUID in lower case), or takes it away. `delay` instead of that of the options.
  void change(std::string organizer, std::string app, bool grant, mono_time now, std::optional<double> delay_seconds);

 private:
  struct step {
    std::string app;
    bool grant = false;
    mono_time effective{};
  };
  policy_options how_;
  std::string own_app_;
  text_map<std::deque<step>> changes_;  // in the order in which they were made
};

}  // namespace convoke::sim

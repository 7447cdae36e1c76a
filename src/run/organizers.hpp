#pragma once

// Where the object ids of organizers come from that rows name by UPN.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <convoke/job.hpp>

#include "engine/lookups.hpp"
#include "ledger/ledger.hpp"
#include "run/clock.hpp"
#include "run/lookup_session.hpp"
#include "run/stop_tokens.hpp"
#include "run/tls_contexts.hpp"
#include "run/user_names.hpp"

namespace convoke::run {

class organizer_source {
 public:
  using counts = plan_summary::look_up_counts;
  // Makes all of these known to `into`: for each lane of the job the UPNs that its rows have, each once and in lower case. No plan is under
  // way meanwhile. Blocks.
  [[nodiscard]] virtual result<counts> resolve(std::span<const std::vector<std::string>> upns, user_names& into) = 0;

 protected:
  ~organizer_source() = default;
};

// For `check`, which looks nothing up: an id is made of each UPN, so that rows of one UPN are rows of one organizer.
class unresolved_organizers final : public organizer_source {
 public:
  [[nodiscard]] result<counts> resolve(std::span<const std::vector<std::string>> upns, user_names& into) override;
  // Puts the UPNs back in place of these ids.
  void show_names(plan_summary& of) const;

 private:
  std::unordered_map<std::string, std::string> names_;  // by id
};

// From the ledger, and from the service where the ledger does not know them. What the service says is remembered, while look-ups go on and
// also where not all could be made.
class looked_up_organizers final : public organizer_source {
 public:
  enum class use : std::uint8_t { plan, rehearsal };  // the store of a rehearsal remembers nothing
  // What is referred to must outlive it. `lanes`: the names of the job's lanes.
  looked_up_organizers(ledger::store& store, const job& j, const std::vector<ledger::lane_name>& lanes, observer& watch,
                       const stop_tokens& stop, use as = use::plan)
      : store_(store), job_(j), lanes_(lanes), watch_(watch), stop_(stop), use_(as) {}

  // Errors: usage (there is no credential), credentials (of the app, or of its permission), network and protocol (come back later),
  // storage, interrupted, resources.
  [[nodiscard]] result<counts> resolve(std::span<const std::vector<std::string>> upns, user_names& into) override;

 private:
  struct lane_need {
    std::size_t lane = 0;
    std::vector<std::string> upns{};
    std::optional<utc_time> closed_until{};
  };
  [[nodiscard]] result<std::vector<lane_need>> read_known(std::span<const std::vector<std::string>> upns, user_names& into, counts& out);
  [[nodiscard]] result<void> check_credentials_of(std::span<const lane_need> needs, std::uint64_t count) const;
  struct network {
    boost::asio::io_context& io;
    tls_contexts& tls;
    clock& time;
  };
  [[nodiscard]] result<std::unique_ptr<lookup_session>> make_session(const lane_need& need, const network& on, std::uint64_t seed);
  // What was remembered of the look-ups of a lane.
  struct progress {
    std::size_t known = 0;
    std::vector<bool> saved{};  // by user; empty: none
  };
  [[nodiscard]] static std::size_t take(const lane_need& need, const engine::user_lookups& done, user_names& into, counts& out);
  [[nodiscard]] result<void> look_up(const std::vector<lane_need>& needs, user_names& into, counts& out);
  [[nodiscard]] result<void> remember(const lane_need& need, const engine::user_lookups& of, mono_time now, progress& so_far);
  [[nodiscard]] error explain(const engine::user_lookups::end& why, const lane_need& need, std::size_t found) const;

  ledger::store& store_;
  const job& job_;
  const std::vector<ledger::lane_name>& lanes_;
  observer& watch_;
  const stop_tokens& stop_;
  use use_;
};

}  // namespace convoke::run

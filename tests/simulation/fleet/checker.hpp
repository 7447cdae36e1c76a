#pragma once

// Checks what several workers do together, by an account of its own of claims, leases and calls. What one process does alone is checked by
// simulation::checker.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulation/fleet/agenda.hpp"
#include "simulation/fleet/database.hpp"
#include "simulation/fleet/scenario.hpp"

namespace convoke::simulation::fleet {

class fleet_checker final : public listener {
 public:
  fleet_checker(const scenario& s, const agenda& time);

  // ---- of the database
  void session_began(lease_token id, unsigned worker) override;
  void session_extended(lease_token id, mono_time until) override;
  void session_left(lease_token id) override;
  void claimed(std::size_t index, lease_token session, lease_token token) override;
  void wrote(std::size_t index, lease_token token, bool ended) override;
  void released(std::size_t index) override;
  void superseded(std::size_t by, std::size_t index) override;
  void saved_cooldown(lane_id lane, std::optional<organizer_id> organizer, mono_time until) override;
  // A copy that lacks the last commits has taken its place.
  void failed_over(const database::state& s);
  // A failover lost something that was written about the row.
  [[nodiscard]] bool lost_by_failover(std::size_t index) const;
  // What the database says of a commit when it is made.
  void committed_by(const std::vector<ledger_job>& jobs, const committed& done, const std::vector<row>& rows);

  // ---- of the workers
  struct call {
    unsigned worker;
    lease_token session, token;
    std::size_t index;
    key_id key;
    lane_id lane;
    organizer_id organizer;
    bool stale;
  };
  void sent(const call& c);
  void over(unsigned worker, key_id key);  // its call was answered, or the process has ended
  // A call arrives at the service, which is done with it at `done`.
  void arrived(std::size_t index, key_id key, lease_token session, mono_time done);
  void gone(key_id key, mono_time notices);  // nothing waits for the answer any more
  void process_begins(unsigned worker);
  // A worker ends its session before its lease, as it knows it, has ended.
  void session_given_up();
  void lease_believed(lease_token session, mono_time until);  // by its worker
  void renewal_failed(unsigned worker) { workers_[worker].suspended = true; }
  void renewal_succeeded(unsigned worker) { workers_[worker].suspended = false; }
  // The worker has what the database said at this time.
  void exchanged(unsigned worker, mono_time said) { workers_[worker].exchanged = said; }
  void resumed(unsigned worker) { workers_[worker].resumed = time_.now(); }

  void violated(std::string what);
  [[nodiscard]] const std::vector<std::string>& violations() const noexcept { return violations_; }
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }

 private:
  struct lease {
    unsigned worker = 0;
    mono_time expires = mono_time::max();
    bool lost = false;  // by a failover
    bool left = false;  // its worker has ended it
  };
  struct holder {
    lease_token session = 0, token = 0;
    bool stale = false;      // claimed from a session that had ended ...
    mono_time free_since{};  // ... at this time
    bool excused = false;    // a failover lost a claim of it
  };
  struct in_flight {
    lease_token session;
    unsigned worker;
  };
  struct busy {
    mono_time until = mono_time::min();
    lease_token session = 0;
  };
  struct one_worker {
    bool suspended = false;
    mono_time exchanged = mono_time::min(), resumed = mono_time::min();
  };
  struct cooldown {
    mono_time saved = mono_time::max(), until = mono_time::min();
  };
  [[nodiscard]] bool live(lease_token session) const;
  void check_lease(const call& c, const std::string& name);
  void check_key(const call& c, const std::string& name);
  void check_cooldown(const call& c, const std::string& name);
  void check_speed(const call& c);

  const scenario& scenario_;
  const agenda& time_;
  std::map<lease_token, lease> leases_;
  std::map<std::size_t, holder> holders_;  // by row
  std::map<std::size_t, bool> ended_;
  std::map<key_id, std::vector<in_flight>> in_flight_;
  std::map<key_id, busy> busy_;
  std::map<unsigned, one_worker> workers_;
  std::map<std::pair<lane_id, std::optional<organizer_id>>, cooldown> cooldowns_;
  std::vector<std::deque<mono_time>> recent_;  // by lane: calls of the last seconds
  mono_time failed_over_ = mono_time::min();
  std::uint64_t calls_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace convoke::simulation::fleet

#pragma once

// Checks the invariants of one job by what is sent, what is received and what is requested of the ledger. It keeps its own account of all
// of this, so that it does not depend on the state of the engine.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/classify.hpp"
#include "engine/engine.hpp"
#include "simulation/ledger.hpp"
#include "simulation/row_book.hpp"
#include "simulation/scenario.hpp"

namespace convoke::simulation {

// A throttled answer that was received: what the service closed by it, and for how long.
struct throttle {
  sim::scope_kind scope;
  std::optional<nanoseconds> announced;  // absent: nothing usable was announced
  bool labelled;                         // the answer names the scope
};

class checker {
 public:
  checker(const scenario& s, const row_book& rows, mono_time now);

  enum class stop_kind : std::uint8_t { clean, crash, rollback };
  // The process ends. The cooldowns that it received longer ago than a commit takes are known to the next one, unless the ledger or the
  // wall clock was set back.
  void process_ends(stop_kind how, mono_time now);
  void process_starts(mono_time now);
  void wall_jumped(mono_time now) { wall_jumped_ = now; }

  // ---- actions of the engine
  void requested(const engine::fetch_rows& f, mono_time now);
  void requested(const engine::record_outcome& r);
  void requested(const engine::advance_row& a);
  void requested(const engine::release_row& r);
  void requested(const engine::save_cooldown& c);
  void sent(const engine::send_call& c, std::uint32_t token, bool reused, mono_time now, const engine::counters& numbers);
  void ended(const engine::finished& f, mono_time now, const engine::counters& numbers);

  // ---- what happened
  void claimed(const claim& c);
  void answered(row_id row, const engine::answer& a, const std::optional<throttle>& closed, mono_time now);
  // A batch with this row was refused as a whole, or its answers were too large together: it is to be sent again.
  void batch_refused(row_id row);
  void made_durable(const committed& c);
  void taken_over(std::size_t index);
  // ---- several workers: what others found, and how many rows the process may claim by the ledger's latest count.
  void given_back(std::size_t index);  // the ledger lost what this process wrote about the row, and it may come again
  void cooldown_known(lane_id lane, std::optional<organizer_id> organizer, mono_time until);
  // False: a claim of fresh rows of this organizer is under way, and their count is not used.
  bool rows_counted(organizer_id organizer, std::uint32_t fresh, std::uint32_t stale);
  void credentials_refused(lane_id lane) { lanes_[lane].credentials_refused = true; }
  void token_failed(lane_id lane) { lanes_[lane].failures = true; }
  void connect_failed(lane_id lane) { lanes_[lane].failures = true; }
  void stop_requested() noexcept { stop_requested_ = true; }

  void violated(std::string what);
  [[nodiscard]] const std::vector<std::string>& violations() const noexcept { return violations_; }
  [[nodiscard]] std::uint64_t early_by_inference() const noexcept { return all_inferred_; }
  [[nodiscard]] std::uint64_t sends() const noexcept { return sends_; }

 private:
  enum class row_state : std::uint8_t { elsewhere, here, in_flight, advancing, ending };
  struct row {
    row_state state = row_state::elsewhere;
    bool stale = false;
    bool settled = false;     // the last answer completes its operation, which must not be sent again
    bool taken_over = false;  // and reported so: nothing of it may be sent or written any more
    operation op = operation::create_or_get, next = operation::create_or_get;  // that it owes, and while it is advancing
    // Of its present operation:
    unsigned charged = 0, conflicts = 0, stales = 0, doubted = 0;
    unsigned sends = 0;     // of all operations
    std::size_t bytes = 0;  // of the answer that waits for its commit
    mono_time first_sent{}, last_sent{};
  };
  struct closure {
    mono_time until = mono_time::min();
    bool cut = false;  // to --max-cooldown: one call alone comes next
    void close(mono_time end, bool cut_now) noexcept {
      if (end <= until) return;
      until = end;
      cut = cut_now;
    }
    [[nodiscard]] bool on_trial(mono_time now) const noexcept { return cut && now >= until; }
  };
  struct organizer {
    unsigned held = 0, in_flight = 0, fetching = 0;
    std::uint32_t fresh = 0, stale = 0;  // rows announced to this process that have not arrived yet
    bool refused = false;
    closure closed;
    mono_time due = mono_time::min();  // its next call, by --organizer-rate
  };
  struct lane {
    closure closed;
    mono_time closed_unlabelled = mono_time::min();
    unsigned in_flight = 0;
    std::uint64_t sends = 0;  // of this process
    std::optional<mono_time> trouble_since;
    mono_time trouble_latest = mono_time::min(), last_sent = mono_time::min();
    bool last_was_probe = false;
    unsigned refused_tokens = 0, same_permanent = 0;
    bool credentials_refused = false;
    bool failures = false;  // anything that may make it end with rows left
  };
  struct announced_cooldown {
    lane_id lane;
    std::optional<organizer_id> organizer;
    mono_time received, until, announced;
    bool kept_over_restart, cut;
  };

  [[nodiscard]] const engine::lane_settings& settings_of(lane_id l) const noexcept;
  [[nodiscard]] bool same_app(lane_id a, lane_id b) const noexcept { return a == b || scenario_.one_app; }
  void check_operation(const engine::send_call& c, const std::string& name);
  void check_attempts(const row& r, const engine::lane_settings& s, bool reused, const std::string& name, mono_time now);
  void check_permission(std::uint32_t token, const std::string& name, mono_time now);
  void check_cooldowns(organizer_id who, const std::string& name, mono_time now);
  void check_organizer_rate(organizer& o, double rate, const std::string& name, mono_time now);
  void check_speed(lane& l, double rate, mono_time now);
  void check_outage(lane& l, const engine::lane_settings& s, mono_time now);
  void check_bounds(const engine::counters& numbers);
  void check_stale(lane_id lane, mono_time now);
  void check_single_use(const engine::counters& numbers, mono_time now);
  void check_lane_end(const engine::lane_end& end);
  void check_return(const engine::finished& f, mono_time now);
  void check_counters(const engine::counters& numbers);
  void note_throttle(organizer_id who, const throttle& t, mono_time sent, mono_time now);
  void note_taken(organizer_id who, mono_time sent);
  void forget_cut(lane_id lane, std::optional<organizer_id> who);
  void note_health(lane& l, engine::answer_class what, mono_time now);
  void waits_for_commit(row& r, row_state state, const engine::answer& last);
  void acknowledged(row_id id, bool lost);

  const scenario& scenario_;
  const row_book& book_;
  mono_time started_, wall_jumped_ = mono_time::min();
  std::vector<row> rows_;
  std::vector<unsigned> durable_advances_;  // of each row, over all processes
  std::vector<organizer> organizers_;
  std::vector<lane> lanes_;
  std::vector<bool> ever_throttled_;       // by organizer, in any process
  std::vector<bool> lane_ever_throttled_;  // by lane
  std::vector<bool> key_in_flight_;
  std::vector<mono_time> key_rests_;
  std::vector<announced_cooldown> announced_cooldowns_;
  std::uint64_t inferred_ = 0, all_inferred_ = 0, sends_ = 0, lost_writes_ = 0;
  std::size_t held_ = 0, unacknowledged_ = 0, unacknowledged_bytes_ = 0;
  std::set<std::uint32_t> refused_;  // tokens
  bool stop_requested_ = false, rolled_back_ = false;
  std::vector<std::string> violations_;
};

}  // namespace convoke::simulation

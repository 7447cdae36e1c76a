#pragma once

// One PostgreSQL ledger as its contract describes it (ledger/ledger.hpp): rows under tokens, sessions under leases by the database's clock,
// and what the workers of a lane exchange. Every function is one transaction. What it keeps is a value, so an older copy can take its
// place, as after a failover that loses the last commits.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ledger/types.hpp"
#include "simulation/fleet/switches.hpp"
#include "simulation/ledger.hpp"
#include "simulation/random_source.hpp"

namespace convoke::simulation::fleet {

using convoke::ledger::run_id;
using engine::key_id;
using engine::lane_id;
using engine::lease_token;
using engine::organizer_id;
using engine::row_id;

// Rows are numbered through all runs, so that the number alone says which row it is.
[[nodiscard]] inline std::size_t index_of(row_id id) noexcept {
  return simulation::ledger::index_of(id);
}

struct row {
  key_id key = 0;
  organizer_id organizer = 0;
  lane_id lane = 0;
  run_id run = 1;
  operation planned = operation::create_or_get, op = operation::create_or_get;
  engine::update_rule update = engine::update_rule::never;
  std::string meeting_id;
  bool open = false;  // its run is
  lease_token token = 0, session = 0;
  std::uint8_t strikes = 0, advances = 0;
  std::optional<outcome> result;
  engine::answer last;            // that it ended with: what the final checks need of it
  lease_token written_under = 0;  // the token of its outcome

  [[nodiscard]] bool owed() const noexcept { return open && !result; }
};

struct session {
  unsigned worker = 0;
  mono_time started{}, expires{}, seen{};
  struct of_lane {
    double wants = 0, weight = 1, part = 0, safe_part = 0;
    bool settled = true;
    std::uint64_t calls = 0, successes = 0;  // since the session began
    // Of the one that leads: what it learnt of the others.
    std::uint64_t calls_received = 0, successes_received = 0, throttles_received = 0;
  };
  std::vector<of_lane> lanes;
};

// A worker's report on one lane, and what it is answered: see ledger::lane_report and ledger::lane_terms. All machines of a simulated fleet
// have one monotonic clock; the store converts times between the clocks of real ones.
using engine_throttle = engine::lane_share::throttle;
struct report {
  double wants = 0;
  std::uint64_t calls = 0, successes = 0;  // since the session began
  std::vector<engine_throttle> throttles;
  struct published {
    double rate = 0;
    std::optional<engine::learnt_pace> pace;
    std::vector<convoke::ledger::lane_report::published::grant> grants;
  };
  std::optional<published> leads;
};
struct terms {
  bool leads = false;
  double part = 0, safe_part = 0;
  unsigned workers = 1;
  double rate = 0;
  std::optional<engine::learnt_pace> pace;
  std::uint64_t calls = 0, successes = 0;  // of the others
  std::vector<engine_throttle> throttles;
  std::vector<convoke::ledger::lane_member> members;
};
struct announcement {
  lane_id lane = 0;
  std::optional<organizer_id> organizer;
  mono_time until{};
};
struct renewed {
  nanoseconds left{};  // of the lease
  std::vector<terms> lanes;
  std::vector<announcement> cooldowns;
  std::uint64_t received = 0;  // see session_memory
};

struct surveyed {
  std::vector<std::vector<engine::organizer_setup>> organizers;  // by lane
  std::vector<std::uint64_t> held_elsewhere;
  std::uint64_t held_here = 0;
};

// What one process of a session remembers of it.
struct session_memory {
  lease_token id = 0;
  std::set<row_id> released;    // rows that it released: they are owed to a later session
  std::set<lease_token> ended;  // sessions that had ended at its last survey
  std::uint64_t received = 0;   // it has every cooldown up to this serial number: what a lost answer said is said again
};

// What happened to each row is reported to a listener, which keeps an account of its own.
class listener {
 public:
  virtual ~listener() = default;
  virtual void session_began(lease_token id, unsigned worker) = 0;
  virtual void session_extended(lease_token id, mono_time until) = 0;
  virtual void session_left(lease_token id) = 0;
  virtual void claimed(std::size_t index, lease_token session, lease_token token) = 0;
  virtual void wrote(std::size_t index, lease_token token, bool ended) = 0;
  virtual void released(std::size_t index) = 0;  // by its holder, or by the lost write of the row that it superseded
  virtual void superseded(std::size_t by, std::size_t index) = 0;
  virtual void saved_cooldown(lane_id lane, std::optional<organizer_id> organizer, mono_time until) = 0;
};

class database {
 public:
  database(std::vector<lane_id> lanes_of_organizers, std::uint64_t seed, listener& watch);

  // ---- planning
  std::size_t add(row planned);
  // Opens the rows of this run. A row whose key another run still owes takes its place.
  void open(run_id run, mono_time now);

  // ---- sessions
  struct joined {
    session_memory session;
    renewed shared;
    surveyed rows;
    std::vector<announcement> cooldowns;
    std::vector<std::optional<engine::learnt_pace>> learnt;
  };
  [[nodiscard]] joined join(unsigned worker, mono_time now);
  // nullopt: the lease has ended. `by_worker`: what the worker's clock says is now.
  [[nodiscard]] std::optional<renewed> renew(const session_memory& memory, bool extend, const std::vector<report>& lanes, mono_time now,
                                             mono_time by_worker);
  [[nodiscard]] std::optional<surveyed> survey(session_memory& s, mono_time now);
  void leave(lease_token id, mono_time now);
  [[nodiscard]] bool live(lease_token id, mono_time now) const;

  // ---- rows
  [[nodiscard]] lease_token new_token();
  struct changes {
    committed done;
    std::vector<announcement> cooldowns;  // of other sessions
    std::uint64_t received = 0;
    bool over = false;  // the lease has ended: nothing was claimed or closed, and the rest was done
  };
  // One commit of all jobs. `tokens`: one for each claim among them, new with each claim and the same when the commit is repeated.
  [[nodiscard]] changes commit(session_memory& s, const std::vector<ledger_job>& jobs, const std::vector<lease_token>& tokens,
                               bool repeated, mono_time now);

  // ---- failover
  struct state {
    std::vector<row> rows;
    std::map<lease_token, session> sessions;
    struct of_lane {
      mono_time active_since{};
      double rate = 0;
      std::optional<engine::learnt_pace> pace, saved;
      struct throttle {
        std::uint64_t serial;
        lease_token session;
        mono_time sent, until;
      };
      std::vector<throttle> throttles;
    };
    std::vector<of_lane> lanes;
    struct cooldown {
      mono_time until{};
      lease_token session = 0;
      std::uint64_t serial = 0;
    };
    std::map<std::pair<lane_id, std::optional<organizer_id>>, cooldown> cooldowns;
    std::uint64_t serial = 0;
  };
  [[nodiscard]] const state& now_is() const noexcept { return state_; }
  // Serial numbers go on: PostgreSQL logs a sequence ahead of its use.
  void replace(state older) {
    older.serial = state_.serial;
    state_ = std::move(older);
  }

  [[nodiscard]] const std::vector<row>& rows() const noexcept { return state_.rows; }
  [[nodiscard]] std::size_t owed() const;
  [[nodiscard]] lane_id lane_of(organizer_id o) const noexcept { return lane_of_[o]; }
  [[nodiscard]] std::size_t lanes() const noexcept { return state_.lanes.size(); }
  [[nodiscard]] std::size_t organizers() const noexcept { return lane_of_.size(); }

 private:
  // database_rows.cpp
  enum class kind : std::uint8_t { fresh, stale, held, other };
  [[nodiscard]] kind kind_of(const row& r, row_id id, const session_memory& s, mono_time now) const;
  [[nodiscard]] std::optional<claim> claimed_before(const engine::fetch_rows& f, lease_token token) const;
  [[nodiscard]] engine::claimed_page take(const engine::page_wanted& wanted, bool stale, const session_memory& s, lease_token token,
                                          const std::set<row_id>& released, mono_time now);
  [[nodiscard]] bool holds_claim(std::size_t index, lease_token token) const;
  void free_inherited(key_id key, lease_token token);
  void end(std::size_t index, outcome result, const engine::answer& last, lease_token token);
  std::uint32_t close(const engine::close_organizer& c, const session_memory& s, mono_time now);
  void save(const engine::save_cooldown& c, lease_token session);
  [[nodiscard]] bool record(const engine::record_outcome& r, bool repeated);
  [[nodiscard]] bool advance(const engine::advance_row& a);
  [[nodiscard]] bool release(const engine::release_row& r, bool repeated);

  // database_sessions.cpp
  [[nodiscard]] surveyed count(session_memory& s, mono_time now);
  [[nodiscard]] lease_token leader(lane_id lane, mono_time now) const;
  [[nodiscard]] terms terms_of(lease_token id, lane_id lane, mono_time now);
  void publish(lane_id lane, const report::published& p);
  [[nodiscard]] std::vector<announcement> news(const session_memory& s, mono_time now) const;

  std::vector<lane_id> lane_of_;
  random_source random_;
  listener& watch_;
  state state_;
};

}  // namespace convoke::simulation::fleet

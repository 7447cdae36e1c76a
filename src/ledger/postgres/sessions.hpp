#pragma once

// The sessions of a store: what the process keeps of each, how one begins and ends, and what it can claim.

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"

namespace convoke::ledger::postgres {

// 63 random bits, never 0: the id of a session, or the token of a claim.
[[nodiscard]] lease_token random_token();

// Which cooldowns of other sessions were reported already. Serials are drawn before their commits, so a lower one can appear after a
// higher one: the last ones are read again each time, and those that were reported are left out. Used on both threads of a store.
class cooldown_watch {
 public:
  // Serials up to this one are not read again.
  [[nodiscard]] std::int64_t floor() const;
  // True the first time for this number and end: after a failover that lost commits, numbers are drawn again.
  [[nodiscard]] bool is_new(std::int64_t serial, std::int64_t until);

 private:
  static constexpr std::int64_t window = 1024;
  mutable std::mutex mutex_;
  std::int64_t highest_ = 0;
  std::unordered_map<std::int64_t, std::int64_t> reported_;  // the last end for each number
};

// What a session that leads a lane knows of the others. On the thread of the renewals, after the session has begun.
struct lane_exchange {
  struct counts {
    std::uint64_t calls = 0, successes = 0;
  };
  counts own;          // since the session began, as confirmed
  bool leads = false;  // as last reported
  std::unordered_map<lease_token, counts> others;
  std::unordered_set<std::int64_t> throttles;  // reported
};

struct session {
  lease_token id = 0;
  run_id run = all_runs;
  std::vector<std::int64_t> lanes;  // ids of table lane, by position; does not change
  cooldown_watch cooldowns;
  std::vector<lane_exchange> exchange;  // by position

  // The rest is used on the ledger's thread only.
  //
  // Where the claims of an organizer's rows continue, in one run. The rows before are claimed or were skipped, because other sessions had
  // locked them; what is left of them can be claimed after the next survey. So claims do not meet again what was deleted.
  struct source {
    run_id run = 0;
    std::int64_t last_fresh = -1, last_stale = -1;  // numbers
    bool no_fresh = false, no_stale = false;        // nothing is left beyond
  };
  struct organizer_state {
    lane_id lane = 0;
    std::vector<source> sources;  // in the order in which the runs were opened
  };
  std::unordered_map<organizer_id, organizer_state> organizers;
  int attempt = 0;  // of its claims: raised after a commit in doubt
  // By this session, and when: not given out again, or not before so much time has passed.
  std::unordered_map<row_id, mono_time> released;
  std::optional<std::chrono::nanoseconds> give_again_after;
  std::unordered_set<lease_token> ended;  // sessions that had ended at the last survey: only their rows are given out as stale ones
};

// The sessions of a store that have not ended, as far as the process knows. Used on both threads.
class session_list {
 public:
  [[nodiscard]] std::shared_ptr<session> find(lease_token id) const;
  // The session that carries out this run: its own one, else that of all runs. nullptr if there is none.
  [[nodiscard]] std::shared_ptr<session> of_run(run_id run) const;
  [[nodiscard]] std::vector<lease_token> all() const;
  void add(std::shared_ptr<session> begun);
  void remove(lease_token id);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<lease_token, std::shared_ptr<session>> sessions_;
};

// `d` for the database; NULL where it is absent.
[[nodiscard]] std::optional<std::int64_t> microseconds(const std::optional<std::chrono::nanoseconds>& d);

// The error of a session that has ended.
[[nodiscard]] error session_over();

// On the ledger's thread. The outer error of an answer is a failure of the connection, after which the call may be repeated as it was.
class session_writer {
 public:
  explicit session_writer(session_list& list) : list_(list) {}

  // Begins the session `id`. Of one run: the store has read `info`, whose lanes are those of the session by now, and ends its own earlier
  // session of that run by this. Of all_runs: `info` is not used.
  [[nodiscard]] outcome_of<opened_run> join(connection& db, const session_request& wanted, run_info info, lease_token id);
  [[nodiscard]] outcome_of<void> leave(connection& db, lease_token id);
  // Ends all sessions of the store: to be called before it closes.
  [[nodiscard]] outcome_of<void> leave_all(connection& db);
  [[nodiscard]] outcome_of<result<rows_in_store>> survey(connection& db, lease_token id);

 private:
  [[nodiscard]] outcome_of<opened_run> begin_session(connection& db, const session_request& wanted, run_info info, lease_token id,
                                                     std::shared_ptr<session>& begun);
  session_list& list_;
};

}  // namespace convoke::ledger::postgres

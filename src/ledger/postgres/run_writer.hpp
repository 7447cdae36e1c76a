#pragma once

// What a run under way changes: claims, outcomes, releases, closed organizers and cooldowns, gathered into groups of one commit each. On
// the ledger's thread.
//
// A commit whose answer is lost with the connection is in doubt. The group is given again, with a new connection: what the first commit
// did is found, and is answered as if it had been answered then.

#include <optional>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/memory.hpp"
#include "ledger/postgres/outcome_writer.hpp"
#include "ledger/postgres/pipeline.hpp"
#include "ledger/postgres/sessions.hpp"

namespace convoke::ledger::postgres {

// What one commit changes, and the answers. Within a group the writes come first, then the closes, the claims and the cooldowns.
struct group {
  struct claiming {
    claim_request wanted;
    result<claim_answer> answer{};
    lease_token token = random_token();
    bool answered = false;  // by a commit that was in doubt
  };
  struct writing {
    row_writes rows;
    committed_rows answer{};
  };
  struct closing {
    close_request wanted;
    result<closed_rows> answer{};
    lease_token token = random_token();
  };
  struct cooling {
    run_id run = 0;
    lane_id lane = 0;
    std::optional<organizer_id> organizer{};
    std::optional<utc_time> until{};  // absent: the cooldown is forgotten
    bool app = false;                 // that of the lane's application
  };
  std::vector<claiming> claims;
  std::vector<writing> writes;
  std::vector<closing> closes;
  std::vector<cooling> cooldowns;
  bool in_doubt = false;  // an earlier commit was; set by commit()
};

class run_writer {
 public:
  run_writer(session_list& list, memory_writer& memory) : list_(list), memory_(memory) {}

  // Carries out the group in one transaction and one round trip, and sets its answers. After fault::lost and fault::again it may be given
  // again as it is; after any other failure nothing of it was done, and its answers are not set.
  [[nodiscard]] outcome_of<void> commit(connection& db, group& all);

  // The inner error is errc::usage for a run that there is not. all_runs: every open run that owes nothing becomes finished; open if one
  // is left that owes something.
  [[nodiscard]] outcome_of<result<run_state>> finish_run(connection& db, run_id id);

 private:
  // `locked`: no plan was under way.
  [[nodiscard]] outcome_of<result<run_state>> try_to_finish(connection& db, run_id id, bool& locked);
  struct layout;  // which statement answers what
  [[nodiscard]] outcome_of<void> find_claimed(connection& db, group& all, layout& at);
  static void add_live(pipeline& to, const group& all, layout& at);
  void add_writes(pipeline& to, const group& all, layout& at) const;
  void add_closes(pipeline& to, const group& all, layout& at) const;
  static void add_claims(pipeline& to, const group& all, layout& at);
  void add_reads(pipeline& to, const group& all, layout& at) const;
  static void read_live(const std::vector<rows>& answers, group& all, const layout& at);
  static void read_claims(const std::vector<rows>& answers, group& all, layout& at);
  static void read_closes(const std::vector<rows>& answers, group& all, const layout& at);
  [[nodiscard]] outcome_of<void> settle_writes(connection& db, const std::vector<rows>& answers, group& all, layout& at);

  session_list& list_;
  memory_writer& memory_;
  // The transactions of this store exclude each other, so that a group is not repeated while the server still carries it out.
  lease_token own_lock_ = random_token();
  std::uint32_t slot_ = static_cast<std::uint32_t>(own_lock_ & 0x7fffffff) | 1;  // of the tally
};

}  // namespace convoke::ledger::postgres

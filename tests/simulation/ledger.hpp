#pragma once

// A ledger in virtual time. What is committed survives a crash, what waits for its group commit does not. Every write is conditional on the
// token of its claim, outcomes are insert-only, and requests that a correct engine never makes are recorded as violations.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "engine/types.hpp"
#include "simulation/row_book.hpp"

namespace convoke::simulation {

using engine::lane_id;
using engine::lease_token;
using engine::organizer_id;
using engine::row_id;

using ledger_job = std::variant<engine::fetch_rows, engine::record_outcome, engine::advance_row, engine::release_row,
                                engine::close_organizer, engine::save_cooldown, engine::forget_cooldown, engine::save_pace>;

// What a commit made durable, in the order of the jobs: to be reported to the engine.
struct claim {
  engine::fetch_rows request;
  std::vector<engine::claimed_page> pages;
};
struct closing {
  engine::close_organizer request;
  std::uint32_t rows;
};
struct committed {
  std::vector<row_id> rows, lost;  // written, and not written because another process holds the row
  std::vector<claim> claims;
  std::vector<closing> closings;
};

// What a ledger guarantees. Like the engine's rules, each can be switched off to prove that a violation is noticed.
enum class guarantee : std::uint8_t {
  none,
  claims_kept,    // a claim is durable before its row is sent
  advances_kept,  // the next operation that a row owes survives a crash
  token_checked,  // a write of a claim that another process has taken over changes nothing
  insert_only,    // an outcome is never changed
  count_
};
inline thread_local guarantee disabled_guarantee = guarantee::none;

class ledger final : public row_book {
 public:
  struct row {
    engine::key_id key = 0;
    organizer_id organizer = 0;
    lane_id lane = 0;
    operation op = operation::create_or_get;  // that it owes now
    engine::update_rule update = engine::update_rule::never;
    std::string meeting_id;  // where it is known
    lease_token token = 0;
    std::uint16_t claimed_by = 0;  // the process; 0: none
    std::uint8_t strikes = 0;
    std::uint8_t advances = 0;  // operations that were completed and led to another one
    bool taken_over = false;    // another process has claimed it since this one began
    std::optional<outcome> result;
    operation planned = operation::create_or_get;  // the first that it owed
    bool repairs = false;                          // see engine::owed_row
  };

  // The lane of each organizer.
  explicit ledger(std::vector<lane_id> lanes) : lane_of_(std::move(lanes)), organizers_(lane_of_.size()) {}
  void add(engine::key_id key, organizer_id organizer, engine::update_rule update);
  // The row owes this operation on a known meeting, from its plan on.
  void begin_with(std::size_t index, operation op, std::string meeting_id, bool repairs);
  [[nodiscard]] static row_id id_of(std::size_t index) noexcept { return row_id{1} << 32U | (index + 1); }
  [[nodiscard]] static std::size_t index_of(row_id id) noexcept { return static_cast<std::uint32_t>(id) - 1; }

  // A new process: rows that earlier ones claimed and did not finish are stale for it.
  void begin_process();
  [[nodiscard]] engine::lane_setup setup(lane_id lane, mono_time now, utc_time wall, std::chrono::nanoseconds max_cooldown) const;

  // Cooldowns are kept by wall clock, as `wall - now` says.
  committed commit(std::vector<ledger_job>& jobs, mono_time now, utc_time wall);
  // A late write of a process that was killed. It changes nothing where another process holds the row.
  void late_write(ledger_job job);

  // ---- another process, at the same time
  // It claims a row that this process holds. False where there is nothing to claim.
  bool take_over(std::size_t index);
  void advance_elsewhere(std::size_t index, operation next, const engine::answer& last);
  void end_elsewhere(std::size_t index, outcome result, const engine::answer& last);
  void release_elsewhere(std::size_t index);

  [[nodiscard]] bool done() const noexcept { return owed_ == 0; }
  [[nodiscard]] std::size_t owed() const noexcept { return owed_; }
  [[nodiscard]] std::size_t size() const override { return rows_.size(); }
  [[nodiscard]] row_facts at(std::size_t index) const override;
  [[nodiscard]] std::size_t owed_here(lane_id lane) const override;
  [[nodiscard]] bool any_taken_over() const override;
  [[nodiscard]] const std::vector<row>& rows() const noexcept { return rows_; }
  [[nodiscard]] lane_id lane_of(organizer_id o) const override { return lane_of_[o]; }
  [[nodiscard]] std::size_t organizers() const noexcept { return lane_of_.size(); }
  [[nodiscard]] const engine::answer* ended_with(std::size_t index) const;
  [[nodiscard]] std::optional<engine::learnt_pace> pace(lane_id lane) const;
  [[nodiscard]] std::uint32_t fresh_left(organizer_id o) const override;
  [[nodiscard]] std::uint32_t stale_left(organizer_id o) const override;
  [[nodiscard]] std::vector<std::string>& violations() noexcept { return violations_; }

 private:
  struct organizer_rows {
    std::deque<std::uint32_t> fresh, stale;
    std::vector<std::uint32_t> all;
  };
  enum class hold : std::uint8_t { held, lost };

  [[nodiscard]] engine::claimed_page take(const engine::page_wanted& wanted, bool stale);
  hold record(const engine::record_outcome& r, bool late);
  hold advance(const engine::advance_row& a, bool late);
  hold release(const engine::release_row& r, bool late);
  std::uint32_t close(const engine::close_organizer& c);
  void end(std::size_t index, outcome result, const engine::answer& last);
  static void move_on(row& r, operation next, const engine::answer& last);
  [[nodiscard]] hold holds(std::size_t index, lease_token token, const char* what, bool late);
  void violated(std::size_t index, const char* what);

  std::vector<lane_id> lane_of_;
  std::vector<row> rows_;
  std::vector<organizer_rows> organizers_;
  std::unordered_map<std::size_t, engine::answer> answers_;  // of rows that ended
  struct cooldown {
    utc_time until = utc_time::min(), saved;
  };
  std::map<std::pair<lane_id, std::optional<organizer_id>>, cooldown> cooldowns_;
  std::map<lane_id, engine::learnt_pace> paces_;
  std::uint16_t process_ = 0;
  std::size_t owed_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace convoke::simulation

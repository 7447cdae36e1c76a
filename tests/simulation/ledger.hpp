#pragma once

// A ledger in virtual time. What is committed survives a crash, what waits for its group commit does not. Every write is conditional on the
// token of its claim, outcomes are insert-only, and whatever should never have been asked of it is noted.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "engine/types.hpp"

namespace convoke::simulation {

using engine::organizer_id;
using engine::row_id;

using ledger_job = std::variant<engine::fetch_rows, engine::record_outcome, engine::release_row, engine::close_organizer,
                                engine::save_cooldown, engine::forget_cooldown, engine::save_pace>;

// What a commit made durable, in the order of the jobs: for the engine to be told.
struct claim {
  engine::fetch_rows asked;
  std::vector<engine::claimed_page> pages;
};
struct closing {
  engine::close_organizer asked;
  std::uint32_t rows;
};
struct committed {
  std::vector<row_id> rows;
  std::vector<claim> claims;
  std::vector<closing> closings;
};

// What a ledger promises. Like the engine's rules, each can be taken away to prove that it would be missed.
enum class promise : std::uint8_t {
  none,
  claims_kept,    // a claim is durable before its row is sent
  token_checked,  // a write of a claim that somebody else holds by now changes nothing
  insert_only,    // an outcome stays
  count_
};
inline thread_local promise broken_promise = promise::none;

class ledger {
 public:
  struct row {
    engine::key_id key = 0;
    organizer_id organizer = 0;
    lease_token token = 0;
    std::uint16_t claimed_by = 0;  // the process; 0: nobody
    std::uint8_t strikes = 0;
    std::optional<outcome> result;
  };

  explicit ledger(std::size_t organizers) : organizers_(organizers) {}
  void add(engine::key_id key, organizer_id organizer);
  [[nodiscard]] static row_id id_of(std::size_t index) noexcept { return row_id{1} << 32U | (index + 1); }
  [[nodiscard]] static std::size_t index_of(row_id id) noexcept { return static_cast<std::uint32_t>(id) - 1; }

  // A new process: what earlier ones had claimed and never finished is stale to it.
  void begin_process();
  [[nodiscard]] engine::lane_setup setup(mono_time now, utc_time wall, std::chrono::nanoseconds max_cooldown) const;

  // Cooldowns are kept by wall clock, as `wall - now` says.
  committed commit(std::vector<ledger_job>& jobs, mono_time now, utc_time wall);
  // A write of a process that is believed to be dead. True where it was turned away, as it must be once others hold the row.
  void late_write(const ledger_job& job);

  [[nodiscard]] bool done() const noexcept { return owed_ == 0; }
  [[nodiscard]] std::size_t owed() const noexcept { return owed_; }
  [[nodiscard]] const std::vector<row>& rows() const noexcept { return rows_; }
  [[nodiscard]] const engine::answer* ended_with(std::size_t index) const;
  [[nodiscard]] const std::optional<engine::learnt_pace>& pace() const noexcept { return pace_; }
  [[nodiscard]] std::uint32_t fresh_left(organizer_id o) const;
  [[nodiscard]] std::uint32_t stale_left(organizer_id o) const;
  [[nodiscard]] std::size_t lost_writes() const noexcept { return lost_writes_; }
  [[nodiscard]] std::vector<std::string>& complaints() noexcept { return complaints_; }

 private:
  struct organizer_rows {
    std::deque<std::uint32_t> fresh, stale;
    std::vector<std::uint32_t> all;
  };

  [[nodiscard]] engine::claimed_page take(const engine::page_wanted& wanted, bool stale);
  void record(engine::record_outcome& r, bool late);
  void release(const engine::release_row& r, bool late);
  std::uint32_t close(const engine::close_organizer& c);
  void end(std::size_t index, outcome result, const engine::answer& last);
  [[nodiscard]] bool holds(std::size_t index, lease_token token, const char* what, bool late);
  void complain(std::size_t index, const char* what);

  std::vector<row> rows_;
  std::vector<organizer_rows> organizers_;
  std::unordered_map<std::size_t, engine::answer> answers_;  // of rows that ended
  struct cooldown {
    utc_time until = utc_time::min(), saved;
  };
  std::map<std::optional<organizer_id>, cooldown> cooldowns_;
  std::optional<engine::learnt_pace> pace_;
  std::uint16_t process_ = 0;
  std::size_t owed_ = 0, lost_writes_ = 0;
  std::vector<std::string> complaints_;
};

}  // namespace convoke::simulation

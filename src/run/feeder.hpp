#pragma once

// From the records of an input to the rows of a plan.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <convoke/job.hpp>

#include "csv/csv.hpp"
#include "ledger/ledger.hpp"
#include "run/stop_tokens.hpp"
#include "run/user_names.hpp"
#include "spec/rows.hpp"

namespace convoke::run {

inline constexpr auto interrupted_planning =
    "Interrupted while planning: nothing was sent and nothing was kept. Run the same command again.";

// --only COLUMN=VALUE, resolved against the header.
struct row_filter {
  std::optional<std::size_t> column;
  std::string value;
};
// errc::usage where the input lacks the column. The form of `only` was validated before.
[[nodiscard]] result<row_filter> find_only(const std::string& only, const spec::row_builder& builder);

// The records that a plan covers.
class row_selector {
 public:
  row_selector(row_filter only, const spec::row_builder& builder, const job& j);

  // The record is one of convoke's results and says that its meeting was removed. A run that provisions would make the meeting again.
  [[nodiscard]] bool was_removed(const csv::record& record) const;

  // False: the record is none of them, whatever it says.
  [[nodiscard]] bool may_take(const csv::record& record) const;
  // The same once its lane is known; counts it.
  [[nodiscard]] bool take(std::size_t lane) noexcept;
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

 private:
  row_filter only_;
  std::optional<std::size_t> outcome_;  // the column of convoke's results; absent where the input is no results, or that does not matter
  std::optional<std::uint64_t> limit_;
  std::size_t lanes_;
  std::uint64_t taken_ = 0;
};

// Turns records into planned rows and hands them over in batches.
class feeder {
 public:
  feeder(ledger::plan_builder& to, spec::row_builder& builder, row_selector rows, const user_names& users, const job& j,
         const stop_tokens& stop)
      : to_(to), builder_(builder), selector_(std::move(rows)), users_(users), job_(j), stop_(stop) {}

  // Fails with needs_users() where the organizer of a row is a UPN of which nothing is known.
  [[nodiscard]] result<void> add(const csv::record& record);
  [[nodiscard]] result<void> flush();

  [[nodiscard]] bool needs_users() const noexcept { return needs_users_; }
  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::uint64_t planned() const noexcept { return selector_.taken(); }
  [[nodiscard]] std::uint64_t empty() const noexcept { return empty_; }
  [[nodiscard]] std::uint64_t of_other_tenants() const noexcept { return of_other_tenants_; }
  [[nodiscard]] std::uint64_t removed_before() const noexcept { return removed_before_; }

 private:
  [[nodiscard]] result<void> add(ledger::planned_row row);
  [[nodiscard]] result<void> add_occurrences(ledger::planned_row first);
  [[nodiscard]] result<void> resolve_organizer();
  [[nodiscard]] std::string why_unknown();

  ledger::plan_builder& to_;
  spec::row_builder& builder_;
  row_selector selector_;
  const user_names& users_;
  const job& job_;
  const stop_tokens& stop_;
  std::uint64_t rows_ = 0, empty_ = 0, of_other_tenants_ = 0, removed_before_ = 0;
  bool needs_users_ = false;
  spec::built_row built_;
  std::map<std::pair<std::size_t, std::string>, std::string> near_;  // by lane and unknown UPN: the nearest known name, or an empty text
  std::vector<ledger::planned_row> batch_;
  std::size_t bytes_ = 0;  // of the batch's rows
};

// Whether a row is wrong because its organizer's tenant does not have that user: as a feeder describes it.
[[nodiscard]] bool names_unknown_user(std::string_view error) noexcept;

}  // namespace convoke::run

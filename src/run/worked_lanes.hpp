#pragma once

// How the lanes of a worker ended, over all the sessions that it had.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <convoke/job.hpp>

#include "ledger/types.hpp"

namespace convoke::run {

// Whether `a` is reported where `b` happened too: the order of the exit codes.
[[nodiscard]] bool outranks(ending a, ending b) noexcept;

class worked_lanes {
 public:
  explicit worked_lanes(std::vector<ledger::lane_name> names) : names_(std::move(names)), results_(names_.size()) {}

  [[nodiscard]] const std::vector<ledger::lane_name>& names() const noexcept { return names_; }
  [[nodiscard]] bool has(const ledger::lane_name& name) const { return find(name) < names_.size(); }
  // Whether another run is tried in this lane: not where its credentials or its permission were refused, which a run does not change.
  [[nodiscard]] bool usable(const ledger::lane_name& name) const;
  // Whether nothing is known that would leave rows of this lane.
  [[nodiscard]] bool done(const ledger::lane_name& name) const;

  // The end of a session in these lanes. Those for which there is no end are left as they are. The worst end of a lane counts.
  void add(std::span<const ledger::lane_name> of, std::vector<lane_result> ends);
  // An open run owes rows to this lane: where it had a session, it is not finished.
  void owes(const ledger::lane_name& name, ending why, const std::string& detail);

  // Those that had a session, in the order of the names.
  [[nodiscard]] std::vector<lane_result> take();

 private:
  [[nodiscard]] std::size_t find(const ledger::lane_name& name) const;

  std::vector<ledger::lane_name> names_;
  std::vector<std::optional<lane_result>> results_;  // one for each name
};

}  // namespace convoke::run

#pragma once

// Which failed and rejected rows have the same reason.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <convoke/outcome.hpp>
#include <convoke/summary.hpp>

#include "ledger/types.hpp"

namespace convoke::ledger::planning {

// What the messages of one reason have in common: without quoted values (but with the names of columns), ids, addresses, numbers and times,
// and at most 160 bytes long. Empty where outcome, code and status say all: conflicts differ only in the rows that they name.
[[nodiscard]] std::string shape_of_reason(outcome result, std::string_view code, int http_status, std::string_view message);

// Counts the rows of each reason.
class reason_groups {
 public:
  // A row that belongs into the failed file. drift: of a drifted row.
  struct row {
    row_id id = 0, outcome_id = 0;
    outcome result = outcome::failed;
    std::string_view code, drift, message;
    int http_status = 0;
    std::uint16_t lane = 0;  // its position in the run
  };
  void add(const row& r);

  struct counted {
    failure_reason reason;  // without what its first row says: line, organizer, external id, message
    row_id first = 0, outcome_id = 0;
  };
  // The most frequent ones; of equally frequent ones the one whose first row comes first.
  [[nodiscard]] std::vector<counted> most_frequent(std::size_t most) const;

 private:
  // A service that puts something new into every code must not fill the memory: rows with further codes are not counted.
  static constexpr std::size_t most_groups = 10'000;
  // Code (of drifted rows the fields), HTTP status, what the messages have in common (a 403 can have several causes), and the lane: what is
  // to be done is done in one tenant.
  using group = std::tuple<outcome, std::string, int, std::string, std::uint16_t>;
  struct counted_rows {
    std::uint64_t rows = 0;
    row_id first = 0, outcome_id = 0;  // of the first row
  };
  std::map<group, counted_rows> groups_;
};

}  // namespace convoke::ledger::planning

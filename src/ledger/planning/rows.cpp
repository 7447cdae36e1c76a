#include "ledger/planning/rows.hpp"

#include <algorithm>
#include <string>

namespace convoke::ledger::planning {

result<std::uint32_t> row_numbers::next(std::uint32_t line, bool is_occurrence) {
  const bool follows = is_occurrence ? line >= line_ : line > line_;
  if (!follows) return fail(errc::internal, "rows were planned out of order: line " + std::to_string(line));
  line_ = line;
  last_ = std::max(line, last_ + 1);
  return last_;
}

}  // namespace convoke::ledger::planning

#include "ledger/planning/known_meetings.hpp"

#include <vector>

#include "ledger/planning/kinds.hpp"

namespace convoke::ledger::planning {

result<std::uint64_t> for_each_known_meeting(plan_store& store, row_numbers& numbers, utc_time now, const take_known_meeting& take) {
  constexpr std::size_t page_rows = 256;
  std::uint64_t rows = 0;
  std::vector<inventory_entry> page;
  key_id after = 0;
  do {
    if (auto read = store.read_inventory(after, page_rows, page); !read) return std::unexpected(std::move(read.error()));
    for (const auto& meeting : page) {
      after = meeting.key;
      if (!is_verified(meeting.known, now)) continue;
      if (auto taken = take(numbers.next_without_line(), meeting); !taken) return std::unexpected(std::move(taken.error()));
      ++rows;
    }
  } while (page.size() == page_rows);
  return rows;
}

}  // namespace convoke::ledger::planning

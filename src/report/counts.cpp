#include "report/counts.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "report/progress.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

using named_count = std::pair<std::string_view, std::uint64_t>;

std::array<named_count, 11> all_counts(const outcome_counts& c) {
  return {{{"created", c.created},
           {"existing", c.existing},
           {"drifted", c.drifted},
           {"updated", c.updated},
           {"unchanged", c.unchanged},
           {"failed", c.failed},
           {"rejected", c.rejected},
           {"superseded", c.superseded},
           {"lost", c.lost},
           {"removed", c.removed},
           {"deferred", c.owed}}};
}

}  // namespace

std::string counts_text(const outcome_counts& counts) {
  std::string out;
  for (const auto& [word, n] : all_counts(counts))
    if (n > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", grouped(n), word);
  return out.empty() ? "nothing" : out;
}

boost::json::object counts_json(const outcome_counts& counts) {
  boost::json::object out;
  for (const auto& [word, n] : all_counts(counts)) out.emplace(word, n);
  return out;
}

std::string batches_text(std::uint64_t batches, std::uint64_t strange) {
  std::string out;
  if (batches > 0) out += fmt::format("Several of the calls went together: {}.\n", count_of(batches, "batch", "batches"));
  if (strange > 0)
    out += fmt::format("{} in batches {} ignored: {} no call, or to one that had its answer.\n", count_of(strange, "answer", "answers"),
                       form(strange, "was", "were"), form(strange, "it belongs to", "they belong to"));
  return out;
}

}  // namespace convoke::report

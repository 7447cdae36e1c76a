#include "spec/longest_id.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/text.hpp"

namespace convoke::spec {

void refuse_long_id(built_row& row, std::size_t most) {
  const std::string* longest = &row.wanted.external_id;
  const auto look_at = [&longest](const std::string& id) {
    if (id.size() > longest->size()) longest = &id;
  };
  for (const auto& one : row.occurrences) look_at(one.external_id);
  for (const auto& one : row.present) look_at(one);
  if (longest->size() <= most) return;
  row.errors.push_back({.column = {},
                        .value = core::escape_for_people(*longest, 60),
                        .reason = "the external id has " + std::to_string(longest->size()) + " bytes, and the service takes " +
                                  std::to_string(most) + " at most, as convoke probe found out (--probed): make shorter ids"});
  // Its meetings are wanted all the same once it is corrected.
  if (!row.present.empty()) return;
  for (auto& one : row.occurrences) row.present.push_back(std::move(one.external_id));
  if (row.occurrences.empty()) row.present.push_back(row.wanted.external_id);
  row.occurrences.clear();
}

}  // namespace convoke::spec

#include "spec/row_tenant.hpp"

#include <algorithm>
#include <vector>

#include "core/text.hpp"

namespace convoke::spec {

std::optional<std::uint16_t> row_tenant::lane_of(std::string_view cell, bool has_column) const {
  constexpr std::uint16_t only = 0;
  const auto& names = settings_.tenants;
  if (cell.empty()) {
    // Where the input has the column, an empty cell is a mistake, also in a run that is limited to one tenant.
    if (names.size() > 1 && (!settings_.first_tenant_is_default || has_column)) return std::nullopt;
    return only;
  }
  if (names.empty()) return only_.empty() || core::equal_ignoring_case(only_, cell) ? std::optional(only) : std::nullopt;
  const auto place = [&](auto found) { return static_cast<std::uint16_t>(found - names.begin()); };
  const auto named = std::ranges::find_if(names, [cell](const tenant_name& n) { return core::equal_ignoring_case(n.name, cell); });
  if (named != names.end()) return place(named);
  const auto has_id = [cell](const tenant_name& n) { return core::equal_ignoring_case(n.id, cell); };
  const auto found = std::ranges::find_if(names, has_id);
  if (found == names.end() || std::find_if(found + 1, names.end(), has_id) != names.end()) return std::nullopt;
  return place(found);
}

bool row_tenant::read(const row_view& row, std::uint32_t line, built_row& out) {
  const std::string_view text = row.cell(column_role::tenant);
  if (settings_.tenants.empty() && !text.empty()) return read_only(row, text, line);
  const auto lane = lane_of(text, row.head().place(column_role::tenant).has_value());
  if (lane)
    out.lane = *lane;
  else
    report(row, text);
  return lane.has_value();
}

// What is wrong with a cell from which lane_of() gets no lane.
void row_tenant::report(const row_view& row, std::string_view text) const {
  const auto& names = settings_.tenants;
  if (text.empty()) return row.wrong(column_role::tenant, text, "a tenant is required, as there are several");
  const auto has_id = [text](const tenant_name& n) { return core::equal_ignoring_case(n.id, text); };
  if (const auto found = std::ranges::find_if(names, has_id); found != names.end()) {
    const auto other = std::find_if(found + 1, names.end(), has_id);
    return row.wrong(column_role::tenant, text,
                     "is the id of several tenants of the configuration: write the name of one, '" +
                         core::escape_for_people(found->name, 60) + "' or '" + core::escape_for_people(other->name, 60) + "'");
  }
  if (names.size() == 1) {
    return row.wrong(column_role::tenant, text,
                     "is not the tenant of this run, '" + core::escape_for_people(names.front().id, 60) +
                         "': a run over several tenants needs a table [tenants.NAME] in the configuration for each");
  }
  std::vector<std::string_view> candidates;
  for (const tenant_name& n : names) candidates.push_back(n.name);
  const auto near = core::nearest(text, candidates);
  row.wrong(column_role::tenant, text,
            "is no tenant of the configuration" + (near ? "; is '" + std::string(*near) + "' meant?" : std::string()));
}

bool row_tenant::read_only(const row_view& row, std::string_view text, std::uint32_t line) {
  if (only_.empty()) {
    only_ = text;
    only_line_ = line;
    return true;
  }
  if (core::equal_ignoring_case(only_, text)) return true;
  row.wrong(column_role::tenant, text,
            "is another tenant than '" + core::escape_for_people(only_, 60) + "' in line " + std::to_string(only_line_) +
                "; which tenants there are is not known here: name them in the configuration, in tables [tenants.NAME]");
  return false;
}

}  // namespace convoke::spec

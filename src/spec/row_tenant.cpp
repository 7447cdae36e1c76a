#include "spec/row_tenant.hpp"

#include <algorithm>
#include <vector>

#include "core/text.hpp"

namespace convoke::spec {

void row_tenant::read(const row_view& row, std::uint32_t line, built_row& out) {
  const std::string_view text = row.cell(column_role::tenant);
  const auto& names = settings_.tenants;
  if (text.empty()) {
    // Where the input has the column, an empty cell is a mistake, also in a run that is limited to one tenant.
    if (names.size() > 1 && (!settings_.first_tenant_is_default || row.head().place(column_role::tenant)))
      row.wrong(column_role::tenant, text, "a tenant is required, as there are several");
    return;
  }
  if (names.empty()) return read_only(row, text, line);
  const auto named = [text](const tenant_name& n) { return core::equal_ignoring_case(n.name, text); };
  const auto has_id = [text](const tenant_name& n) { return core::equal_ignoring_case(n.id, text); };
  auto found = std::ranges::find_if(names, named);
  if (found == names.end()) {
    found = std::ranges::find_if(names, has_id);
    const auto other = found == names.end() ? found : std::find_if(found + 1, names.end(), has_id);
    if (other != names.end())
      return row.wrong(column_role::tenant, text,
                       "is the id of several tenants of the configuration: write the name of one, '" +
                           core::escape_for_people(found->name, 60) + "' or '" + core::escape_for_people(other->name, 60) + "'");
  }
  if (found != names.end()) {
    out.lane = static_cast<std::uint16_t>(found - names.begin());
    return;
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

void row_tenant::read_only(const row_view& row, std::string_view text, std::uint32_t line) {
  if (only_.empty()) {
    only_ = text;
    only_line_ = line;
  } else if (!core::equal_ignoring_case(only_, text)) {
    row.wrong(column_role::tenant, text,
              "is another tenant than '" + core::escape_for_people(only_, 60) + "' in line " + std::to_string(only_line_) +
                  "; which tenants there are is not known here: name them in the configuration, in tables [tenants.NAME]");
  }
}

}  // namespace convoke::spec

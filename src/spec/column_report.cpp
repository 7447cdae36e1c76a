#include "spec/column_report.hpp"

#include <algorithm>
#include <initializer_list>

#include "core/text.hpp"
#include "spec/column_names.hpp"

namespace convoke::spec {

std::vector<column_use> uses_of_columns(const header& h) {
  std::vector<column_use> out;
  for (std::size_t i = 0; i < h.names.size(); ++i) {
    column_use use{.column = i + 1, .header = h.names[i], .use = column_use::kind::carried, .role = {}};
    const column_role role = h.roles[i];
    if (role == column_role::ignored || role == column_role::unnamed) {
      use.use = column_use::kind::ignored;
    } else if (role != column_role::carried) {
      use.use = column_use::kind::used;
      use.role = name_of(role);
      if (role == column_role::option) use.role += "." + h.options[i];
    }
    out.push_back(std::move(use));
  }
  return out;
}

std::vector<std::string> defaults_of(const header& h, const row_settings& settings) {
  using enum column_role;
  std::vector<std::string> out;
  const auto lacks = [&h](std::initializer_list<column_role> roles) {
    return std::ranges::none_of(roles, [&h](column_role r) { return h.place(r).has_value(); });
  };
  const std::string zone = core::escape_for_people(settings.default_zone, 60);
  if (lacks({organizer})) out.emplace_back("no organizer: the user who signs in organizes every meeting");
  if (lacks({external_id})) {
    out.push_back("no external_id column: the ids are made by --external-id '" +
                  core::escape_for_people(settings.external_id_template, 100) + "'");
  }
  if (lacks({subject})) out.emplace_back("no subject: meetings get no subject");
  if (lacks({end, end_date, end_time, duration})) out.emplace_back("no end or duration: every meeting lasts 1 h");
  if (!lacks({time_zone})) {
    if (!zone.empty()) out.push_back("where time_zone is empty, --time-zone " + zone + " is used");
  } else if (zone.empty()) {
    out.emplace_back("no time_zone column and no --time-zone: every time needs an offset");
  } else {
    out.push_back("no time_zone column: --time-zone " + zone + " is used");
  }
  if (lacks({attendees})) out.emplace_back("no attendees: meetings have only their organizer");
  return out;
}

}  // namespace convoke::spec

#pragma once

// Settings with several values: --column, --carry and --organizer.

#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// The values of a list in the text of a flag: one a line.
[[nodiscard]] std::vector<std::string> values_of_flag(std::string_view text);
// The values of a list in an environment variable: one a line, or separated by `;` where it is a single line.
[[nodiscard]] std::vector<std::string> values_of_variable(std::string_view text);

// Reads `ROLE=HEADER`. errc::usage for another form and for a role that does not exist; the message names the setting's source.
[[nodiscard]] result<column_role_choice> parse_column(const setting& from);

// The values for option `name`, which is a list.
[[nodiscard]] std::vector<setting>& values_for(list_values& lists, std::string_view name);

// Adds the values of a source to those of nearer ones. What these say of a role or of a column already is left out: roles and columns are
// compared as header names are, and `title` is the role `subject`. Organizers come from the nearest source that names any.
void add_farther(list_values& nearer, const list_values& farther);

}  // namespace convoke::cli

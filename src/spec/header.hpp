#pragma once

// The roles of the columns of an input.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::spec {

enum class column_role : std::uint8_t {
  organizer,
  external_id,
  subject,
  start,
  end,
  date,  // with start_time, end_time and end_date instead of start and end
  start_time,
  end_date,
  end_time,
  duration,
  time_zone,
  attendees,
  repeat,
  skip_dates,
  tenant,
  chat_thread_id,
  option,   // of this and the following, an input may have any number
  ignored,  // convoke_line, convoke_error
  unnamed,  // a column without a name: ignored; its values are warned about
  carried,
};
inline constexpr std::size_t single_roles = 16;  // the roles before `option`, of which an input has one column at most

// --column ROLE=HEADER: the column with this name has this role.
struct role_of_header {
  std::string role;    // the name of a role or one of its aliases
  std::string header;  // compared as header names are
};

struct header_settings {
  bool needs_external_id = true;  // there is no template
  bool needs_organizer = true;    // not every meeting is of a person who signs in
  std::vector<role_of_header> columns;
  std::vector<std::string> carry;  // columns that are carried although their names are near those of a role
  // The header of a stored run, which was accepted when the run was planned: only roles are given, and nothing is refused.
  bool accepted_before = false;
};

struct header {
  std::vector<std::string> names;  // as the file has them, without blanks at their ends
  std::vector<column_role> roles;
  std::vector<std::string> options;  // NAME of each column with the role option.NAME; of other columns empty
  std::array<std::optional<std::size_t>, single_roles> places;
  std::vector<std::size_t> carried;

  [[nodiscard]] std::optional<std::size_t> place(column_role r) const { return places[static_cast<std::size_t>(r)]; }
  // The column with the role of this name, or with this name. Names are compared as those of headers.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
};

// Reads the header record. A column has the role that the settings give it, else that of its name unless the settings give this role to
// another column. Several columns may have no name. errc::input where two columns mean the same, where a column is missing that every
// input needs, and where the name of a column without a role is near that of a role that has no column; all of these are reported.
// errc::usage where the settings name a role or a column that does not exist, or contradict each other.
[[nodiscard]] result<header> read_header(std::span<const std::string_view> fields, const header_settings& settings);

}  // namespace convoke::spec

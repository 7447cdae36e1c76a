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
  duration,
  time_zone,
  attendees,
  tenant,
  chat_thread_id,
  option,   // of this and the following, an input may have any number
  ignored,  // convoke_line, convoke_error
  carried,
};
inline constexpr std::size_t single_roles = 10;  // the roles before `option`, of which an input has one column at most

struct header {
  std::vector<std::string> names;  // as the file has them, without blanks at their ends
  std::vector<column_role> roles;
  std::array<std::optional<std::size_t>, single_roles> places;
  std::vector<std::size_t> carried;

  [[nodiscard]] std::optional<std::size_t> place(column_role r) const { return places[static_cast<std::size_t>(r)]; }
  // The column with this name, or with the role of this name. Names are compared as those of headers.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
};

// Reads the header record. errc::input where two columns mean the same, and where a column is missing that every input needs.
[[nodiscard]] result<header> read_header(std::span<const std::string_view> fields, bool needs_external_id);

}  // namespace convoke::spec

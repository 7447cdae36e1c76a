#pragma once

// Which column of the input is what.

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
  option,   // any number of them, as the following
  ignored,  // convoke_line, convoke_error
  carried,
};
inline constexpr std::size_t single_roles = 10;

struct header {
  std::vector<std::string> names;  // as spelled, without blanks around
  std::vector<column_role> roles;
  std::array<std::optional<std::size_t>, single_roles> places;
  std::vector<std::size_t> carried;

  [[nodiscard]] std::optional<std::size_t> place(column_role r) const { return places[static_cast<std::size_t>(r)]; }
  // By name or another name for the same; matched as headers are.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
};

// Refuses a name that stands twice, and the lack of a column that every input needs.
[[nodiscard]] result<header> read_header(std::span<const std::string_view> fields, bool needs_external_id);

}  // namespace convoke::spec

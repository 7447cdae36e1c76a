#pragma once

/// \file
/// What a run does with its rows.

#include <cstdint>
#include <string_view>

namespace convoke {

/// What a run does with its rows. The numbers are stored in ledgers and are never reused.
enum class run_kind : std::uint8_t {
  provision = 1,  ///< makes what is wanted and missing
  verify = 2,     ///< reads known meetings and compares them with what is wanted
  remove = 3,     ///< deletes known meetings
};

/// `provision`, `verify`, `remove`.
[[nodiscard]] std::string_view to_string(run_kind k) noexcept;

}  // namespace convoke

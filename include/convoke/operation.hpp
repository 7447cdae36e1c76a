#pragma once

/// \file
/// The requests that a row can owe.

#include <cstdint>
#include <string_view>

namespace convoke {

/// One Graph request that a row owes. A row owes one operation at a time; its completion may make the next one owed. The numbers are stored
/// in ledgers and are never reused.
enum class operation : std::uint8_t {
  create_or_get = 1,  ///< POST …/onlineMeetings/createOrGet: makes the meeting, or returns the one that the external id has already
  update = 2,         ///< PATCH of a known meeting
  get = 3,            ///< GET of a known meeting: never creates
  remove = 4,         ///< DELETE of a known meeting
};

/// `createOrGet`, `update`, `get`, `remove`.
[[nodiscard]] std::string_view to_string(operation o) noexcept;

}  // namespace convoke

#pragma once

// Counts what rows are warned about. A kind is reported once, with the first row and an example.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/spec.hpp>
#include <convoke/summary.hpp>
#include <convoke/time.hpp>

namespace convoke::spec {

class row_warnings {
 public:
  // `now`: meetings are compared with it; absent: they are not.
  explicit row_warnings(std::optional<utc_time> now) noexcept;

  // The trimmed cells of one row of which its external id is made. A row counts once in each kind.
  void ids(std::span<const std::string_view> cells, std::uint32_t line);
  // A row whose meeting, or the last of its meetings, is from `start` to `end`.
  void times(utc_time start, utc_time end, std::uint32_t line);
  // A row whose attendees have roles that nothing keeps.
  void roles(std::span<const attendee> people, std::uint32_t line);
  // One row. `example` is shortened and escaped.
  void add(input_warning_kind kind, std::string_view example, std::uint32_t line);

  // In the order of the kinds.
  [[nodiscard]] std::vector<input_warning> all() const;

 private:
  // Counts a row; the count where it is the first one, and lacks its example.
  input_warning* count(input_warning_kind kind, std::uint32_t line) noexcept;

  static constexpr std::size_t kinds = static_cast<std::size_t>(input_warning_kind::beta_endpoint) + 1;

  std::optional<utc_time> now_, far_;
  std::array<input_warning, kinds> counts_;
  std::uint64_t rows_with_ids_ = 0;
};

}  // namespace convoke::spec

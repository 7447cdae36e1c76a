#include "spec/row_warnings.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "spec/external_ids.hpp"

namespace convoke::spec {

using namespace std::chrono;

namespace {

constexpr hours longest_usual{30};
constexpr minutes shortest_usual{5};
// Two years, one of which may be a leap year.
constexpr days farthest_usual{731};

}  // namespace

row_warnings::row_warnings(std::optional<utc_time> now) noexcept : now_(now) {
  if (now) far_ = *now + farthest_usual;
}

input_warning* row_warnings::count(input_warning_kind kind, std::uint32_t line) noexcept {
  input_warning& w = counts_[static_cast<std::size_t>(kind)];
  if (w.rows++ != 0) return nullptr;
  w.kind = kind;
  w.first_line = line;
  return &w;
}

void row_warnings::add(input_warning_kind kind, std::string_view example, std::uint32_t line) {
  if (auto* first = count(kind, line)) first->example = core::escape_for_people(example, 60);
}

void row_warnings::ids(std::span<const std::string_view> cells, std::uint32_t line) {
  ++rows_with_ids_;
  unsigned seen = 0;
  const auto once = [&](input_warning_kind kind, std::string_view cell) {
    const unsigned bit = 1U << static_cast<unsigned>(kind);
    if ((seen & bit) == 0) add(kind, cell, line);
    seen |= bit;
  };
  for (const std::string_view cell : cells) {
    if (const auto kind = doubtful_id(cell)) once(*kind, cell);
    if (decimal_id(cell)) once(input_warning_kind::id_decimal, cell);
  }
}

void row_warnings::times(utc_time start, utc_time end, std::uint32_t line) {
  if (end - start > longest_usual) [[unlikely]] {
    if (auto* first = count(input_warning_kind::long_meeting, line)) first->example = format_utc(start) + " to " + format_utc(end);
  }
  if (end - start < shortest_usual) [[unlikely]] {
    if (auto* first = count(input_warning_kind::short_meeting, line)) first->example = format_utc(start) + " to " + format_utc(end);
  }
  if (now_ && end < *now_) {
    if (auto* first = count(input_warning_kind::past_meeting, line)) first->example = format_utc(start);
  }
  if (far_ && start > *far_) [[unlikely]] {
    if (auto* first = count(input_warning_kind::far_meeting, line)) first->example = format_utc(start);
  }
}

void row_warnings::roles(std::span<const attendee> people, std::uint32_t line) {
  const auto lost = [](const attendee& a) { return a.role == attendee_role::presenter || a.role == attendee_role::coorganizer; };
  const auto first = std::ranges::find_if(people, lost);
  if (first != people.end()) add(input_warning_kind::role_not_kept, first->value, line);
}

std::vector<input_warning> row_warnings::all() const {
  std::vector<input_warning> out;
  for (const input_warning& w : counts_) {
    if (w.rows == 0) continue;
    // Some ids such as `12345.0` may be meant.
    if (w.kind == input_warning_kind::id_decimal && w.rows != rows_with_ids_) continue;
    out.push_back(w);
  }
  return out;
}

}  // namespace convoke::spec

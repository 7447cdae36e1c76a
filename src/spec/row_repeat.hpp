#pragma once

// The meetings of a row that repeats.

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/dates.hpp"
#include "spec/repeat.hpp"
#include "spec/row_times.hpp"
#include "spec/row_view.hpp"
#include "spec/rows.hpp"
#include "spec/skip_dates.hpp"
#include "spec/template.hpp"

namespace convoke::spec {

class row_repeat {
 public:
  // Both must outlive this. The date format, by which `skip_dates` and the date after `until` are read too, is sound.
  row_repeat(const row_settings& settings, zone_source& zones);

  // True where the row has a rule: both of its walls are needed.
  [[nodiscard]] static bool repeats(const row_view& row) noexcept { return !row.cell(column_role::repeat).empty(); }

  // Fills `out.occurrences` of a row that repeats, and reports what is wrong to the view. Each meeting is the one that a row of its own
  // would have with the wall times of the start and the end on that day: the wall times stay when summer time begins or ends. Their ids are
  // `out.wanted.external_id` with `-YYYYMMDD`, or are made by `dated`, a template that has a date (else nullptr). Where the row is wrong,
  // the occurrences are those whose ids can be made, and their times mean nothing.
  void read(const row_view& row, const meeting_times& times, const id_template* dated, built_row& out);

 private:
  // A rule's dates for one start: the rows of a timetable mostly share a few of them, and the library needs far more time than a row.
  struct known_dates {
    std::string rule;
    repeat_bounds bounds;
    std::vector<std::chrono::local_days> dates;
  };
  static constexpr std::size_t most_known = 64;

  void expand_rule(const repeat_rule& rule, std::string_view cell);
  [[nodiscard]] std::optional<repeat_bounds> bounds_of(const repeat_rule& rule, std::chrono::local_days start);
  void drop_after_end(const repeat_rule& rule);
  void skip(std::string_view cell);
  void report_unused(const std::vector<date_range>& of_cell);
  [[nodiscard]] std::expected<std::chrono::sys_seconds, std::string> instant_of(std::chrono::local_seconds wall) const;
  void resolve_all(bool by_length);
  void make_ids(const id_template* dated);
  void check_ids(std::string_view made_by);

  skip_set skipped_;
  zone_source& zones_;
  date_reader read_date_;
  std::string known_rule_;
  repeat_rule rule_;
  std::vector<known_dates> known_;
  std::size_t oldest_ = 0;

  // Of the row at hand:
  const row_view* row_ = nullptr;
  const meeting_times* times_ = nullptr;
  built_row* out_ = nullptr;
  std::vector<std::chrono::local_days> dates_;
};

}  // namespace convoke::spec

#pragma once

// When the meeting of a row takes place: zone, start, end, duration.
//
// The start is what the cells of the columns start, date and start_time give together, the end what end, end_date and end_time give: each
// gives a date, a time of day or both, and two that give the same must agree. A date at midnight in a column of dates is a date alone, as
// programs write dates so: it would be a start at midnight if a column with the time of day were not recognised.
//   An end with a time of day alone is on the day of the start in the row's local time; before the start's time of day: the next day.
//   An end with a date alone needs a duration, by which the meeting ends on that date.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "spec/date_format.hpp"
#include "spec/row_view.hpp"
#include "spec/rows.hpp"
#include "spec/template.hpp"
#include "spec/times.hpp"

namespace convoke::spec {

struct meeting_times {
  std::optional<std::chrono::sys_seconds> start, end;  // both are present where the row has no error in them
  id_template::wall_times walls;                       // as far as they are wanted
  // The zone of the row, known to the zone source; empty where the row has none, or names an unknown one.
  std::string_view zone;
  bool fixed_offset_zone = false;  // the zone is `Etc/GMT+n` or `Etc/GMT-n`: to be warned about
  // How other local times of this row become instants (resolve_wall): in its zone; where it has none, at the offset of its start.
  wall_rules rules;
  // The length of the meeting in local time: the duration, else from the start to the end as clocks show them in the zone of the row (at
  // the offset of the start where it has no zone). It may be zero or less where the clocks are set back in between. Present where both
  // walls are wanted and the row has start and end.
  std::optional<std::chrono::seconds> wall_length;
};

class row_times {
 public:
  // Which local times the caller needs although the cell has an offset.
  struct wall_needs {
    bool start = false, end = false;
  };

  // errc::usage where the default zone or the date format is wrong.
  [[nodiscard]] static result<void> check(const row_settings& settings, zone_source& zones);
  // Both must outlive this. The settings have passed check().
  row_times(const row_settings& settings, zone_source& zones);
  // Reports what is wrong to the view. Views in the answer are valid as long as the row's.
  [[nodiscard]] meeting_times read(const row_view& row, wall_needs needs);
  // Of --date-format; null where there is none.
  [[nodiscard]] const date_format* format() const noexcept { return format_ ? &*format_ : nullptr; }

 private:
  // What the cells of a start or an end give together.
  struct written {
    written_time when;
    column_role date_from = column_role::start, time_from = column_role::start;
    bool any = false;       // a cell is not empty
    bool wrong = false;     // an error was reported
    bool midnight = false;  // the date has a time of midnight, which does not count
  };
  using zone_kind = zone_verdict::kind;

  void read_zone();
  [[nodiscard]] const zone_verdict& verdict_of(std::string_view zone);
  [[nodiscard]] written join(const std::array<column_role, 3>& columns) const;
  void add(written& to, column_role role, std::string_view text) const;
  void read_start();
  void refuse_part_of_start(const written& w) const;
  void read_end();
  void end_without_time(const written& w);
  void end_with_time(written& w);
  [[nodiscard]] std::optional<std::chrono::local_seconds> reference_for_end(const written& w);
  void take_default_end();
  void read_duration();
  [[nodiscard]] bool duration_counts_hours();
  [[nodiscard]] std::optional<std::chrono::local_seconds> wall_of(std::chrono::sys_seconds t) const;
  [[nodiscard]] bool has(column_role role) const noexcept { return row_->head().place(role).has_value(); }
  [[nodiscard]] std::string name(column_role role) const;
  [[nodiscard]] std::string cells(const written& w) const;

  const row_settings& settings_;
  zone_source& zones_;
  std::optional<date_format> format_;
  bool default_is_fixed_ = false;
  // The last zone that was looked up and is usable: the rows of one file mostly share it. The verdicts are kept within bounds.
  std::string last_zone_;
  bool last_is_fixed_ = false;
  std::unordered_map<std::string, zone_verdict> verdicts_;

  std::optional<bool> counts_hours_;  // the name of the duration's column says hours; absent until a row is read

  // Of the row at hand:
  const row_view* row_ = nullptr;
  wall_needs needs_;
  bool zone_ok_ = true;
  std::optional<std::chrono::minutes> start_offset_;  // as written
  std::optional<std::chrono::local_seconds> start_as_written_;
  std::optional<std::chrono::seconds> length_;  // of the duration cell, or the default; absent where the cell is wrong
  meeting_times out_;
};

}  // namespace convoke::spec

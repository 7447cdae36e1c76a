#pragma once

// When the meeting of a row takes place: zone, start, end, duration.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

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

  // Both must outlive this. The default zone is known to `zones`.
  row_times(const row_settings& settings, zone_source& zones) noexcept : settings_(settings), zones_(zones) {}
  // Reports what is wrong to the view. Views in the answer are valid as long as the row's.
  [[nodiscard]] meeting_times read(const row_view& row, wall_needs needs);

 private:
  void read_zone();
  void read_start();
  void read_end();
  [[nodiscard]] std::optional<std::chrono::sys_seconds> end_by_duration();

  const row_settings& settings_;
  zone_source& zones_;
  // The last zone that was looked up and is known: the rows of one file mostly share it.
  std::string known_zone_;

  // Of the row at hand:
  const row_view* row_ = nullptr;
  wall_needs needs_;
  bool zone_ok_ = true;
  meeting_times out_;
};

}  // namespace convoke::spec

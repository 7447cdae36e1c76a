#pragma once

// The options of a row: its cells, then the defaults of its tenant, then those of all rows.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <convoke/spec.hpp>

#include "core/meeting_options.hpp"
#include "spec/row_view.hpp"
#include "spec/rows.hpp"

namespace convoke::spec {

// A cell or a default with this text switches the option off that a farther default sets.
inline constexpr std::string_view option_off = "-";

class row_options {
 public:
  // The names of the header's options are canonical (read_header). Defaults with unknown names or values are left out: the job has been
  // validated.
  row_options(const header& head, const row_settings& settings);

  // Fills `out.wanted.options` of a row whose lane and attendees are known, and reports cells that are wrong. Null, or the first option of
  // the row that cannot be taken back once it is set.
  const core::meeting_option* read(const row_view& row, built_row& out) const;

  // What is used where the cells say nothing, for people: one text for each option with a default.
  [[nodiscard]] std::vector<std::string> defaults() const;

 private:
  struct slot {
    const core::meeting_option* option;
    std::optional<std::size_t> column;
    std::string common;                // canonical, `-`, or empty: no default
    std::vector<std::string> of_lane;  // the same, by lane; a lane without one has the common default
    [[nodiscard]] const std::string& fallback(std::size_t lane) const noexcept;
  };
  slot& slot_of(const core::meeting_option& option);

  std::vector<slot> slots_;  // by the number of the option
};

}  // namespace convoke::spec

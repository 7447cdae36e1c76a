#pragma once

// Turns rows into specs: roles of columns, times, durations, attendees, the external-id template. Pure: time zones are an interface.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/spec.hpp>

namespace convoke::spec {

// The instants that a local time in a zone means.
struct local_lookup {
  // `gap`: the clocks skip the time. `overlap`: it occurs twice. `beyond_data`: the zone changes its offset every year, but its data end
  // before that time.
  enum class kind : std::uint8_t { unknown_zone, unique, gap, overlap, beyond_data } what = kind::unknown_zone;
  std::chrono::sys_seconds earlier{}, later{};  // unique: both are the instant; overlap: the two instants
};

class zone_source {
 public:
  virtual ~zone_source() = default;
  // `zone` is an IANA or a Windows name. Called for each row, so an implementation should cache.
  [[nodiscard]] virtual local_lookup to_utc(std::string_view zone, std::chrono::local_seconds local) = 0;
  // The local time of an instant in the zone, for dates in the template; nullopt for an unknown zone, and beyond the zone's data.
  [[nodiscard]] virtual std::optional<std::chrono::local_seconds> to_local(std::string_view zone, std::chrono::sys_seconds instant) = 0;
};

enum class overlap_choice : std::uint8_t { refuse, earlier, later };

struct row_settings {
  std::string default_zone;  // --time-zone, may be empty
  overlap_choice overlap = overlap_choice::refuse;
  // May be empty. `{column}` is replaced by a cell, `{start:%Y%m%d}` and `{end:…}` by a date or time in the row's own local time (in the
  // zone of the row, else the default one; as written where there is none), `{{` and `}}` by braces. An external_id cell that is not empty
  // is used in place of the template.
  std::string external_id_template;
  std::vector<std::string> tenants;  // names that the tenant column may hold; lane = index. Empty: one nameless lane
};

struct cell_error {
  std::string column;  // as the header has it; empty: the error is of the row as a whole
  std::string value;   // shortened, and escaped for people
  std::string reason;  // what is wrong, and what to do
};
// `column 'start': '01/09/2026': …` for each of them, joined by `; `.
[[nodiscard]] std::string describe(std::span<const cell_error> errors);

struct built_row {
  std::uint16_t lane = 0;
  meeting_spec wanted;
  std::vector<cell_error> errors;  // not empty: the row is wrong
};

class row_builder {
 public:
  // errc::input where a required column is missing, two columns mean the same, or the template names a column that the input lacks.
  // errc::usage where the template or the default zone is wrong in itself. `zones` must outlive the builder. Columns that are not supported
  // yet (chat_thread_id, option.*, tenant without row_settings::tenants) are allowed as long as their cells are empty.
  [[nodiscard]] static result<row_builder> create(std::span<const std::string_view> header, const row_settings& settings,
                                                  zone_source& zones);
  row_builder(row_builder&&) noexcept;
  row_builder& operator=(row_builder&&) noexcept;
  ~row_builder();

  // Replaces `out` by the row's lane, spec and errors. A row with more or fewer fields than the header is a wrong row.
  void build(std::span<const std::string_view> fields, built_row& out);

  [[nodiscard]] std::size_t columns() const noexcept;
  // The indices of the columns that are carried through to the results, in order.
  [[nodiscard]] const std::vector<std::size_t>& carried() const noexcept;
  // The index of the column with this name, or with the role of this name (`--only COLUMN=VALUE`). Names are compared as those of headers.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

 private:
  struct impl;
  explicit row_builder(std::unique_ptr<impl> made) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::spec

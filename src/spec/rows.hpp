#pragma once

// Rows to specs: header matching, times, durations, attendees, the external-id template. Pure: time zones come in as an interface.

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

// What a local time means in a zone.
struct local_lookup {
  // beyond_data: the zone changes its offset every year, but what is known of it ends before that time.
  enum class kind : std::uint8_t { unknown_zone, unique, gap, overlap, beyond_data } what = kind::unknown_zone;
  std::chrono::sys_seconds earlier{}, later{};  // the instant (unique: both the same); overlap: both readings
};

class zone_source {
 public:
  virtual ~zone_source() = default;
  // `zone`: an IANA or Windows name. Called per row: an implementation caches.
  [[nodiscard]] virtual local_lookup to_utc(std::string_view zone, std::chrono::local_seconds local) = 0;
  // The wall time of an instant in the zone, for the template's dates; nullopt for an unknown zone, or beyond what is known of it.
  [[nodiscard]] virtual std::optional<std::chrono::local_seconds> to_local(std::string_view zone, std::chrono::sys_seconds instant) = 0;
};

enum class overlap_choice : std::uint8_t { refuse, earlier, later };

struct row_settings {
  std::string default_zone;  // --time-zone, may be empty
  overlap_choice overlap = overlap_choice::refuse;
  // May be empty. `{column}` stands for a cell, `{start:%Y%m%d}` and `{end:…}` for a date or time in the row's own wall time: in its
  // zone (the row's, else the default), or as written where there is none; `{{` and `}}` for braces. A filled external_id cell wins.
  std::string external_id_template;
  std::vector<std::string> tenants;  // names that the tenant column may hold; lane = index. Empty: one nameless lane
};

struct cell_error {
  std::string column;  // as the header spells it, empty: the row as a whole
  std::string value;   // shortened and escaped for people
  std::string reason;  // what is wrong and what to do
};
// `column 'start': '01/09/2026': …` for all of them, `; ` between.
[[nodiscard]] std::string describe(std::span<const cell_error> errors);

struct built_row {
  std::uint16_t lane = 0;
  meeting_spec wanted;
  std::vector<cell_error> errors;  // not empty: the row is wrong
};

class row_builder {
 public:
  // errc::input where a required column is missing, a name stands twice, or the template names no column; errc::usage where the
  // template or the default zone is wrong whatever the file. `zones` must outlive the builder. Columns whose part is not built yet
  // (chat_thread_id, option.*, tenant without row_settings::tenants) may be there as long as their cells are empty.
  [[nodiscard]] static result<row_builder> create(std::span<const std::string_view> header, const row_settings& settings,
                                                  zone_source& zones);
  row_builder(row_builder&&) noexcept;
  row_builder& operator=(row_builder&&) noexcept;
  ~row_builder();

  // Never fails as a whole: what is wrong with the row is in errors. A ragged row is a wrong row.
  void build(std::span<const std::string_view> fields, built_row& out);

  [[nodiscard]] std::size_t columns() const noexcept;
  // Indices of the columns that are carried through to the results, in order.
  [[nodiscard]] const std::vector<std::size_t>& carried() const noexcept;
  // The index of a column by its name or another name for it, matched as headers are (`--only COLUMN=VALUE`).
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

 private:
  struct impl;
  explicit row_builder(std::unique_ptr<impl> made) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::spec

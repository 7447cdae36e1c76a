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
#include <convoke/summary.hpp>

#include "spec/header.hpp"

namespace convoke::spec {

// The instants that a local time in a zone means.
struct local_lookup {
  // `gap`: the clocks skip the time. `overlap`: it occurs twice. `beyond_data`: the zone changes its offset every year, but its data end
  // before that time.
  enum class kind : std::uint8_t { unknown_zone, unique, gap, overlap, beyond_data } what = kind::unknown_zone;
  std::chrono::sys_seconds earlier{}, later{};  // unique: both are the instant; overlap: the two instants
};

// What the name of a zone is worth.
struct zone_verdict {
  enum class kind : std::uint8_t {
    unknown,
    refused,  // it is known for what it is, and must not be used: `EST` has no summer time, `IST` and `UTC+1` name no zone
    usable,
    inverted_sign,  // usable, but to be warned about: `Etc/GMT+5` is UTC-05:00
  } what = kind::unknown;
  // unknown, refused: what is wrong, and what to write instead, fit for cell_error::reason. inverted_sign: a sentence for people. Else
  // empty.
  std::string reason;
};

class zone_source {
 public:
  virtual ~zone_source() = default;
  // `zone` is an IANA name, a Windows name, or the name by which Outlook shows a zone, such as `(UTC+01:00) Belgrade, Bratislava, Budapest,
  // Ljubljana, Prague`. A refused one is an unknown zone here. Called for each row, so an implementation should cache.
  [[nodiscard]] virtual local_lookup to_utc(std::string_view zone, std::chrono::local_seconds local) = 0;
  // The local time of an instant in the zone, for dates in the template; nullopt for an unknown zone, and beyond the zone's data.
  [[nodiscard]] virtual std::optional<std::chrono::local_seconds> to_local(std::string_view zone, std::chrono::sys_seconds instant) = 0;

  // Slower than the look-ups: to be called when a name is seen for the first time.
  [[nodiscard]] virtual zone_verdict check_name(std::string_view zone) {
    if (to_local(zone, {})) return {zone_verdict::kind::usable, {}};
    return {zone_verdict::kind::unknown,
            "is no known time zone; give an IANA name such as Europe/Berlin or a Windows name such as W. Europe Standard Time"};
  }
  // The known IANA or Windows name that is probably meant by an unknown one: `Europe/Berlin` for `Berlin`. The reason of check_name() has
  // it.
  [[nodiscard]] virtual std::optional<std::string> nearest(std::string_view /*zone*/) { return std::nullopt; }
};

enum class overlap_choice : std::uint8_t { refuse, earlier, later };

// Days on which nothing repeats, both included.
struct date_range {
  std::chrono::local_days first{}, last{};
};

// A tenant that rows may name. The lane is its place in row_settings::tenants.
struct tenant_name {
  std::string id;    // GUID
  std::string name;  // of its table in the configuration, compared without case; may be empty
  // There is one organizer, a person who signs in, with this object id in lower case; empty: it is not known who that is.
  std::optional<std::string> user{};
};

struct row_settings {
  std::string default_zone;  // --time-zone, may be empty
  overlap_choice overlap = overlap_choice::refuse;
  // May be empty. `{column}` is replaced by a cell, `{start:%Y%m%d}` and `{end:…}` by a date or time in the row's own local time (in the
  // zone of the row, else the default one; as written where there is none), `{{` and `}}` by braces. An external_id cell that is not empty
  // is used in place of the template.
  std::string external_id_template;
  std::vector<tenant_name> tenants;  // that the tenant column may name. Empty: one tenant, which is not known; every row must name the same
  bool needs_organizer = true;       // false: every tenant has one organizer, who signs in
  bool first_tenant_is_default = false;  // rows of an input without the column are of the first one, although there are several
  std::vector<role_of_header> columns;   // --column
  std::vector<std::string> carry;        // --carry
  std::string date_format;               // --date-format; empty: none
  std::vector<date_range> skip_dates;    // on which no row repeats
  bool keep_roles = false;               // --roles enforce: see meeting_spec::keep_roles
  std::vector<option_default> options;   // [options]
  std::vector<std::vector<option_default>> options_of_lane;  // [tenants.NAME.options], by lane; nearer than those of all rows
  // The time at which the plan is made, for warnings about meetings in the past or far ahead; absent: without these warnings.
  std::optional<utc_time> now;
};

struct cell_error {
  std::string column;  // as the header has it; empty: the error is of the row as a whole
  std::string value;   // shortened, and escaped for people
  std::string reason;  // what is wrong, and what to do
};
// `column 'start': '01/09/2026': …` for each of them, joined by `; `.
[[nodiscard]] std::string describe(std::span<const cell_error> errors);

// One meeting of a row that repeats: `built_row::wanted` with these members.
struct occurrence {
  std::chrono::local_days date{};  // in the row's own wall time
  utc_time start{}, end{};
  std::string external_id;
};

struct built_row {
  std::uint16_t lane = 0;
  meeting_spec wanted;
  // The UPN of the organizer in lower case, where the row names it by its UPN: then wanted.organizer is empty, and its object id is to be
  // looked up in the lane's tenant. Empty: the row names it by its object id, or is wrong there, or the tenant of the row is not known.
  std::string organizer_upn;
  std::vector<occurrence> occurrences;  // in order of their dates; empty: the row does not repeat, and `wanted` is its meeting
  std::vector<cell_error> errors;       // not empty: the row is wrong, and nothing of it is wanted
  // Of a wrong row: the external ids that could be read. Their meetings have not vanished from the input: those of wanted.organizer, or of
  // any organizer where it is empty.
  std::vector<std::string> present;
};

// True where every cell is empty: such a record is no row.
[[nodiscard]] bool empty_row(std::span<const std::string_view> fields) noexcept;

class row_builder {
 public:
  // errc::input where a required column is missing, two columns mean the same, or the template names a column that the input lacks.
  // errc::usage where the template or the default zone is wrong in itself. `zones` must outlive the builder.
  [[nodiscard]] static result<row_builder> create(std::span<const std::string_view> header, const row_settings& settings,
                                                  zone_source& zones);
  row_builder(row_builder&&) noexcept;
  row_builder& operator=(row_builder&&) noexcept;
  ~row_builder();

  // Replaces `out` by the row's lane, spec and errors, and counts its warnings. A row with fewer fields than the header is a wrong row, and
  // so is one with more, unless the surplus fields are empty. `line`: of the record's first line in the file.
  void build(std::span<const std::string_view> fields, std::uint32_t line, built_row& out);

  // Only the lane and the organizer of the row, as build() gives them, and neither errors nor warnings.
  void find_organizer(std::span<const std::string_view> fields, std::uint32_t line, built_row& out);

  // What the rows that were built so far are warned about: a kind at most once, in the order of the kinds.
  [[nodiscard]] std::vector<input_warning> warnings() const;
  // How each column is used, and what is used where the input says nothing.
  [[nodiscard]] std::vector<column_use> columns_used() const;
  [[nodiscard]] std::vector<std::string> defaults_used() const;

  // The name of the column of organizers, as the header has it.
  [[nodiscard]] const std::string& organizer_column() const;
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

// The input is a CSV file, whose rows are built by its header. A row without errors is encoded and decoded to the same spec, and the whole
// file, written back as RFC 4180, gives the same specs and warnings.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <convoke/key.hpp>
#include <convoke/spec.hpp>

#include "csv/csv.hpp"
#include "files/zones.hpp"
#include "spec/agreement.hpp"
#include "spec/rows.hpp"

namespace {

void check(const convoke::spec::built_row& row) {
  const convoke::meeting_spec& s = row.wanted;
  if (!convoke::valid_external_id(s.external_id) || convoke::parse_guid(s.organizer) != s.organizer || s.end <= s.start) std::abort();
  const auto back = convoke::decode_spec(convoke::encode_spec(s));
  if (!back || !(*back == s)) std::abort();
  convoke::meeting m{.subject = s.subject, .start = s.start, .end = s.end, .attendees = std::vector<convoke::observed_attendee>{}};
  for (const auto& a : s.attendees) {
    m.attendees->push_back(a.kind == convoke::attendee_id::upn ? convoke::observed_attendee{a.value, "", a.role}
                                                               : convoke::observed_attendee{"", a.value, a.role});
  }
  m.options = s.options;
  if (!s.chat_thread_id.empty()) m.chat_thread_id = s.chat_thread_id;
  if (!convoke::spec::differing_fields(s, m).empty() || !convoke::spec::options_to_set(s, m).empty()) std::abort();
}

struct built_file {
  std::string written;  // as RFC 4180
  std::vector<convoke::spec::built_row> rows;
  std::size_t warnings = 0;
};

void check_columns(const convoke::spec::row_builder& builder) {
  const auto used = builder.columns_used();
  if (used.size() != builder.columns()) std::abort();
  for (const std::size_t i : builder.carried()) {
    if (used[i].use != convoke::column_use::kind::carried) std::abort();
  }
  for (const auto& name : {"organizer", "start", "end", "subject"}) {
    const auto at = builder.find(name);
    if (at && *at >= builder.columns()) std::abort();
  }
}

// nullopt where the file is refused.
std::optional<built_file> build(std::string_view text, std::optional<char> delimiter, const convoke::spec::row_settings& settings,
                                convoke::spec::zone_source& zones) {
  convoke::csv::reader reader(delimiter);
  std::optional<convoke::spec::row_builder> builder;
  built_file out;
  const auto take = [&](const convoke::csv::record& r) -> convoke::result<void> {
    for (std::size_t i = 0; i < r.fields.size(); ++i) {
      if (i != 0) out.written += ',';
      convoke::csv::append_field(out.written, r.fields[i], ',');
    }
    out.written += "\r\n";
    if (!builder) {
      auto made = convoke::spec::row_builder::create(r.fields, settings, zones);
      if (!made) return std::unexpected(made.error());
      builder.emplace(std::move(*made));
      check_columns(*builder);
      return {};
    }
    convoke::spec::built_row built;
    builder->build(r.fields, r.line, built);
    if (built.errors.empty()) {
      check(built);
    } else if (convoke::spec::describe(built.errors).empty()) {
      std::abort();
    }
    out.rows.push_back(std::move(built));
    return {};
  };
  if (!reader.feed(text, take) || !reader.finish(take) || !builder) return std::nullopt;
  out.warnings = builder->warnings().size();
  return out;
}

void check_written_back(const built_file& first, const convoke::spec::row_settings& settings, convoke::spec::zone_source& zones) {
  const auto again = build(first.written, ',', settings, zones);
  // A field or record may be longer with its quotes than the reader allows.
  if (!again) {
    if (first.written.size() < 32'000) std::abort();
    return;
  }
  if (again->rows.size() != first.rows.size() || again->warnings != first.warnings) std::abort();
  for (std::size_t i = 0; i < first.rows.size(); ++i) {
    const auto& a = first.rows[i];
    const auto& b = again->rows[i];
    if (a.errors.size() != b.errors.size() || a.present != b.present || a.lane != b.lane) std::abort();
    if (a.errors.empty() && !(a.wanted == b.wanted)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto zones = convoke::files::system_zones();
  if (!zones || size < 1) return 0;
  convoke::spec::row_settings settings;
  settings.overlap = static_cast<convoke::spec::overlap_choice>(data[0] % 3);
  settings.now = convoke::parse_utc("2026-09-01T08:00:00Z");
  if ((data[0] & 4) != 0) settings.external_id_template = "{course}-{start:%F_%j%G%V%u}-{end:%H%M%S}";
  if ((data[0] & 8) != 0) settings.default_zone = "Europe/Berlin";
  if ((data[0] & 16) != 0)
    settings.tenants = {{"11111111-2222-3333-4444-555555555555", "north"}, {"22222222-2222-3333-4444-555555555555", "south"}};
  if ((data[0] & 32) != 0) settings.columns = {{"start", "Beginn"}, {"title", "Thema"}};
  if ((data[0] & 128) != 0) settings.options = {{"allowedPresenters", "organizer"}, {"allowRecording", "-"}};
  if ((data[0] & 64) != 0) settings.carry = {"Semester end"};

  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto first = build(text, std::nullopt, settings, **zones)) check_written_back(*first, settings, **zones);
  return 0;
}

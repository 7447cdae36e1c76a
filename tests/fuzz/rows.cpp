// The input is a CSV file, whose rows are built by its header. A row without errors is encoded and decoded to the same spec.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

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
  if (!convoke::spec::differing_fields(s, m).empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto zones = convoke::files::system_zones();
  if (!zones || size < 1) return 0;
  convoke::spec::row_settings settings;
  settings.overlap = static_cast<convoke::spec::overlap_choice>(data[0] % 3);
  if ((data[0] & 4) != 0) settings.external_id_template = "{course}-{start:%F_%j%G%V%u}-{end:%H%M%S}";
  if ((data[0] & 8) != 0) settings.default_zone = "Europe/Berlin";
  if ((data[0] & 16) != 0)
    settings.tenants = {{"11111111-2222-3333-4444-555555555555", "north"}, {"22222222-2222-3333-4444-555555555555", "south"}};

  convoke::csv::reader reader(std::nullopt);
  std::optional<convoke::spec::row_builder> builder;
  convoke::spec::built_row built;
  const auto take = [&](const convoke::csv::record& r) -> convoke::result<void> {
    if (!builder) {
      auto made = convoke::spec::row_builder::create(r.fields, settings, **zones);
      if (!made) return std::unexpected(made.error());
      builder.emplace(std::move(*made));
      return {};
    }
    builder->build(r.fields, r.line, built);
    if (built.errors.empty()) {
      check(built);
    } else if (convoke::spec::describe(built.errors).empty()) {
      std::abort();
    }
    return {};
  };
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (reader.feed(text, take)) static_cast<void>(reader.finish(take));
  return 0;
}

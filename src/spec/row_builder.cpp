#include <algorithm>
#include <utility>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "spec/attendees.hpp"
#include "spec/header.hpp"
#include "spec/row_times.hpp"
#include "spec/row_view.hpp"
#include "spec/rows.hpp"
#include "spec/template.hpp"

namespace convoke::spec {

using namespace std::chrono;

bool empty_row(std::span<const std::string_view> fields) noexcept {
  return std::ranges::all_of(fields, [](std::string_view f) { return core::trim(f).empty(); });
}

struct row_builder::impl {
  impl(header columns, row_settings s, zone_source& z)
      : head(std::move(columns)), settings(std::move(s)), zones(z), times(settings, zones) {}

  void build(std::span<const std::string_view> fields, built_row& out);
  bool whole_row();
  void read_organizer();
  void read_subject();
  void read_times();
  void read_external_id();
  void read_attendees();
  void read_lane();
  void refuse_later_parts();

  header head;
  row_settings settings;
  zone_source& zones;
  std::optional<id_template> make_id;
  row_times times;

  // Of the row being built:
  const row_view* row = nullptr;
  built_row* out = nullptr;
  id_template::wall_times walls;
  std::vector<attendee_fault> attendee_faults;
};

void row_builder::impl::build(std::span<const std::string_view> fields, built_row& to) {
  const row_view view(head, fields, to.errors);
  row = &view;
  out = &to;
  to.lane = 0;
  to.errors.clear();
  to.occurrences.clear();
  to.present.clear();
  to.wanted.organizer.clear();
  to.wanted.external_id.clear();
  walls = {};
  if (!whole_row()) return;
  read_organizer();
  read_subject();
  read_times();
  read_external_id();
  read_attendees();
  read_lane();
  refuse_later_parts();
}

bool row_builder::impl::whole_row() {
  const auto fields = row->fields();
  if (fields.size() == head.names.size()) return true;
  std::string reason = "the row has " + std::to_string(fields.size()) + (fields.size() == 1 ? " field" : " fields") + ", the header " +
                       std::to_string(head.names.size());
  reason += fields.size() > head.names.size() ? "; a field that holds the delimiter must be quoted" : "; add what is missing";
  out->errors.push_back({"", "", std::move(reason)});
  return false;
}

void row_builder::impl::read_subject() {
  const auto at = head.place(column_role::subject);
  const auto subject = at ? row->fields()[*at] : std::string_view();
  if (subject.empty()) {
    out->wanted.subject.reset();
  } else if (out->wanted.subject) {
    out->wanted.subject->assign(subject);
  } else {
    out->wanted.subject.emplace(subject);
  }
}

void row_builder::impl::read_times() {
  const auto found =
      times.read(*row, {.start = make_id && make_id->uses(column_role::start), .end = make_id && make_id->uses(column_role::end)});
  if (found.start) out->wanted.start = utc_time{*found.start};
  if (found.end) out->wanted.end = utc_time{*found.end};
  walls = found.walls;
}

void row_builder::impl::read_organizer() {
  const std::string_view text = row->cell(column_role::organizer);
  if (auto id = parse_guid(text)) {
    out->wanted.organizer = std::move(*id);
  } else if (text.empty()) {
    row->wrong(column_role::organizer, text, "an organizer is required: give the Entra object id");
  } else if (text.contains('@')) {
    row->wrong(column_role::organizer, text, "a UPN as organizer is not supported yet; give the Entra object id");
  } else {
    row->wrong(column_role::organizer, text, "is no Entra object id (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, hexadecimal)");
  }
}

void row_builder::impl::read_lane() {
  const std::string_view text = row->cell(column_role::tenant);
  const auto& names = settings.tenants;
  if (text.empty()) {
    if (names.size() > 1) row->wrong(column_role::tenant, text, "a tenant is required, as there are several");
    return;
  }
  if (names.empty()) {
    return row->wrong(column_role::tenant, text,
                      "several tenants in one input are not built yet; empty the cell and run each tenant by itself");
  }
  const auto found =
      std::ranges::find_if(names, [text](const tenant_name& n) { return core::equal_ignoring_case(n.id, text) || n.name == text; });
  if (found != names.end()) {
    out->lane = static_cast<std::uint16_t>(found - names.begin());
    return;
  }
  std::vector<std::string_view> candidates;
  for (const tenant_name& n : names) candidates.push_back(n.name);
  const auto near = core::nearest(text, candidates);
  row->wrong(column_role::tenant, text,
             "is no tenant of the configuration" + (near ? "; is '" + std::string(*near) + "' meant?" : std::string()));
}

void row_builder::impl::refuse_later_parts() {
  if (const auto text = row->cell(column_role::chat_thread_id); !text.empty()) {
    row->wrong(column_role::chat_thread_id, text, "channel meetings are not built yet; empty the cell");
  }
  for (std::size_t i = 0; i < row->fields().size(); ++i) {
    if (head.roles[i] != column_role::option) continue;
    if (const auto text = core::trim(row->fields()[i]); !text.empty())
      row->wrong_column(i, text, "meeting options are not built yet; empty the cell");
  }
}

void row_builder::impl::read_external_id() {
  const std::string_view text = row->cell(column_role::external_id);
  std::string& id = out->wanted.external_id;
  if (!text.empty() || !make_id) {
    if (text.empty()) return row->wrong(column_role::external_id, text, "an external id is required");
    if (!valid_external_id(text))
      return row->wrong(column_role::external_id, text, "must be 1 to 128 characters of visible ASCII, without blanks");
    id.assign(text);
    return;
  }
  if (const auto empty = make_id->expand(row->fields(), walls, id)) {
    id.clear();
    // A wrong time has been reported already.
    if (core::trim(row->fields()[*empty]).empty()) row->wrong_column(*empty, "", "is empty, but the external-id template needs it");
    return;
  }
  if (valid_external_id(id)) return;
  const std::string made = std::exchange(id, {});
  row->wrong(column_role::external_id, made,
             "the external id that the template makes must be 1 to 128 characters of visible ASCII, without blanks");
}

void row_builder::impl::read_attendees() {
  const std::string_view text = row->cell(column_role::attendees);
  if (text.empty()) return out->wanted.attendees.clear();
  attendee_faults.clear();
  parse_attendees(text, out->wanted.attendees, attendee_faults);
  for (attendee_fault& f : attendee_faults) row->wrong(column_role::attendees, f.value, std::move(f.reason));
}

row_builder::row_builder(std::unique_ptr<impl> made) noexcept : impl_(std::move(made)) {}
row_builder::row_builder(row_builder&&) noexcept = default;
row_builder& row_builder::operator=(row_builder&&) noexcept = default;
row_builder::~row_builder() = default;

result<row_builder> row_builder::create(std::span<const std::string_view> fields, const row_settings& settings, zone_source& zones) {
  auto head = read_header(
      fields, {.needs_external_id = settings.external_id_template.empty(), .columns = settings.columns, .carry = settings.carry});
  if (!head) return std::unexpected(head.error());
  if (settings.tenants.size() > 1 && !head->place(column_role::tenant)) {
    return fail(errc::input, "there are several tenants, but the header has no column 'tenant'");
  }
  if (auto checked = row_times::check(settings, zones); !checked) return std::unexpected(checked.error());
  auto made = std::make_unique<impl>(std::move(*head), settings, zones);
  if (!settings.external_id_template.empty()) {
    auto parsed = id_template::parse(settings.external_id_template, made->head);
    if (!parsed) return std::unexpected(parsed.error());
    made->make_id.emplace(std::move(*parsed));
  }
  return row_builder(std::move(made));
}

std::vector<input_warning> row_builder::warnings() const {
  return {};
}
std::vector<column_use> row_builder::columns_used() const {
  return {};
}
std::vector<std::string> row_builder::defaults_used() const {
  return {};
}
void row_builder::build(std::span<const std::string_view> fields, std::uint32_t /*line*/, built_row& out) {
  impl_->build(fields, out);
}
std::size_t row_builder::columns() const noexcept {
  return impl_->head.names.size();
}
const std::vector<std::size_t>& row_builder::carried() const noexcept {
  return impl_->head.carried;
}
std::optional<std::size_t> row_builder::find(std::string_view name) const {
  return impl_->head.find(name);
}

}  // namespace convoke::spec

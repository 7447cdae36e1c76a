#include <algorithm>
#include <utility>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "spec/attendees.hpp"
#include "spec/column_report.hpp"
#include "spec/external_ids.hpp"
#include "spec/header.hpp"
#include "spec/ragged_row.hpp"
#include "spec/row_chat_thread.hpp"
#include "spec/row_options.hpp"
#include "spec/row_repeat.hpp"
#include "spec/row_tenant.hpp"
#include "spec/row_times.hpp"
#include "spec/row_view.hpp"
#include "spec/row_warnings.hpp"
#include "spec/rows.hpp"
#include "spec/template.hpp"

namespace convoke::spec {

using namespace std::chrono;

bool empty_row(std::span<const std::string_view> fields) noexcept {
  return std::ranges::all_of(fields, [](std::string_view f) { return core::trim(f).empty(); });
}

namespace {

// Stands for a user who is not known: nothing is called for such rows.
constexpr std::string_view unknown_user = "00000000-0000-0000-0000-000000000000";

}  // namespace

struct row_builder::impl {
  impl(header columns, row_settings s, zone_source& z)
      : head(std::move(columns)),
        settings(std::move(s)),
        zones(z),
        times(settings, zones),
        repeat(settings, zones),
        warned(settings.now),
        tenant(settings),
        options(head, settings) {
    for (std::size_t i = 0; i < head.roles.size(); ++i) {
      if (head.roles[i] == column_role::unnamed) unnamed.push_back(i);
    }
  }

  void build(std::span<const std::string_view> fields, std::uint32_t line, built_row& out);
  void read_cells();
  void broken_row(std::span<const std::string_view> fields);
  [[nodiscard]] std::string_view ragged_cell(std::span<const std::string_view> fields, column_role role) const;
  void read_ragged_organizer(std::span<const std::string_view> fields);
  void find_organizer(std::span<const std::string_view> fields, std::uint32_t line, built_row& out);
  void begin(std::uint32_t line, built_row& out);
  void read_organizer();
  void take_organizer(std::string_view text);
  [[nodiscard]] bool has_organizer() const noexcept { return !out->wanted.organizer.empty() || !out->organizer_upn.empty(); }
  void read_own_organizer(const std::string& user);
  [[nodiscard]] const std::string* user_of_lane() const;
  void read_subject();
  void read_times();
  void read_external_id();
  void read_repeat();
  void keep_ids_of_occurrences();
  void make_external_id();
  bool sound(std::size_t column, std::string_view cell, cell_use use);
  void read_attendees();
  void warn();
  header head;
  row_settings settings;
  zone_source& zones;
  std::optional<id_template> make_id;
  std::vector<std::size_t> template_columns;  // whose cells become a part of the id as they are
  std::vector<std::size_t> unnamed;
  row_times times;
  row_repeat repeat;
  row_warnings warned;
  row_tenant tenant;
  row_options options;

  // Of the row being built:
  const row_view* row = nullptr;
  std::uint32_t line = 0;
  built_row* out = nullptr;
  meeting_times when;
  bool has_times = false;
  std::vector<attendee_fault> attendee_faults;
  std::vector<std::string_view> id_cells;
};

void row_builder::impl::begin(std::uint32_t at, built_row& to) {
  out = &to;
  line = at;
  to.lane = 0;
  to.errors.clear();
  to.occurrences.clear();
  to.present.clear();
  to.wanted.organizer.clear();
  to.organizer_upn.clear();
  to.wanted.external_id.clear();
}

void row_builder::impl::find_organizer(std::span<const std::string_view> fields, std::uint32_t at, built_row& to) {
  begin(at, to);
  const std::size_t columns = head.names.size();
  if (fields.size() < columns || !empty_row(fields.subspan(columns))) return read_ragged_organizer(fields);
  const row_view view(head, fields.first(columns), to.errors);
  row = &view;
  const bool in_lane = tenant.read(*row, line, *out);
  if (in_lane && user_of_lane() == nullptr) take_organizer(view.cell(column_role::organizer));
  row = nullptr;
  to.errors.clear();
}

void row_builder::impl::build(std::span<const std::string_view> fields, std::uint32_t at, built_row& to) {
  begin(at, to);
  when = {};
  has_times = false;
  const std::size_t columns = head.names.size();
  if (fields.size() < columns || !empty_row(fields.subspan(columns))) {
    broken_row(fields);
  } else {
    const row_view view(head, fields.first(columns), to.errors);
    row = &view;
    read_cells();
    row = nullptr;
  }
  if (!to.errors.empty() && to.present.empty() && !to.wanted.external_id.empty()) to.present.push_back(to.wanted.external_id);
}

void row_builder::impl::read_cells() {
  // Who may organize depends on the tenant.
  const bool in_lane = tenant.read(*row, line, *out);
  if (const auto* user = user_of_lane())
    read_own_organizer(*user);
  else
    read_organizer();
  // Of a tenant that is not known: the organizer must not be looked up in another one.
  if (!in_lane) out->wanted.organizer.clear(), out->organizer_upn.clear();
  read_subject();
  read_times();
  read_external_id();
  read_repeat();
  read_attendees();
  if (const auto* lasting = options.read(*row, *out)) warned.add(input_warning_kind::lasting_option, lasting->name, line);
  auto& chat_thread = out->wanted.chat_thread_id;
  if (read_chat_thread(*row, chat_thread)) warned.add(input_warning_kind::beta_endpoint, chat_thread, line);
  warn();
  if (!out->errors.empty()) keep_ids_of_occurrences();
}

// A row with too many or too few fields. Its key is read where the fields are there, so that its meeting does not count as vanished.
void row_builder::impl::broken_row(std::span<const std::string_view> fields) {
  out->errors.push_back({"", "", why_ragged(head, fields)});
  read_ragged_organizer(fields);
  const std::string_view id = ragged_cell(fields, column_role::external_id);
  if (valid_external_id(id) && spreadsheet_damage(id, cell_use::external_id) == nullptr) out->wanted.external_id = id;
}

std::string_view row_builder::impl::ragged_cell(std::span<const std::string_view> fields, column_role role) const {
  const auto at = head.place(role);
  return at && *at < fields.size() ? core::trim(fields[*at]) : std::string_view();
}

// The lane, and the organizer in it.
void row_builder::impl::read_ragged_organizer(std::span<const std::string_view> fields) {
  const auto lane = tenant.lane_of(ragged_cell(fields, column_role::tenant), head.place(column_role::tenant).has_value());
  if (!lane) return;
  out->lane = *lane;
  const std::string_view text = ragged_cell(fields, column_role::organizer);
  if (const auto* user = user_of_lane(); user == nullptr) {
    take_organizer(text);
  } else if (auto own = parse_guid(text)) {
    out->wanted.organizer = std::move(*own);
  } else {
    out->wanted.organizer = *user;
  }
}

// False, and reported, where the cell holds what a spreadsheet has left of it.
bool row_builder::impl::sound(std::size_t column, std::string_view cell, cell_use use) {
  const char* const damage = spreadsheet_damage(cell, use);
  if (damage == nullptr) return true;
  row->wrong_column(column, cell, damage);
  return false;
}

void row_builder::impl::read_subject() {
  const auto at = head.place(column_role::subject);
  const auto subject = at ? core::trim(row->fields()[*at]) : std::string_view();
  if (subject.empty() || !sound(*at, subject, cell_use::subject)) {
    out->wanted.subject.reset();
  } else if (out->wanted.subject) {
    out->wanted.subject->assign(subject);
  } else {
    out->wanted.subject.emplace(subject);
  }
}

void row_builder::impl::read_times() {
  const bool repeats = row_repeat::repeats(*row);
  when = times.read(*row, {.start = repeats || (make_id && make_id->uses(column_role::start)),
                           .end = repeats || (make_id && make_id->uses(column_role::end))});
  if (when.start) out->wanted.start = utc_time{*when.start};
  if (when.end) out->wanted.end = utc_time{*when.end};
  has_times = when.start && when.end;
  // Etc/GMT+5 is UTC-05:00.
  if (when.fixed_offset_zone) warned.add(input_warning_kind::fixed_offset_zone, when.zone, line);
}

void row_builder::impl::read_repeat() {
  const bool dated = make_id && make_id->has_day() && row->cell(column_role::external_id).empty();
  repeat.read(*row, when, dated ? &*make_id : nullptr, *out);
}

// The meetings of a wrong row are wanted all the same once it is corrected.
void row_builder::impl::keep_ids_of_occurrences() {
  if (out->occurrences.empty()) return;
  for (occurrence& o : out->occurrences)
    if (!o.external_id.empty()) out->present.push_back(std::move(o.external_id));
  out->occurrences.clear();
}

// An object id, or a UPN; anything else is none.
void row_builder::impl::take_organizer(std::string_view text) {
  if (auto id = parse_guid(text)) {
    out->wanted.organizer = std::move(*id);
  } else if (is_organizer_upn(text)) {
    out->organizer_upn.assign(text);
    core::make_lower(out->organizer_upn);
  }
}

void row_builder::impl::read_organizer() {
  const std::string_view text = row->cell(column_role::organizer);
  take_organizer(text);
  if (has_organizer()) return;
  if (text.empty()) return row->wrong(column_role::organizer, text, "an organizer is required: give the Entra object id or the UPN");
  auto reason = text.contains('@') ? why_no_organizer(text)
                                   : "is neither an Entra object id (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, hexadecimal) nor a UPN "
                                     "(name@domain)";
  row->wrong(column_role::organizer, text, std::move(reason));
}

// Of a lane whose meetings are those of a person who signs in: who that is, or an empty text where it is not known. Else null.
const std::string* row_builder::impl::user_of_lane() const {
  static const std::string unknown;
  if (out->lane < settings.tenants.size()) {
    const auto& user = settings.tenants[out->lane].user;
    return user ? &*user : nullptr;
  }
  return settings.needs_organizer ? nullptr : &unknown;
}

// The cell may be empty, have the word `me`, or have the id of that person.
void row_builder::impl::read_own_organizer(const std::string& user) {
  const std::string_view text = row->cell(column_role::organizer);
  auto id = parse_guid(text);
  if (id && (user.empty() || *id == user)) {
    out->wanted.organizer = std::move(*id);
  } else if (text.empty() || core::equal_ignoring_case(text, "me")) {
    out->wanted.organizer = user.empty() ? unknown_user : std::string_view(user);
  } else {
    const bool name = text.contains('@');
    row->wrong(column_role::organizer, text,
               std::string(name ? "is a user principal name, which is not compared with the user who has signed in"
                                : "is not the user who has signed in") +
                   ", who organizes every meeting of --credential device-code; leave the cell empty, or write me or " +
                   (user.empty() ? std::string("that user's object id") : user));
  }
}

void row_builder::impl::read_external_id() {
  const std::string_view text = row->cell(column_role::external_id);
  if (text.empty() && make_id) return make_external_id();
  if (text.empty()) return row->wrong(column_role::external_id, text, "an external id is required");
  if (!sound(*head.place(column_role::external_id), text, cell_use::external_id)) return;
  if (!valid_external_id(text))
    return row->wrong(column_role::external_id, text, "must be 1 to 128 characters of visible ASCII, without blanks");
  out->wanted.external_id.assign(text);
  warned.ids(std::span(&text, 1), line);
}

void row_builder::impl::make_external_id() {
  bool whole = true;
  id_cells.clear();
  for (const std::size_t column : template_columns) {
    id_cells.push_back(core::trim(row->fields()[column]));
    // A damaged subject has been reported already.
    if (head.roles[column] == column_role::subject && spreadsheet_damage(id_cells.back(), cell_use::subject) != nullptr) {
      whole = false;
    } else if (!sound(column, id_cells.back(), cell_use::external_id)) {
      whole = false;
    }
  }
  if (!whole) return;
  std::string& id = out->wanted.external_id;
  if (const auto empty = make_id->expand(row->fields(), when.walls, id)) {
    id.clear();
    // A wrong time has been reported already.
    if (core::trim(row->fields()[*empty]).empty()) row->wrong_column(*empty, "", "is empty, but the external-id template needs it");
    return;
  }
  if (valid_external_id(id)) return warned.ids(id_cells, line);
  const std::string made = std::exchange(id, {});
  row->wrong(column_role::external_id, made,
             "the external id that the template makes must be 1 to 128 characters of visible ASCII, without blanks");
}

void row_builder::impl::read_attendees() {
  const std::string_view text = row->cell(column_role::attendees);
  out->wanted.keep_roles = false;
  if (text.empty()) return out->wanted.attendees.clear();
  attendee_faults.clear();
  parse_attendees(text, out->wanted.attendees, attendee_faults);
  for (attendee_fault& f : attendee_faults) row->wrong(column_role::attendees, f.value, std::move(f.reason));
  out->wanted.keep_roles = settings.keep_roles && has_roles(out->wanted);
}

// Of the row as a whole. The cells of its id and its zone have been checked where they were read.
void row_builder::impl::warn() {
  for (const std::size_t column : unnamed) {
    const auto text = core::trim(row->fields()[column]);
    if (text.empty()) continue;
    warned.add(input_warning_kind::unnamed_column, text, line);
    break;
  }
  if (!out->occurrences.empty()) {
    warned.times(out->occurrences.back().start, out->occurrences.back().end, line);
  } else if (has_times) {
    warned.times(out->wanted.start, out->wanted.end, line);
  }
  if (!settings.keep_roles) warned.roles(out->wanted.attendees, line);
}

row_builder::row_builder(std::unique_ptr<impl> made) noexcept : impl_(std::move(made)) {}
row_builder::row_builder(row_builder&&) noexcept = default;
row_builder& row_builder::operator=(row_builder&&) noexcept = default;
row_builder::~row_builder() = default;

result<row_builder> row_builder::create(std::span<const std::string_view> fields, const row_settings& settings, zone_source& zones) {
  auto head = read_header(fields, {.needs_external_id = settings.external_id_template.empty(),
                                   .needs_organizer = settings.needs_organizer,
                                   .columns = settings.columns,
                                   .carry = settings.carry});
  if (!head) return std::unexpected(head.error());
  if (settings.tenants.size() > 1 && !settings.first_tenant_is_default && !head->place(column_role::tenant)) {
    return fail(errc::input, "there are several tenants, but the header has no column 'tenant'");
  }
  if (auto checked = row_times::check(settings, zones); !checked) return std::unexpected(checked.error());
  auto made = std::make_unique<impl>(std::move(*head), settings, zones);
  if (!settings.external_id_template.empty()) {
    auto parsed = id_template::parse(settings.external_id_template, made->head);
    if (!parsed) return std::unexpected(parsed.error());
    made->template_columns = parsed->text_columns();
    made->make_id.emplace(std::move(*parsed));
  }
  return row_builder(std::move(made));
}

std::vector<input_warning> row_builder::warnings() const {
  return impl_->warned.all();
}
std::vector<column_use> row_builder::columns_used() const {
  return uses_of_columns(impl_->head);
}
std::vector<std::string> row_builder::defaults_used() const {
  auto out = defaults_of(impl_->head, impl_->settings);
  for (auto& one : impl_->options.defaults()) out.push_back(std::move(one));
  return out;
}
void row_builder::build(std::span<const std::string_view> fields, std::uint32_t line, built_row& out) {
  impl_->build(fields, line, out);
}
const std::string& row_builder::organizer_column() const {
  return impl_->head.names[impl_->head.place(column_role::organizer).value()];
}
std::size_t row_builder::columns() const noexcept {
  return impl_->head.names.size();
}
void row_builder::find_organizer(std::span<const std::string_view> fields, std::uint32_t line, built_row& out) {
  impl_->find_organizer(fields, line, out);
}
const std::vector<std::size_t>& row_builder::carried() const noexcept {
  return impl_->head.carried;
}
std::optional<std::size_t> row_builder::find(std::string_view name) const {
  return impl_->head.find(name);
}

}  // namespace convoke::spec

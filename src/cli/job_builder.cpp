#include "cli/job_builder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <convoke/key.hpp>

#include "cli/credentials.hpp"
#include "cli/lists.hpp"
#include "cli/probed.hpp"
#include "cli/proxies.hpp"
#include "cli/targets.hpp"
#include "core/text.hpp"
#include "files/input.hpp"
#include "run/setting_ranges.hpp"
#include "run/validate.hpp"

namespace convoke::cli {
namespace {

using namespace std::chrono_literals;

constexpr run::whole_range any_number{.least = 0, .most = std::numeric_limits<std::uint64_t>::max()};

// Parses values, checks their ranges, and keeps what is wrong.
class setting_parser {
 public:
  explicit setting_parser(const settings& from) : from_(from) {}

  // Every setting of a table of ranges.
  template <class Owner, class Table>
  void table(Owner& into, const Table& ranges) {
    run::for_each_setting(ranges, [&](const auto& one) { number(one.flag, into.*one.member, one.range); });
  }

  // A setting that is not set leaves `into` as it is.
  template <std::unsigned_integral Integer>
  void number(std::string_view name, Integer& into, const run::whole_range& range) {
    std::uint64_t value = 0;
    if (const auto* set = find(name); set != nullptr && parsed(*set, value, range)) into = static_cast<Integer>(value);
  }
  void number(std::string_view name, double& into, const run::rate_range& range) {
    double value = 0;
    if (const auto* set = find(name); set != nullptr && parsed(*set, value, range)) into = value;
  }
  void number(std::string_view name, std::chrono::milliseconds& into, const run::duration_range& range) {
    const auto* set = find(name);
    if (set == nullptr) return;
    const auto value = parse_duration(set->text);
    if (!value || !run::contains(range, *value)) return wrong(*set, "a duration such as 10s, 5m or 1h30m");
    into = *value;
  }
  template <class T>
  void number(std::string_view name, std::optional<T>& into, const auto& range) {
    if (find(name) != nullptr) number(name, into.emplace(), range);
  }

  // A word of these; empty where none is set.
  std::string word(std::string_view name, std::initializer_list<std::string_view> allowed) {
    const auto* set = find(name);
    if (set == nullptr) return {};
    std::string list;
    for (const auto one : allowed) {
      if (set->text == one) return set->text;
      list += (list.empty() ? "" : ", ") + std::string(one);
    }
    wrong(*set, "one of " + list);
    return {};
  }

  void refuse(std::string message) { errors_.push_back({errc::usage, std::move(message)}); }
  [[nodiscard]] const std::vector<error>& errors() const { return errors_; }
  [[nodiscard]] std::optional<error> first_error() const { return errors_.empty() ? std::nullopt : std::optional(errors_.front()); }

 private:
  const setting* find(std::string_view name) const {
    const auto* set = from_.find(name);
    return set == nullptr || set->text.empty() ? nullptr : set;
  }
  bool parsed(const setting& set, auto& value, const auto& range) {
    const auto* end = set.text.data() + set.text.size();
    const auto [stopped, bad] = std::from_chars(set.text.data(), end, value);
    const bool valid = bad == std::errc() && stopped == end && run::contains(range, value);
    if (!valid) wrong(set, run::describe(range));
    return valid;
  }
  void wrong(const setting& set, const std::string& needed) {
    refuse(fmt::format("{}: '{}' is not {}.", set.named(), core::escape_for_people(set.text), needed));
  }

  const settings& from_;
  std::vector<error> errors_;
};

input_encoding parse_encoding(const std::string& text, setting_parser& parser) {
  if (text.empty()) return input_encoding::detect;
  const auto known = files::parse_encoding(text);
  if (!known) {
    parser.refuse(
        fmt::format("--encoding '{}' is not known: use utf-8, utf-16le, utf-16be or windows-1252 (also cp1252, latin1 or iso-8859-1).",
                    core::escape_for_people(text)));
    return input_encoding::detect;
  }
  switch (*known) {
    case files::encoding::utf8:
      return input_encoding::utf8;
    case files::encoding::utf16le:
      return input_encoding::utf16le;
    case files::encoding::utf16be:
      return input_encoding::utf16be;
    case files::encoding::windows_1252:
      return input_encoding::windows_1252;
  }
  return input_encoding::detect;
}

input_delimiter parse_delimiter(const std::string& text, setting_parser& parser) {
  if (text.empty()) return input_delimiter::detect;
  if (text == "," || text == "comma") return input_delimiter::comma;
  if (text == ";" || text == "semicolon") return input_delimiter::semicolon;
  if (text == "\t" || text == "\\t" || text == "tab") return input_delimiter::tab;
  parser.refuse(fmt::format("--delimiter '{}' is none of ',', ';' and 'tab'.", core::escape_for_people(text)));
  return input_delimiter::detect;
}

// Which meetings the file stands for, and what becomes of those that it lacks.
void read_feed(const settings& from, setting_parser& parser, job& j) {
  if (const auto* feed = from.find("feed")) j.feed = feed->text;
  const bool remove = parser.word("on-vanished", {"report", "remove"}) == "remove";
  j.plan.vanished = remove ? on_vanished::remove : on_vanished::report;
  parser.number("max-remove", j.plan.max_remove, any_number);
}

void read_columns(const settings& from, setting_parser& parser, plan_options& plan) {
  for (const auto& one : from.lists().column) {
    auto column = parse_column(one);
    if (column)
      plan.columns.push_back(std::move(*column));
    else
      parser.refuse(column.error().message);
  }
  for (const auto& one : from.lists().carry) plan.carry.push_back(one.text);
}

std::vector<option_default> defaults_of(const std::vector<option_setting>& options) {
  std::vector<option_default> out;
  for (const auto& one : options) out.push_back({.name = one.name, .value = one.value.text});
  return out;
}

void read_plan(const settings& from, setting_parser& parser, plan_options& plan) {
  parser.table(plan, run::plan_ranges);
  plan.encoding = parse_encoding(from.text("encoding"), parser);
  plan.delimiter = parse_delimiter(from.text("delimiter"), parser);
  plan.time_zone = from.text("time-zone");
  const auto overlap = parser.word("overlap", {"earlier", "later"});
  plan.overlap = overlap == "earlier" ? overlap_choice::earlier : overlap == "later" ? overlap_choice::later : overlap_choice::refuse;
  plan.external_id_template = from.text("external-id");
  read_columns(from, parser, plan);
  plan.options = defaults_of(from.options_of_all());
  plan.date_format = from.text("date-format");
  plan.skip_dates = from.text("skip-dates");
  parser.number("limit", plan.limit, any_number);
  plan.only = from.text("only");
  plan.skip_invalid = from.flag("skip-invalid");
  parser.number("expect-rows", plan.expect_rows, any_number);
  parser.number("max-new", plan.max_new, any_number);
  const auto drift = parser.word("on-drift", {"report", "update", "fail"});
  plan.drift = drift == "fail" ? on_drift::fail : drift == "update" ? on_drift::update : on_drift::report;
  plan.roles = parser.word("roles", {"send", "enforce"}) == "enforce" ? attendee_roles::enforce : attendee_roles::send;
}

void read_lane_pace(const settings& from, setting_parser& parser, lane_pace_options& pace) {
  parser.table(pace, run::lane_pace_ranges);
  pace.fixed_rate = from.flag("fixed-rate");
}

void read_pace(const settings& from, setting_parser& parser, pace_options& pace) {
  parser.table(pace, run::pace_ranges);
  read_lane_pace(from, parser, pace);
  pace.forget_cooldowns = from.flag("forget-cooldowns");
}

// Everything that is of no single lane, but the ledger.
void read_whole_job(const settings& from, setting_parser& parser, job& j) {
  parser.table(j, run::job_ranges);
  read_plan(from, parser, j.plan);
  read_pace(from, parser, j.pace);
  read_feed(from, parser, j);
  j.dialect = parser.word("results-dialect", {"input", "rfc4180"}) == "rfc4180" ? results_dialect::rfc4180 : results_dialect::input;
  j.results = from.text("results");
  j.failed = from.text("failed");
}

// A command without a lane needs no tenant, but rows may name the one that is configured.
void read_tenant(const settings& from, const needs& what, lane_options& lane) {
  lane.options = defaults_of(from.options_of_tenant());
  auto tenant = from.text("tenant");
  if (!what.lane && !parse_guid(tenant)) return;
  lane.tenant = std::move(tenant);
  lane.name = from.tenant_name();
}

result<lane_options> read_lane(const settings& from, const needs& what) {
  lane_options lane;
  read_tenant(from, what, lane);
  // Also where nothing else of the credential is needed. The machine has no influence on what a wrong kind is.
  if (const auto kind = choose_credential(from, false); !kind) return std::unexpected(kind.error());
  if (signs_in_as_user(from)) lane.credential = credential_kind::device_code;
  if (!what.lane) return lane;
  if (const auto target = read_target(from, lane); !target) return std::unexpected(target.error());
  // A person signs in before anything is planned: what that needs has to be there.
  const bool required = what.credentials || lane.delegated();
  if (!required && !what.credentials_if_any) return lane;
  auto got = read_proxy(from, lane);
  if (got) got = read_credentials(from, lane);
  if (!got && required) return std::unexpected(got.error());
  if (!got) lane.no_credential = got.error().message;
  return lane;
}

// With several tenants, what belongs to one of them comes from its table: a flag or a variable would be used for all. AZURE_CLIENT_ID is
// only in the way where a table names no app: Azure Workload Identity sets it in every container.
result<void> check_sources(const settings& from, std::span<const settings> tenants) {
  constexpr std::string_view of_one[] = {"client-id", "client-secret-file", "client-certificate-file",
                                         "client-certificate-passphrase-file"};
  constexpr std::string_view app = "client-id";
  const auto refuse = [&](std::string_view source) {
    return fail(errc::usage,
                fmt::format("{} is of one tenant, and the configuration has {}: choose one with --tenant NAME, or write it into "
                            "[tenants.NAME] of each.",
                            source, tenants.size()));
  };
  for (const auto name : of_one)
    if (const auto* value = from.find(name); value != nullptr && value->kind <= source_kind::azure) {
      const auto is_used = [&](const settings& one) { return one.find(name)->kind == value->kind; };
      if (name != app || value->kind != source_kind::azure || std::ranges::any_of(tenants, is_used)) return refuse(value->source);
    }
  for (const auto name : {"CONVOKE_TOKEN", "AZURE_CLIENT_SECRET"})
    if (!from.environment(name).empty()) return refuse(name);
  return {};
}

// Of several tenants a person may sign in to some only. A key of the configuration or a variable is for all of them, also where --tenant
// chooses one; a flag is for those that are chosen.
result<void> check_saved_sign_in(const settings& from, std::span<const settings> tenants) {
  const auto saves = std::ranges::find_if(tenants, [](const settings& one) { return one.flag("save-sign-in"); });
  if (saves == tenants.end() || std::ranges::any_of(tenants, signs_in_as_user)) return {};
  const auto* given = saves->find("save-sign-in");
  const auto signs_in = [](const other_tenant& one) { return parse_credential_kind(one.credential) == credential_kind::device_code; };
  if (given != nullptr && given->kind != source_kind::flag && std::ranges::any_of(from.other_tenants(), signs_in)) return {};
  return fail(errc::usage, fmt::format("{} keeps the sign-in of a person, and no person signs in here: leave it out, or add --credential "
                                       "device-code.",
                                       given != nullptr ? given->named() : "--save-sign-in"));
}

// One lane for each tenant.
result<void> read_lanes(const settings& from, const needs& what, job& j) {
  const auto tenants = from.tenants();
  if (tenants.size() > 1)
    if (const auto apart = check_sources(from, tenants); !apart) return apart;
  if (what.lane)
    if (const auto used = check_saved_sign_in(from, tenants); !used) return used;
  j.lanes.clear();
  for (const auto& one : tenants) {
    auto lane = read_lane(one, what);
    if (!lane && tenants.size() > 1)
      return fail(lane.error().code, fmt::format("Tenant {}: {}", core::escape_for_people(one.tenant_name()), lane.error().message));
    if (!lane) return std::unexpected(std::move(lane.error()));
    if (tenants.size() > 1) {
      setting_parser parser(one);
      read_lane_pace(one, parser, lane->pace.emplace());
      if (parser.first_error()) return std::unexpected(*parser.first_error());
    }
    j.lanes.push_back(std::move(*lane));
  }
  return {};
}

// The steps of read_lane, each of which may fail.
void read_partial_lane(const settings& from, partial_job& into) {
  const auto index = into.made.lanes.size();
  auto& lane = into.made.lanes.emplace_back();
  const auto keep = [&](const result<void>& read) {
    if (!read) into.problems.push_back({.lane = index, .why = read.error()});
    return read.has_value();
  };
  read_tenant(from, {.lane = true}, lane);
  if (!keep(read_target(from, lane))) lane.graph_url.clear();
  lane.client_id = from.text("client-id");
  if (const auto named = run::lane_name(lane); !named) into.problems.push_back({.lane = index, .why = named.error()});
  if (!keep(read_proxy(from, lane))) into.problems.back().proxy = true;
  keep(read_credentials(from, lane));
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr auto most = static_cast<double>(run::ten_years.count());
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const auto [stopped, bad] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (bad != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
    const auto unit = text.substr(0, text.find_first_of("0123456789."));
    text.remove_prefix(unit.size());
    if (unit == "ms")
      total += number;
    else if (unit == "s" || unit.empty())
      total += number * 1e3;
    else if (unit == "m" || unit == "min")
      total += number * 60e3;
    else if (unit == "h")
      total += number * 3600e3;
    else if (unit == "d")
      total += number * 86400e3;
    else
      return std::nullopt;
    if (!(total <= most)) return std::nullopt;
  }
  return std::chrono::milliseconds(std::llround(total));
}

result<std::chrono::milliseconds> wait_lock(const settings& from) {
  std::chrono::milliseconds out{0};
  setting_parser parser(from);
  parser.number("wait-lock", out, run::any_time);
  return parser.first_error() ? result<std::chrono::milliseconds>(std::unexpected(*parser.first_error())) : out;
}

result<std::chrono::milliseconds> max_cooldown(const settings& from) {
  auto out = pace_options().max_cooldown;
  setting_parser parser(from);
  parser.number("max-cooldown", out, run::positive_time);
  return parser.first_error() ? result<std::chrono::milliseconds>(std::unexpected(*parser.first_error())) : out;
}

result<std::string> ledger_url(const settings& from) {
  if (auto given = from.text("ledger"); !given.empty()) return given;
  const auto folder = state_folder(from);
  if (!folder) return fail(errc::usage, "The ledger has no default place here: give --ledger sqlite:PATH, or set HOME or XDG_STATE_HOME.");
  return std::string(sqlite_scheme) + *folder + "/ledger.db";
}

result<job> build_job(const settings& from, const std::string& input, needs what) {
  job j;
  j.input = input;
  setting_parser parser(from);
  read_whole_job(from, parser, j);
  if (parser.first_error()) return std::unexpected(*parser.first_error());
  if (what.lane && what.ledger) {
    auto ledger = ledger_url(from);
    if (!ledger) return std::unexpected(ledger.error());
    j.ledger = std::move(*ledger);
  }
  for (const auto& one : from.other_tenants()) j.other_tenants.push_back({.name = one.name, .tenant = one.id});
  if (const auto read = read_lanes(from, what, j); !read) return std::unexpected(read.error());
  if (!input.empty() && what.provisions)
    if (const auto known = read_probed(from, what.lane, j); !known) return std::unexpected(known.error());
  return j;
}

partial_job build_partial_job(const settings& from, const std::string& input) {
  partial_job out;
  auto& j = out.made;
  j.input = input;
  setting_parser parser(from);
  read_whole_job(from, parser, j);
  for (const auto& one : parser.errors()) out.problems.push_back({.lane = {}, .why = one});
  auto ledger = ledger_url(from);
  if (ledger)
    j.ledger = std::move(*ledger);
  else
    out.problems.push_back({.lane = {}, .why = ledger.error()});
  for (const auto& one : from.other_tenants()) j.other_tenants.push_back({.name = one.name, .tenant = one.id});
  const auto tenants = from.tenants();
  if (tenants.size() > 1)
    if (const auto apart = check_sources(from, tenants); !apart) out.problems.push_back({.lane = {}, .why = apart.error()});
  if (const auto used = check_saved_sign_in(from, tenants); !used) out.problems.push_back({.lane = {}, .why = used.error()});
  j.lanes.clear();
  for (const auto& one : tenants) read_partial_lane(one, out);
  return out;
}

}  // namespace convoke::cli

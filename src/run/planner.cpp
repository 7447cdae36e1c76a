#include "run/planner.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include <convoke/key.hpp>
#include <convoke/version.hpp>

#include "core/text.hpp"
#include "files/digest.hpp"
#include "files/zones.hpp"
#include "os/clock.hpp"
#include "report/failed.hpp"
#include "report/wording.hpp"
#include "run/feeder.hpp"
#include "run/option_defaults.hpp"
#include "spec/rows.hpp"

namespace convoke::run {

using report::count_of, report::form;

namespace {

constexpr std::uint64_t poll_every = 1024;  // records

result<std::vector<std::string>> header_fields(const scanned_input& input) {
  std::vector<std::string> out;
  csv::reader reader(input.delimiter);
  const auto take = [&](const csv::record& record) -> result<void> {
    out.assign(record.fields.begin(), record.fields.end());
    return {};
  };
  const auto fed = reader.feed(input.header, take);
  if (!fed) return std::unexpected(fed.error());
  const auto ended = reader.finish(take);
  if (!ended) return std::unexpected(ended.error());
  return out;
}

// The job's settings of rows, with what is known of its tenants and the time.
spec::row_settings rows_of(const job& j, const scanned_input& input) {
  auto s = row_settings_of(j);
  s.skip_dates = input.skipped.dates;
  for (const auto& lane : j.lanes) {
    if (!lane.tenant.empty())
      s.tenants.push_back({.id = lane.tenant, .name = lane.name, .user = lane.delegated() ? std::optional(lane.user) : std::nullopt});
  }
  s.first_tenant_is_default = s.tenants.size() == 1;
  // After those of the lanes: a row that names one of them is left out.
  if (!s.tenants.empty())
    for (const auto& other : j.other_tenants) s.tenants.push_back({.id = other.tenant, .name = other.name});
  s.now = os::wall_now();
  return s;
}

// The builder refers to `zones`.
result<spec::row_builder> builder_for(const job& j, const scanned_input& input, spec::zone_source& zones) {
  const auto in_input = [&](const error& e) { return std::unexpected(in_file(j.input, e)); };
  const auto names = header_fields(input);
  if (!names) return in_input(names.error());
  const std::vector<std::string_view> views(names->begin(), names->end());
  auto builder = spec::row_builder::create(views, rows_of(j, input), zones);
  if (!builder) return in_input(explain_header(builder.error(), input.early, input.delimiter, rows_of(j, input)));
  return builder;
}

// `removed`: rows that are left out because their meetings were removed.
result<void> check_row_count(std::uint64_t rows, std::uint64_t planned, std::uint64_t removed, const job& j) {
  const auto& expected = j.plan.expect_rows;
  if (expected && rows != *expected)
    return fail(errc::input, fmt::format("{} came, but --expect-rows says {}. Nothing was sent. Is the file whole?",
                                         count_of(rows, "row", "rows"), *expected));
  if (rows == 0 && (!expected || j.plan.kind == run_kind::remove))
    return fail(errc::input, "the file has a header but no rows. Nothing was sent.");
  if (planned == 0 && removed > 0)
    return fail(errc::input, fmt::format("{} of convoke's results {} left out, because the column 'outcome' says that the meeting is "
                                         "removed, and no other row is left of {}. Nothing was sent. To make such a meeting again, delete "
                                         "that column.",
                                         count_of(removed, "row", "rows"), form(removed, "is", "are"), count_of(rows, "row", "rows")));
  if (planned == 0 && rows > 0)
    return fail(errc::input,
                fmt::format("--only, --limit and --tenant leave none of {}. Nothing was sent.", count_of(rows, "row", "rows")));
  return {};
}

// Whether rows are left out whose keys look like those of this job: of a lane with a tenant of the job, and with another app.
bool leaves_out_rows_of_its_tenants(const job& j) {
  return std::ranges::any_of(j.other_tenants, [&](const known_tenant& other) {
    return std::ranges::any_of(j.lanes, [&](const lane_options& lane) { return to_lower(lane.tenant) == to_lower(other.tenant); });
  });
}

// Whether a plan covers all rows of its input, and the input is the whole of what it stands for. A failed file never is.
bool covers_input(const job& j, const ledger::run_header& header) {
  return !j.plan.limit && j.plan.only.empty() && !report::is_failed_file(header) && !leaves_out_rows_of_its_tenants(j);
}

}  // namespace

ledger::run_header make_header(const job& j, const scanned_input& input, std::vector<ledger::lane_name> lanes) {
  ledger::run_header h;
  boost::json::object settings{
      {"encoding", to_string(j.plan.encoding)},
      {"delimiter", to_string(j.plan.delimiter)},
      {"time_zone", j.plan.time_zone},
      {"overlap", to_string(j.plan.overlap)},
      {"external_id", j.plan.external_id_template},
      {"limit", j.plan.limit ? boost::json::value(*j.plan.limit) : boost::json::value(nullptr)},
      {"only", j.plan.only},
      {"skip_invalid", j.plan.skip_invalid},
      {"on_drift", to_string(j.plan.drift)},
  };
  // Where these are not set they are left out, so that runs of earlier versions keep their identity.
  if (!j.plan.columns.empty()) {
    boost::json::array columns;
    for (const auto& one : j.plan.columns) columns.push_back(boost::json::object{{"role", one.role}, {"header", one.header}});
    settings["columns"] = std::move(columns);
  }
  if (!j.plan.carry.empty()) settings["carry"] = boost::json::array(j.plan.carry.begin(), j.plan.carry.end());
  if (!j.plan.date_format.empty()) settings["date_format"] = j.plan.date_format;
  if (j.plan.roles == attendee_roles::enforce) settings["roles"] = "enforce";
  add_options(settings, j);
  // The dates, not the name of their file, shape the plan.
  if (!input.skipped.sha256.empty()) settings["skip_dates"] = input.skipped.sha256;
  // The same input as another feed is another run: its keys go over to that feed.
  if (j.feed) settings["feed"] = *j.feed;
  // How many may be removed is no part of it, as with --max-new.
  if (j.plan.vanished == on_vanished::remove) settings["on_vanished"] = "remove";
  if (j.plan.longest_external_id) settings["longest_external_id"] = *j.plan.longest_external_id;
  if (j.plan.keep_alive) settings["keep_alive_ms"] = j.plan.keep_alive->count();
  if (j.plan.kind != run_kind::provision) settings["kind"] = to_string(j.plan.kind);
  if (j.plan.repair) settings["repair"] = true;
  h.settings = boost::json::serialize(settings);
  h.kind = j.plan.kind;
  h.feed = feed_of(j);
  h.dialect = boost::json::serialize(boost::json::object{
      {"encoding", files::to_string(input.format.enc)}, {"bom", input.format.bom}, {"delimiter", std::string_view(&input.delimiter, 1)}});
  h.header = input.header;
  h.input_name = j.input;
  h.input_sha256 = input.sha256;
  h.drift_fails = j.plan.drift == on_drift::fail;
  h.operations = {.update_drifted = j.plan.drift == on_drift::update, .enforce_roles = j.plan.roles == attendee_roles::enforce};
  h.operations.repair = j.plan.repair;
  if (j.plan.keep_alive) h.operations.keep_alive = std::chrono::floor<std::chrono::seconds>(*j.plan.keep_alive);
  h.operations.remove_vanished = j.plan.vanished == on_vanished::remove && covers_input(j, h);
  h.tzdata_version = files::tzdata_version();
  h.convoke_version = version;
  auto identity = fmt::format("run 1\n{}\n{}\n", h.input_sha256, h.settings);
  for (const auto& lane : lanes) identity += fmt::format("{}\n{}\n{}\n", lane.graph_root, lane.tenant, lane.app);
  h.identity = files::sha256_hex(identity);
  h.lanes = std::move(lanes);
  return h;
}

namespace {

// Keys that a plan of a part of the rows leaves out have not vanished, and are not replaced. A failed file is such a part.
plan_summary of_what_was_read(plan_summary summary, const job& j, const ledger::run_header& header) {
  if (covers_input(j, header)) {
    // A run is only planned so, although removals are wanted, where rows of other tenants were left out. Its stored records lack them.
    if (j.plan.vanished == on_vanished::remove && !header.operations.remove_vanished) summary.barred = removal_bar::other_tenants;
    return summary;
  }
  if (j.plan.vanished == on_vanished::remove) summary.barred = removal_bar::part_of_input;
  summary.vanished = 0;
  summary.vanished_sample.clear();
  for (auto& o : summary.organizers) o.vanished = 0;
  summary.changed_ids = summary.moved = 0;
  summary.changed_ids_sample.clear();
  summary.moved_sample.clear();
  return summary;
}

// Reports what is wrong with a record, and counts the records: the meetings of one that repeats are mostly wrong for one reason.
class rejected_records {
 public:
  explicit rejected_records(observer& to) : to_(to) {}

  void add(std::uint32_t line, std::string_view why) {
    if (line != line_) {
      ++records_;
      line_ = line;
      reported_.clear();
    }
    if (std::ranges::find(reported_, why) != reported_.end()) return;
    reported_.emplace_back(why);
    to_.wrong_row(line, reported_.back());
  }
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }

 private:
  observer& to_;
  std::uint64_t records_ = 0;
  std::uint32_t line_ = 0;
  std::vector<std::string> reported_;  // of the record at hand: at most as many as it has meetings
};

struct record_counts {
  std::uint64_t planned = 0, empty = 0, of_other_tenants = 0, removed_before = 0;
};

// Feeds all rows to the plan, and checks that the file is the one that was scanned and has as many rows as expected.
result<record_counts> feed_rows(feeder& feed, scanned_input& input, const job& j, const ledger::run_header& header) {
  const auto digest = read_records(input, [&](const csv::record& record) { return feed.add(record); });
  if (!digest) return std::unexpected(digest.error());
  if (*digest != header.input_sha256)
    return std::unexpected(in_file(
        j.input, {errc::input, "the file changed while it was read. Nothing was sent. Run the same command again once it is whole."}));
  if (const auto flushed = feed.flush(); !flushed) return std::unexpected(flushed.error());
  if (const auto counted = check_row_count(feed.rows(), feed.planned(), feed.removed_before(), j); !counted)
    return std::unexpected(in_file(j.input, counted.error()));
  return record_counts{.planned = feed.planned(),
                       .empty = feed.empty(),
                       .of_other_tenants = feed.of_other_tenants(),
                       .removed_before = feed.removed_before()};
}

// Plans an input: reads it, and reads it once more where rows name organizers by UPN.
class planning {
 public:
  planning(ledger::store& store, scanned_input& input, const job& j, const ledger::run_header& header, observer& watch,
           const stop_tokens& stop)
      : store_(store), input_(input), job_(j), header_(header), watch_(watch), stop_(stop), users_(j.lanes.size()) {}

  result<planned> run(organizer_source& organizers) {
    auto made = attempt();
    if (made || !needs_users_) return made;
    // The plan is dropped: nothing of the ledger is held while the network is waited for.
    auto upns = find_upns();
    if (!upns) return std::unexpected(std::move(upns.error()));
    auto counts = organizers.resolve(*upns, users_);
    if (!counts) return std::unexpected(std::move(counts.error()));
    made = attempt();
    if (made) made->summary.look_ups = *counts;
    return made;
  }

 private:
  // The builder refers to zones_.
  [[nodiscard]] result<spec::row_builder> make_builder();
  [[nodiscard]] result<planned> attempt();
  [[nodiscard]] result<planned> classified(std::unique_ptr<ledger::plan_builder> plan, const spec::row_builder& builder,
                                           const record_counts& counts);
  // For each lane the distinct UPNs in the column of organizers.
  [[nodiscard]] result<std::vector<std::vector<std::string>>> find_upns();
  [[nodiscard]] result<std::uint64_t> report_rejected(ledger::plan_builder& of);

  ledger::store& store_;
  scanned_input& input_;
  const job& job_;
  ledger::run_header header_;
  observer& watch_;
  const stop_tokens& stop_;
  user_names users_;
  std::unique_ptr<spec::zone_source> zones_;
  bool needs_users_ = false;
};

result<spec::row_builder> planning::make_builder() {
  if (!zones_) {
    auto zones = files::system_zones();
    if (!zones) return std::unexpected(zones.error());
    zones_ = std::move(*zones);
  }
  return builder_for(job_, input_, *zones_);
}

result<std::vector<std::vector<std::string>>> planning::find_upns() {
  auto builder = make_builder();
  if (!builder) return std::unexpected(std::move(builder.error()));
  auto only = find_only(job_.plan.only, *builder);
  if (!only) return std::unexpected(std::move(only.error()));
  row_selector rows(std::move(*only), *builder, job_);
  std::vector<std::unordered_set<std::string>> seen(job_.lanes.size());
  std::vector<std::vector<std::string>> out(job_.lanes.size());
  spec::built_row row;
  std::uint64_t records = 0;
  const auto digest = read_records(input_, [&](const csv::record& record) -> result<void> {
    if (++records % poll_every == 0 && stop_.requested()) return fail(errc::interrupted, interrupted_planning);
    if (spec::empty_row(record.fields) || rows.was_removed(record) || !rows.may_take(record)) return {};
    builder->find_organizer(record.fields, record.line, row);
    if (!rows.take(row.lane) || row.organizer_upn.empty()) return {};
    if (seen[row.lane].insert(row.organizer_upn).second) out[row.lane].push_back(row.organizer_upn);
    return {};
  });
  if (!digest) return std::unexpected(digest.error());
  return out;
}

result<std::uint64_t> planning::report_rejected(ledger::plan_builder& of) {
  rejected_records wrong(watch_);
  const auto reported = of.for_each_rejected([&](std::uint32_t line, std::string_view, std::string_view why) { wrong.add(line, why); });
  if (!reported) return std::unexpected(in_planning(reported.error()));
  return wrong.records();
}

// One pass with the users that are known by now.
result<planned> planning::attempt() {
  needs_users_ = false;
  auto builder = make_builder();
  if (!builder) return std::unexpected(std::move(builder.error()));
  auto only = find_only(job_.plan.only, *builder);
  if (!only) return std::unexpected(only.error());
  auto plan = store_.begin_plan(header_);
  if (!plan) return std::unexpected(plan.error());
  feeder feed(**plan, *builder, row_selector(std::move(*only), *builder, job_), users_, job_, stop_);
  const auto fed = feed_rows(feed, input_, job_, header_);
  needs_users_ = feed.needs_users();
  if (!fed) return std::unexpected(fed.error());
  // The meeting of a row that went over to another tenant would be removed before a run of that tenant makes the other one. How a plan
  // removes is a part of its run, and this is only known now: so the input is read once more.
  if (fed->of_other_tenants > 0 && std::exchange(header_.operations.remove_vanished, false)) {
    plan->reset();
    return attempt();
  }
  return classified(std::move(*plan), *builder, *fed);
}

result<planned> planning::classified(std::unique_ptr<ledger::plan_builder> plan, const spec::row_builder& builder,
                                     const record_counts& counts) {
  auto summary = plan->classify();
  if (!summary) return std::unexpected(in_planning(summary.error()));
  summary->kind = header_.kind;
  summary->feed = header_.feed;
  summary->records = counts.planned;
  summary->empty_records = counts.empty;
  summary->other_tenants = counts.of_other_tenants;
  summary->removed_before = counts.removed_before;
  summary->warnings = builder.warnings();
  if (input_.utf8.lines > 0)
    summary->warnings.push_back({input_warning_kind::utf8_in_windows_1252, input_.utf8.lines, input_.utf8.first_line, input_.utf8.example});
  keep_warnings_of_kind(*summary);
  summary->columns = builder.columns_used();
  summary->defaults = builder.defaults_used();
  if (summary->rejected > 0) {
    const auto records = report_rejected(*plan);
    if (!records) return std::unexpected(records.error());
    summary->rejected_records = *records;
  }
  return planned{.planning = std::move(plan), .summary = of_what_was_read(std::move(*summary), job_, header_)};
}

}  // namespace

result<planned> make_plan(ledger::store& store, scanned_input& input, const job& j, const ledger::run_header& header, observer& watch,
                          const stop_tokens& stop, organizer_source& organizers) {
  return planning(store, input, j, header, watch, stop).run(organizers);
}

result<planned> reopen_plan(ledger::store& store, const ledger::run_info& run, const job& j) {
  auto planning = store.begin_open(run.id);
  if (!planning) return std::unexpected(in_planning(planning.error()));
  auto summary = (*planning)->classify();
  if (!summary) return std::unexpected(in_planning(summary.error()));
  summary->kind = run.header.kind;
  summary->feed = run.header.feed;
  return planned{.planning = std::move(*planning), .summary = of_what_was_read(std::move(*summary), j, run.header)};
}

result<void> check_header(const scanned_input& input, const job& j) {
  const auto zones = files::system_zones();
  if (!zones) return std::unexpected(zones.error());
  const auto builder = builder_for(j, input, **zones);
  return builder ? result<void>() : std::unexpected(builder.error());
}

result<void> check_expected_rows(scanned_input& input, const job& j, const stop_tokens& stop) {
  if (!j.plan.expect_rows) return {};
  std::uint64_t rows = 0, records = 0;
  const auto digest = read_records(input, [&](const csv::record& record) -> result<void> {
    if (!spec::empty_row(record.fields)) ++rows;
    if (++records % poll_every == 0 && stop.requested()) return fail(errc::interrupted, interrupted_planning);
    return {};
  });
  if (!digest) return std::unexpected(digest.error());
  if (const auto counted = check_row_count(rows, rows, 0, j); !counted) return std::unexpected(in_file(j.input, counted.error()));
  return {};
}

}  // namespace convoke::run

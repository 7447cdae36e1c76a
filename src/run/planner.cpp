#include "run/planner.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include <convoke/version.hpp>

#include "core/text.hpp"
#include "files/digest.hpp"
#include "files/zones.hpp"
#include "os/clock.hpp"
#include "report/failed.hpp"
#include "report/wording.hpp"
#include "spec/rows.hpp"

namespace convoke::run {

using report::count_of, report::form;

namespace {

// Rows go to the ledger's thread in batches: large enough to make the handover cheap, small enough to bound memory. The reasons of a wrong
// row can be a hundred times as long as the row.
constexpr std::size_t batch_rows = 1024;
constexpr std::size_t batch_bytes = std::size_t{1} << 20U;

constexpr auto interrupted_planning = "Interrupted while planning: nothing was sent and nothing was kept. Run the same command again.";

// --only COLUMN=VALUE, resolved against the header.
struct row_filter {
  std::optional<std::size_t> column;
  std::string value;
};

// Its form was validated before.
result<row_filter> find_only(const std::string& only, const spec::row_builder& builder) {
  if (only.empty()) return row_filter{};
  const auto equals = only.find('=');
  const auto column = builder.find(std::string_view(only).substr(0, equals));
  if (!column)
    return fail(errc::usage,
                fmt::format("--only names column '{}', which the input does not have.", core::escape_for_people(only.substr(0, equals))));
  return row_filter{column, std::string(core::trim(std::string_view(only).substr(equals + 1)))};
}

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
  auto s = row_settings_of(j.plan);
  s.skip_dates = input.skipped.dates;
  for (const auto& lane : j.lanes) {
    if (!lane.tenant.empty()) s.tenants.push_back({.id = lane.tenant, .name = lane.name});
  }
  s.first_tenant_is_default = s.tenants.size() == 1;
  // After those of the lanes: a row that names one of them is left out.
  if (!s.tenants.empty())
    for (const auto& other : j.other_tenants) s.tenants.push_back({.id = other.tenant, .name = other.name});
  s.now = os::wall_now();
  return s;
}

// Turns records into planned rows and hands them over in batches.
class feeder {
 public:
  feeder(ledger::plan_builder& to, spec::row_builder& builder, row_filter only, const job& j, const stop_tokens& stop)
      : to_(to), builder_(builder), only_(std::move(only)), limit_(j.plan.limit), lanes_(j.lanes.size()), stop_(stop) {}

  result<void> add(const csv::record& record) {
    if (spec::empty_row(record.fields)) {
      ++empty_;
      return {};
    }
    ++rows_;
    if (!selected(record)) return {};
    builder_.build(record.fields, record.line, built_);
    if (built_.lane >= lanes_) return {};
    ++planned_;
    ledger::planned_row row{.line = record.line, .raw = std::string(record.raw), .lane = built_.lane};
    if (!built_.errors.empty()) {
      row.error = describe(built_.errors);
      for (auto& id : built_.present) row.present.push_back({built_.wanted.organizer, std::move(id)});
      return add(std::move(row));
    }
    if (!built_.occurrences.empty()) return add_occurrences(std::move(row));
    row.payload = encode_spec(built_.wanted);
    return add(std::move(row));
  }

  result<void> flush() {
    if (stop_.requested()) return fail(errc::interrupted, interrupted_planning);
    if (batch_.empty()) return {};
    auto full = std::exchange(batch_, {});
    batch_.reserve(batch_rows);
    bytes_ = 0;
    return to_.add_rows(std::move(full));
  }

  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::uint64_t planned() const noexcept { return planned_; }
  [[nodiscard]] std::uint64_t empty() const noexcept { return empty_; }

 private:
  result<void> add(ledger::planned_row row) {
    bytes_ += row.raw.size() + row.payload.size() + row.error.size();
    batch_.push_back(std::move(row));
    return batch_.size() < batch_rows && bytes_ < batch_bytes ? result<void>{} : flush();
  }

  // Of the rows of one record only the first one keeps its bytes.
  result<void> add_occurrences(ledger::planned_row first) {
    for (auto& one : built_.occurrences) {
      ledger::planned_row row{.line = first.line, .raw = std::exchange(first.raw, {}), .lane = first.lane, .occurrence = one.date};
      built_.wanted.start = one.start;
      built_.wanted.end = one.end;
      built_.wanted.external_id = std::move(one.external_id);
      row.payload = encode_spec(built_.wanted);
      if (auto added = add(std::move(row)); !added) return added;
    }
    return {};
  }

  bool selected(const csv::record& record) const {
    if (limit_ && planned_ >= *limit_) return false;
    if (!only_.column) return true;
    return *only_.column < record.fields.size() && core::trim(record.fields[*only_.column]) == only_.value;
  }

  ledger::plan_builder& to_;
  spec::row_builder& builder_;
  row_filter only_;
  std::optional<std::uint64_t> limit_;
  std::size_t lanes_;
  const stop_tokens& stop_;
  std::uint64_t rows_ = 0, planned_ = 0, empty_ = 0;
  spec::built_row built_;
  std::vector<ledger::planned_row> batch_;
  std::size_t bytes_ = 0;  // of the batch's rows
};

// The ledger reports only that it was interrupted; the message says what that means for the command.
error in_planning(error why) {
  if (why.code == errc::interrupted) why.message = interrupted_planning;
  return why;
}

result<void> check_row_count(std::uint64_t rows, std::uint64_t planned, const job& j) {
  const auto& expected = j.plan.expect_rows;
  if (expected && rows != *expected)
    return fail(errc::input, fmt::format("{} came, but --expect-rows says {}. Nothing was sent. Is the file whole?",
                                         count_of(rows, "row", "rows"), *expected));
  if (rows == 0 && !expected) return fail(errc::input, "the file has a header but no rows. Nothing was sent.");
  if (planned == 0 && rows > 0)
    return fail(errc::input,
                fmt::format("--only, --limit and --tenant leave none of {}. Nothing was sent.", count_of(rows, "row", "rows")));
  return {};
}

}  // namespace

namespace {

constexpr std::string_view failed_ending = ".failed.csv", piped_failed = "stdin.failed.csv";

// A pipe has no folder and no name of its own: `<(...)` is called /dev/fd/63.
bool is_pipe(const std::string& input) {
  return input == "-" || input == "/dev/stdin" || input.starts_with("/dev/fd/") || input.starts_with("/proc/");
}

}  // namespace

std::string failed_path(const job& j) {
  if (!j.failed.empty()) return j.failed;
  return is_pipe(j.input) ? std::string(piped_failed) : j.input + std::string(failed_ending);
}

files::naming failed_naming(const job& j) {
  return j.failed.empty() ? files::naming::derived : files::naming::given;
}

std::string feed_of(const job& j) {
  if (j.feed) return *j.feed;
  if (is_pipe(j.input)) return {};
  auto name = j.input.substr(j.input.rfind('/') + 1);
  // A failed file has rows of the file beside which it lies.
  if (name == piped_failed) return {};
  if (name.size() > failed_ending.size() && name.ends_with(failed_ending)) name.resize(name.size() - failed_ending.size());
  return name;
}

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
      {"on_drift", j.plan.drift == on_drift::fail ? "fail" : "report"},
  };
  // Where these are not set they are left out, so that runs of earlier versions keep their identity.
  if (!j.plan.columns.empty()) {
    boost::json::array columns;
    for (const auto& one : j.plan.columns) columns.push_back(boost::json::object{{"role", one.role}, {"header", one.header}});
    settings["columns"] = std::move(columns);
  }
  if (!j.plan.carry.empty()) settings["carry"] = boost::json::array(j.plan.carry.begin(), j.plan.carry.end());
  if (!j.plan.date_format.empty()) settings["date_format"] = j.plan.date_format;
  // The dates, not the name of their file, shape the plan.
  if (!input.skipped.sha256.empty()) settings["skip_dates"] = input.skipped.sha256;
  // The same input as another feed is another run: its keys go over to that feed.
  if (j.feed) settings["feed"] = *j.feed;
  h.settings = boost::json::serialize(settings);
  h.feed = feed_of(j);
  h.dialect = boost::json::serialize(boost::json::object{
      {"encoding", files::to_string(input.format.enc)}, {"bom", input.format.bom}, {"delimiter", std::string_view(&input.delimiter, 1)}});
  h.header = input.header;
  h.input_name = j.input;
  h.input_sha256 = input.sha256;
  h.drift_fails = j.plan.drift == on_drift::fail;
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
  if (!j.plan.limit && j.plan.only.empty() && !report::is_failed_file(header)) return summary;
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
  std::uint64_t planned = 0, empty = 0;
};

// Feeds all rows to the plan, and checks that the file is the one that was scanned and has as many rows as expected.
result<record_counts> feed_rows(ledger::plan_builder& to, spec::row_builder& builder, row_filter only, scanned_input& input, const job& j,
                                const ledger::run_header& header, const stop_tokens& stop) {
  feeder feed(to, builder, std::move(only), j, stop);
  const auto digest = read_records(input, [&](const csv::record& record) { return feed.add(record); });
  if (!digest) return std::unexpected(digest.error());
  if (*digest != header.input_sha256)
    return std::unexpected(in_file(
        j.input, {errc::input, "the file changed while it was read. Nothing was sent. Run the same command again once it is whole."}));
  if (const auto flushed = feed.flush(); !flushed) return std::unexpected(flushed.error());
  if (const auto counted = check_row_count(feed.rows(), feed.planned(), j); !counted)
    return std::unexpected(in_file(j.input, counted.error()));
  return record_counts{.planned = feed.planned(), .empty = feed.empty()};
}

}  // namespace

result<planned> make_plan(ledger::store& store, scanned_input& input, const job& j, const ledger::run_header& header, observer& watch,
                          const stop_tokens& stop) {
  const auto in_input = [&](const error& e) { return std::unexpected(in_file(j.input, e)); };
  auto zones = files::system_zones();
  if (!zones) return std::unexpected(zones.error());
  const auto names = header_fields(input);
  if (!names) return in_input(names.error());
  const std::vector<std::string_view> views(names->begin(), names->end());
  auto builder = spec::row_builder::create(views, rows_of(j, input), **zones);
  if (!builder) return in_input(explain_header(builder.error(), input.early, input.delimiter, rows_of(j, input)));
  auto only = find_only(j.plan.only, *builder);
  if (!only) return std::unexpected(only.error());

  auto planning = store.begin_plan(header);
  if (!planning) return std::unexpected(planning.error());
  const auto fed = feed_rows(**planning, *builder, std::move(*only), input, j, header, stop);
  if (!fed) return std::unexpected(fed.error());
  auto summary = (*planning)->classify();
  if (!summary) return std::unexpected(in_planning(summary.error()));
  summary->feed = header.feed;
  summary->records = fed->planned;
  summary->empty_records = fed->empty;
  summary->warnings = builder->warnings();
  if (input.utf8.lines > 0)
    summary->warnings.push_back({input_warning_kind::utf8_in_windows_1252, input.utf8.lines, input.utf8.first_line, input.utf8.example});
  summary->columns = builder->columns_used();
  summary->defaults = builder->defaults_used();
  if (summary->rejected > 0) {
    rejected_records wrong(watch);
    const auto reported =
        (*planning)->for_each_rejected([&](std::uint32_t line, std::string_view, std::string_view why) { wrong.add(line, why); });
    if (!reported) return std::unexpected(in_planning(reported.error()));
    summary->rejected_records = wrong.records();
  }
  return planned{.planning = std::move(*planning), .summary = of_what_was_read(std::move(*summary), j, header)};
}

result<planned> reopen_plan(ledger::store& store, const ledger::run_info& run, const job& j) {
  auto planning = store.begin_open(run.id);
  if (!planning) return std::unexpected(in_planning(planning.error()));
  auto summary = (*planning)->classify();
  if (!summary) return std::unexpected(in_planning(summary.error()));
  summary->feed = run.header.feed;
  return planned{.planning = std::move(*planning), .summary = of_what_was_read(std::move(*summary), j, run.header)};
}

result<void> accept(const plan_summary& summary, const job& j, const std::string& failed_file) {
  if (summary.rejected > 0 && !j.plan.skip_invalid) {
    // The rows of the file: people correct these, not the meetings of a row that repeats.
    const bool known = summary.rejected_records > 0;
    const auto wrong = known ? summary.rejected_records : summary.rejected;
    const auto rows = known ? summary.records : summary.rows;
    const auto kept = failed_file.empty()
                          ? std::string()
                          : fmt::format(" {} in {}.", form(wrong, "It is", "They are"), core::escape_for_people(failed_file));
    const std::string_view others = wrong < rows ? ", or use --skip-invalid to provision the others" : "";
    return std::unexpected(in_file(
        j.input, {errc::input,
                  fmt::format("{} of {} {} wrong; nothing was sent.{} Correct {} and run the same command again{}.", report::grouped(wrong),
                              count_of(rows, "row", "rows"), form(wrong, "is", "are"), kept, form(wrong, "it", "them"), others)}));
  }
  if (j.plan.max_new && summary.new_keys > *j.plan.max_new)
    return std::unexpected(in_file(
        j.input, {errc::input,
                  fmt::format("{} new, but --max-new allows {}. Nothing was sent. Look at the plan, then raise --max-new if it is right.",
                              count_of(summary.new_keys, "meeting is", "meetings are"), *j.plan.max_new)}));
  return {};
}

result<void> check_expected_rows(scanned_input& input, const job& j, const stop_tokens& stop) {
  if (!j.plan.expect_rows) return {};
  std::uint64_t rows = 0, records = 0;
  const auto digest = read_records(input, [&](const csv::record& record) -> result<void> {
    if (!spec::empty_row(record.fields)) ++rows;
    if (++records % batch_rows == 0 && stop.requested()) return fail(errc::interrupted, interrupted_planning);
    return {};
  });
  if (!digest) return std::unexpected(digest.error());
  if (const auto counted = check_row_count(rows, rows, j); !counted) return std::unexpected(in_file(j.input, counted.error()));
  return {};
}

}  // namespace convoke::run

#include "report/results.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <convoke/outcome.hpp>
#include <convoke/spec.hpp>
#include <convoke/time.hpp>

#include "core/text.hpp"
#include "csv/csv.hpp"
#include "files/digest.hpp"
#include "files/output.hpp"
#include "report/date_text.hpp"
#include "report/dialect.hpp"
#include "report/line_writer.hpp"

namespace convoke::report {
namespace {

constexpr std::size_t buffer_bytes = 256 * 1024;

constexpr std::array result_columns = {"line",           "occurrence",    "tenant",       "organizer",         "external_id",
                                       "outcome",        "meeting_id",    "join_web_url", "join_meeting_id",   "passcode",
                                       "dial_in_number", "conference_id", "options_url",  "expires_at",        "subject",
                                       "start",          "end",           "drift",        "http_status",       "error_code",
                                       "error_message",  "attempts",      "request_id",   "client_request_id", "finished_at"};

constexpr std::array inventory_columns = {"tenant",       "organizer",       "external_id", "state",          "meeting_id",
                                          "join_web_url", "join_meeting_id", "passcode",    "dial_in_number", "conference_id",
                                          "options_url",  "expires_at",      "subject",     "start",          "end",
                                          "drift",        "observed_at",     "feed"};

// The cells of a record, parsed from its bytes. The memory of one record is used for the next.
class record_cells {
 public:
  explicit record_cells(char delimiter) : delimiter_(delimiter) {}

  const std::vector<std::string>& read(std::string_view raw) {
    csv::reader reader(delimiter_);
    const auto take = [this](const csv::record& r) -> result<void> {
      cells_.resize(r.fields.size());
      for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i].assign(r.fields[i]);
      return {};
    };
    if (!reader.feed(raw, take) || !reader.finish(take)) cells_.clear();
    return cells_;
  }

 private:
  char delimiter_;
  std::vector<std::string> cells_;
};

std::string_view cell(const std::vector<std::string>& cells, std::size_t index) {
  return index < cells.size() ? std::string_view(cells[index]) : std::string_view();
}

// The cells of the observed meeting, of a result or an inventory row.
void write_meeting(line_writer& w, const auto& row) {
  w.text("meeting_id", row.meeting_id);
  w.text("join_web_url", row.join_web_url);
  w.text("join_meeting_id", row.join_meeting_id);
  w.text("passcode", row.passcode);
  w.text("dial_in_number", row.dial_in_number);
  w.text("conference_id", row.conference_id);
  w.text("options_url", row.options_url);
  w.text("expires_at", row.expires_at ? format_utc(*row.expires_at) : std::string());
}

// The cells of the wanted meeting: from the plan, or, for a wrong row, from its own cells.
void write_wanted(line_writer& w, const std::optional<meeting_spec>& wanted, std::string_view raw_subject) {
  w.text("subject", !wanted ? raw_subject : wanted->subject ? std::string_view(*wanted->subject) : std::string_view());
  w.text("start", wanted ? format_utc(wanted->start) : std::string());
  w.text("end", wanted ? format_utc(wanted->end) : std::string());
}

// A carried column whose name is also a column of the results gets a prefix: two columns of one name could not be distinguished.
std::vector<std::string> carried_names(const dialect& written) {
  std::vector<std::string> taken(result_columns.begin(), result_columns.end());
  std::vector<std::string> out;
  for (const auto index : written.carried) taken.push_back(written.columns[index]);
  for (const auto index : written.carried) {
    auto name = written.columns[index];
    const bool ours = std::ranges::find(result_columns, name) != result_columns.end();
    while (ours && std::ranges::find(taken, name) != taken.end()) name.insert(0, "input_");
    taken.push_back(name);
    out.push_back(std::move(name));
  }
  return out;
}

// The external id of an occurrence is that of its record and the date: `-20260907`. Returns the record's own form of it; empty where the
// id was made otherwise.
std::string with_date(std::string_view own, std::string_view sent) {
  constexpr std::size_t date_size = 9;
  if (own.empty() || sent.size() != own.size() + date_size || sent[own.size()] != '-') return {};
  if (!core::equal_ignoring_case(own, sent.substr(0, own.size()))) return {};
  return std::string(own).append(sent.substr(own.size()));
}

// An object id in lower case; of a row that names it by UPN that UPN, as it is written there.
std::string_view organizer_of(const std::optional<meeting_spec>& wanted, std::string_view own) {
  return !wanted ? own : own.contains('@') ? core::trim(own) : std::string_view(wanted->organizer);
}

struct result_writer {
  line_writer& w;
  const dialect& written;
  const std::vector<std::string>& names;  // of the carried columns
  const std::vector<ledger::lane_name>& lanes;
  record_cells cells;

  result<void> write(const ledger::result_row& row) {
    std::optional<meeting_spec> wanted;
    if (!row.payload.empty()) {
      auto decoded = decode_spec(row.payload);
      if (!decoded) return std::unexpected(decoded.error());
      wanted = std::move(*decoded);
    }
    // A key is always sent as it was first written. The row shows its own form, so that results can be joined with the input.
    const bool has_id = written.external_id != dialect::npos;
    const bool need_cells = !wanted || has_id || written.organizer != dialect::npos || !written.carried.empty();
    const auto& own = need_cells ? cells.read(row.raw) : none;
    w.begin();
    w.number("line", row.line, row.line != 0);  // a meeting that vanished has no line
    w.text("occurrence", row.occurrence ? date_text(*row.occurrence) : std::string());
    w.text("tenant", row.lane < lanes.size() ? std::string_view(lanes[row.lane].tenant) : std::string_view());
    w.text("organizer", organizer_of(wanted, cell(own, written.organizer)));
    const auto own_id = core::trim(cell(own, written.external_id));
    const bool as_sent = wanted && !(has_id && core::equal_ignoring_case(own_id, wanted->external_id));
    const auto own_with_date = as_sent && row.occurrence ? with_date(own_id, wanted->external_id) : std::string();
    w.text("external_id", !own_with_date.empty() ? std::string_view(own_with_date)
                          : as_sent              ? std::string_view(wanted->external_id)
                                                 : own_id);
    w.text("outcome", row.result ? to_string(*row.result) : std::string_view("deferred"));
    write_meeting(w, row);
    write_wanted(w, wanted, cell(own, written.subject));
    w.text("drift", row.drift);
    w.number("http_status", row.http_status, row.http_status != 0);
    w.text("error_code", row.error_code);
    w.text("error_message", row.error_message);
    w.number("attempts", row.attempts);
    w.text("request_id", row.request_id);
    w.text("client_request_id", row.client_request_id);
    w.text("finished_at", row.finished_at ? format_utc(*row.finished_at) : std::string());
    for (std::size_t i = 0; i < names.size(); ++i) w.text(names[i], cell(own, written.carried[i]));
    w.end();
    return {};
  }

  std::vector<std::string> none;
};

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Programs that write a mark, UTF-16 or windows-1252 take UTF-8 without a mark for another encoding.
bool needs_mark(const files::text_format& input) noexcept {
  return input.bom || input.enc != files::encoding::utf8;
}

result<void> flush(line_writer& w, files::output& to, std::size_t over) {
  if (w.bytes().size() <= over) return {};
  const auto done = to.write(w.bytes());
  w.bytes().clear();
  return done;
}

}  // namespace

result<format> format_of(std::string_view path) {
  const auto ends = [&](std::string_view ending) {
    return path.size() >= ending.size() && core::equal_ignoring_case(path.substr(path.size() - ending.size()), ending);
  };
  if (ends(".csv")) return format::csv;
  if (ends(".jsonl") || ends(".ndjson")) return format::jsonl;
  if (ends(".html") || ends(".ics"))
    return fail(errc::usage, fmt::format("'{}': HTML and iCalendar results are not built yet: use a name that ends in .csv or .jsonl.",
                                         core::escape_for_people(path)));
  return fail(errc::usage, fmt::format("'{}': the ending says the form of the results: use a name that ends in .csv or .jsonl.",
                                       core::escape_for_people(path)));
}

result<void> write_results(ledger::reader& from, const ledger::run_info& run, const std::string& path, format as, results_dialect like,
                           const std::function<bool()>& interrupted, std::string* sha256) {
  const auto go_on = [&]() -> result<void> {
    if (!interrupted || !interrupted()) return {};
    return fail(errc::interrupted, "Interrupted while the results were written: `convoke export` writes them, too.");
  };
  const auto written = read_dialect(run.header);
  if (!written) return std::unexpected(written.error());
  auto to = files::output::create(path);
  if (!to) return std::unexpected(to.error());

  const auto names = carried_names(*written);
  const bool as_input = as == format::csv && like == results_dialect::input;
  line_writer w(as, to->terminal() ? core::shown_in::terminal : core::shown_in::file, as_input ? written->delimiter : ',');
  if (as_input && needs_mark(written->format) && !to->terminal()) w.bytes() += byte_order_mark;
  if (as == format::csv) {
    w.begin();
    for (const auto* column : result_columns) w.name(column);
    for (const auto& name : names) w.name(name);
    w.end();
  }
  files::sha256_stream digest;
  const auto give_out = [&](std::size_t over) -> result<void> {
    if (sha256 != nullptr && w.bytes().size() > over) digest.add(w.bytes());
    return flush(w, *to, over);
  };
  result_writer rows{w, *written, names, run.header.lanes, record_cells(written->delimiter), {}};
  const auto read = from.for_each_result(run.id, [&](const ledger::result_row& row) -> result<void> {
    if (const auto asked = go_on(); !asked) return asked;
    if (const auto one = rows.write(row); !one) return one;
    return give_out(buffer_bytes);
  });
  if (!read) return read;
  if (const auto asked = go_on(); !asked) return asked;
  if (const auto last = give_out(0); !last) return last;
  if (sha256 != nullptr) *sha256 = digest.hex();
  return to->commit();
}

result<void> write_inventory(ledger::reader& from, const std::string& path, format as) {
  auto to = files::output::create(path);
  if (!to) return std::unexpected(to.error());
  line_writer w(as, to->terminal() ? core::shown_in::terminal : core::shown_in::file);
  if (as == format::csv) {
    w.begin();
    for (const auto* column : inventory_columns) w.name(column);
    w.end();
  }
  const auto read = from.for_each_inventory([&](const ledger::inventory_row& row) -> result<void> {
    auto wanted = decode_spec(row.payload);
    if (!wanted) return std::unexpected(wanted.error());
    w.begin();
    w.text("tenant", row.lane.tenant);
    w.text("organizer", row.organizer);
    w.text("external_id", row.external_id);
    w.text("state", row.state);
    write_meeting(w, row);
    write_wanted(w, std::move(*wanted), {});
    w.text("drift", row.drift);
    w.text("observed_at", row.observed_at ? format_utc(*row.observed_at) : std::string());
    w.text("feed", row.feed);
    w.end();
    return flush(w, *to, buffer_bytes);
  });
  if (!read) return read;
  if (const auto last = flush(w, *to, 0); !last) return last;
  return to->commit();
}

}  // namespace convoke::report

#include "report/failed.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <convoke/outcome.hpp>

#include "core/text.hpp"
#include "csv/csv.hpp"
#include "csv/raw_fields.hpp"
#include "report/date_text.hpp"

namespace convoke::report {
namespace {

constexpr std::string_view line_column = "convoke_line";
constexpr std::string_view error_column = "convoke_error";

bool is_own(std::string_view column) {
  const std::string folded = core::fold_name(core::trim(column));
  return folded == "convokeline" || folded == "convokeerror";
}

std::string_view line_end_of(std::string_view raw) {
  if (raw.ends_with("\r\n")) return raw.substr(raw.size() - 2);
  if (raw.ends_with('\n') || raw.ends_with('\r')) return raw.substr(raw.size() - 1);
  return {};
}

}  // namespace

failed_records::failed_records(dialect written) : written_(std::move(written)) {
  for (std::size_t i = 0; i < written_.columns.size(); ++i)
    if (is_own(written_.columns[i])) own_.push_back(i);
}

std::string failed_records::header(std::string_view raw, bool terminal) const {
  const auto mark = written_.format.bom ? files::encode("\xEF\xBB\xBF", written_.format.enc) : std::string();
  return mark + record(raw, line_column, error_column, terminal);
}

std::string failed_records::record(std::string_view raw, std::string_view line, std::string_view why, bool terminal) const {
  const auto end = line_end_of(raw);
  const auto body = raw.substr(0, raw.size() - end.size());
  std::string text;
  if (own_.empty()) {
    text = body;
  } else {
    const auto fields = csv::raw_fields(body, written_.delimiter);
    bool first = true;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (is_own_field(i, fields.size())) continue;
      if (!first) text += written_.delimiter;
      first = false;
      text += fields[i];
    }
  }
  text += written_.delimiter;
  text += line;
  text += written_.delimiter;
  csv::append_inert_field(text, core::escape_for_people(why, why.size()), written_.delimiter);
  // On a terminal every line ends with LF: after a CR alone the next record would overwrite this one.
  if (terminal)
    text = core::without_controls(text, core::shown_in::terminal) + '\n';
  else
    text += end.empty() ? std::string_view(written_.line_end) : end;
  return files::encode(text, written_.format.enc);
}

// In a ragged row the columns are shifted, but the fields that convoke added to a record are its last ones.
bool failed_records::is_own_field(std::size_t index, std::size_t fields) const {
  if (fields == written_.columns.size()) return std::ranges::find(own_, index) != own_.end();
  const bool at_the_end = own_.front() + own_.size() == written_.columns.size();
  return at_the_end && fields > own_.size() && index >= fields - own_.size();
}

result<failed_file> failed_file::create(const std::string& path, const ledger::run_header& header, files::naming by) {
  auto written = read_dialect(header);
  if (!written) return std::unexpected(written.error());
  auto to = files::output::create(path, by);
  if (!to) return std::unexpected(to.error());
  failed_file out(std::move(*to), failed_records(std::move(*written)));
  if (const auto head = out.to_.write(out.form_.header(header.header, out.to_.terminal())); !head) return std::unexpected(head.error());
  return out;
}

result<void> failed_file::add(const row& failed) {
  if (records_ > 0 && failed.line == last_.line) {
    ++last_.failed;
    return {};
  }
  if (auto written = write_last(); !written) return written;
  ++records_;
  last_.line = failed.line;
  last_.failed = 1;
  last_.occurrences = failed.occurrences;
  last_.raw.assign(failed.raw);
  last_.why.assign(failed.why);
  last_.occurrence = failed.occurrence;
  return {};
}

result<void> failed_file::write_last() {
  if (records_ == 0) return {};
  auto& [line, failed, occurrences, raw, why, occurrence] = last_;
  const auto of_all = occurrences > 0 ? fmt::format("{} of its {} meetings failed", failed, occurrences)
                                      : fmt::format("{} of its meetings are wrong", failed);
  const auto day = occurrence ? fmt::format(", on {}", date_text(*occurrence)) : std::string();
  if (failed > 1)
    why = fmt::format("{}, the first{}: {}", of_all, day, why);
  else if (occurrences > 1)
    why = fmt::format("{}{}: {}", of_all, day, why);
  return to_.write(form_.record(raw, std::to_string(line), why, to_.terminal()));
}

bool is_failed_file(const ledger::run_header& header) {
  const auto written = read_dialect(header);
  return written && std::ranges::any_of(written->columns, is_own);
}

result<std::string> failed_file_beginning(const ledger::run_header& header) {
  auto written = read_dialect(header);
  if (!written) return std::unexpected(written.error());
  return failed_records(std::move(*written)).header(header.header, false);
}

result<void> failed_file::commit() {
  if (auto written = write_last(); !written) return written;
  return to_.commit();
}

result<std::uint64_t> write_failed(ledger::reader& from, const ledger::run_info& run, const std::string& path, files::naming by,
                                   const std::function<bool()>& interrupted) {
  std::optional<failed_file> file;
  const auto read = from.for_each_failed(run.id, [&](const ledger::result_row& row) -> result<void> {
    if (interrupted && interrupted())
      return fail(errc::interrupted, "Interrupted while the failed file was written: `convoke export` writes it, too.");
    if (!file) {
      auto made = failed_file::create(path, run.header, by);
      if (!made) return std::unexpected(made.error());
      file.emplace(std::move(*made));
    }
    auto why = std::string(row.error_message);
    if (row.result == outcome::drifted) why = fmt::format("the stored meeting differs in {}", row.drift);
    if (!row.error_code.empty() && row.result == outcome::failed) why = fmt::format("{}: {}", row.error_code, why);
    return file->add({.line = row.line, .raw = row.raw, .why = why, .occurrence = row.occurrence, .occurrences = row.occurrences});
  });
  if (!read) return std::unexpected(read.error());
  if (!file) return 0;
  const auto done = file->commit();
  if (!done) return std::unexpected(done.error());
  return file->records();
}

}  // namespace convoke::report

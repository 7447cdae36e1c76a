#include "run/input_scan.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "files/zones.hpp"

namespace convoke::run {
namespace {

std::optional<char> forced_delimiter(input_delimiter delimiter) noexcept {
  switch (delimiter) {
    case input_delimiter::detect:
      return std::nullopt;
    case input_delimiter::comma:
      return ',';
    case input_delimiter::semicolon:
      return ';';
    case input_delimiter::tab:
      return '\t';
  }
  return std::nullopt;
}

std::optional<files::encoding> forced_encoding(input_encoding encoding) noexcept {
  switch (encoding) {
    case input_encoding::detect:
      return std::nullopt;
    case input_encoding::utf8:
      return files::encoding::utf8;
    case input_encoding::utf16le:
      return files::encoding::utf16le;
    case input_encoding::utf16be:
      return files::encoding::utf16be;
    case input_encoding::windows_1252:
      return files::encoding::windows_1252;
  }
  return std::nullopt;
}

spec::overlap_choice in_rows(overlap_choice overlap) noexcept {
  switch (overlap) {
    case overlap_choice::refuse:
      return spec::overlap_choice::refuse;
    case overlap_choice::earlier:
      return spec::overlap_choice::earlier;
    case overlap_choice::later:
      return spec::overlap_choice::later;
  }
  return spec::overlap_choice::refuse;
}

}  // namespace

error in_file(const std::string& name, error e) {
  e.message = fmt::format("{}: {}", name == "-" ? std::string("standard input") : core::escape_for_people(name), e.message);
  return e;
}

namespace {

// The CSV reader reports line and column; the file's name is added here. Errors of the ledger stay as they are.
result<void> named(const std::string& name, result<void> read) {
  if (read || read.error().code != errc::input) return read;
  return std::unexpected(in_file(name, std::move(read.error())));
}

// Examines a stream while it is copied. Its errors are those of the later passes.
class stream_check {
 public:
  stream_check(const job& j, std::optional<char> delimiter) : job_(j), reader_(delimiter) {}

  result<void> take(std::string_view utf8) {
    auto fed = reader_.feed(utf8, [this](const csv::record& record) { return look(record); });
    if (!fed && refused_) fed = std::unexpected(explain_header(*refused_, early_, reader_.delimiter(), row_settings_of(job_)));
    return named(job_.input, std::move(fed));
  }

 private:
  // A header that is refused ends the copy once enough records have come to explain it.
  result<void> look(const csv::record& record) {
    early_.add(record);
    if (!std::exchange(seen_, true)) {
      if (const auto good = first_is_header(record); !good) refused_ = good.error();
    }
    if (!refused_ || (refused_->code == errc::input && !early_.enough())) return {};
    return std::unexpected(*refused_);
  }

  result<void> first_is_header(const csv::record& record) const {
    auto zones = files::system_zones();
    if (!zones) return std::unexpected(zones.error());
    const auto builder = spec::row_builder::create(record.fields, row_settings_of(job_), **zones);
    return builder ? result<void>{} : std::unexpected(builder.error());
  }

  const job& job_;
  csv::reader reader_;
  early_records early_;
  bool seen_ = false;
  std::optional<error> refused_;  // the header
};

}  // namespace

spec::row_settings row_settings_of(const job& j) {
  const auto& options = j.plan;
  spec::row_settings s;
  s.needs_organizer = !std::ranges::all_of(j.lanes, &lane_options::delegated);
  s.default_zone = options.time_zone;
  s.overlap = in_rows(options.overlap);
  s.external_id_template = options.external_id_template;
  for (const auto& one : options.columns) s.columns.push_back({one.role, one.header});
  s.carry = options.carry;
  s.date_format = options.date_format;
  s.keep_roles = options.roles == attendee_roles::enforce;
  s.options = options.options;
  for (const auto& lane : j.lanes) s.options_of_lane.push_back(lane.options);
  return s;
}

std::string_view to_string(on_drift what) noexcept {
  switch (what) {
    case on_drift::report:
      return "report";
    case on_drift::update:
      return "update";
    case on_drift::fail:
      return "fail";
  }
  return {};
}

std::string_view to_string(input_encoding encoding) noexcept {
  const auto forced = forced_encoding(encoding);
  return forced ? files::to_string(*forced) : std::string_view();
}

std::string_view to_string(input_delimiter delimiter) noexcept {
  switch (delimiter) {
    case input_delimiter::detect:
      return {};
    case input_delimiter::comma:
      return ",";
    case input_delimiter::semicolon:
      return ";";
    case input_delimiter::tab:
      return "tab";
  }
  return {};
}

std::string_view to_string(overlap_choice overlap) noexcept {
  switch (overlap) {
    case overlap_choice::refuse:
      return {};
    case overlap_choice::earlier:
      return "earlier";
    case overlap_choice::later:
      return "later";
  }
  return {};
}

result<scanned_input> scan(const job& j, const stop_tokens& stop) {
  const auto forced = forced_encoding(j.plan.encoding);
  const auto delimiter = forced_delimiter(j.plan.delimiter);
  auto skipped = read_skip_dates(j.plan.skip_dates, j.plan.date_format, stop);
  if (!skipped) return std::unexpected(skipped.error());
  stream_check stream(j, delimiter);
  auto source =
      files::input::open(j.input, [&] { return stop.requested(); }, {forced, [&](std::string_view utf8) { return stream.take(utf8); }});
  if (!source) return std::unexpected(source.error());

  scanned_input out{.source = std::move(*source), .forced = forced};
  out.skipped = std::move(*skipped);
  csv::reader reader(delimiter);
  bool have_header = false;
  bool have_all = false;
  const auto keep_header = [&](const csv::record& record) -> result<void> {
    if (!have_header) out.header = record.raw;
    have_header = true;
    out.early.add(record);
    return {};
  };
  const auto decoded = out.source->decode(out.forced, [&](std::string_view chunk) -> result<void> {
    if (stop.requested())
      return fail(errc::interrupted, "Interrupted while the input was read: nothing was sent. Run the same command again.");
    if (have_all) return {};
    auto fed = named(j.input, reader.feed(chunk, keep_header));
    have_all = out.early.enough() || !fed;
    // Of the records after the header nothing is wanted but a hint; the next pass reports what is wrong with them.
    return fed || !have_header ? fed : result<void>{};
  });
  if (!decoded) return std::unexpected(decoded.error());
  if (!have_all) {
    const auto ended = named(j.input, reader.finish(keep_header));
    if (!ended && !have_header) return std::unexpected(ended.error());
  }
  if (!have_header)
    return std::unexpected(
        in_file(j.input, {errc::input, "the file is empty: it needs a header line with at least organizer, external_id and start."}));
  out.format = decoded->format;
  out.sha256 = decoded->sha256;
  out.utf8 = decoded->utf8;
  out.delimiter = reader.delimiter();
  return out;
}

result<std::string> read_records(scanned_input& input, const csv::reader::sink& sink) {
  csv::reader reader(input.delimiter);
  bool header = true;
  const auto skip_header = [&](const csv::record& record) -> result<void> {
    if (std::exchange(header, false)) return {};
    return sink(record);
  };
  const auto& name = input.source->name();
  const auto decoded =
      input.source->decode(input.forced, [&](std::string_view chunk) { return named(name, reader.feed(chunk, skip_header)); });
  if (!decoded) return std::unexpected(decoded.error());
  const auto ended = named(name, reader.finish(skip_header));
  if (!ended) return std::unexpected(ended.error());
  return decoded->sha256;
}

}  // namespace convoke::run

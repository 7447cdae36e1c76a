#include "run/input_scan.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "files/zones.hpp"

namespace convoke::run {
namespace {

result<std::optional<char>> delimiter_option(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (text == "," || text == ";" || text == "\t") return text.front();
  if (text == "tab" || text == "\\t") return '\t';
  if (text == "comma") return ',';
  if (text == "semicolon") return ';';
  return fail(errc::usage, fmt::format("--delimiter '{}' is none of ',', ';' and 'tab'.", core::escape_for_people(text)));
}

result<std::optional<files::encoding>> encoding_option(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto known = files::parse_encoding(text);
  if (!known)
    return fail(errc::usage,
                fmt::format("--encoding '{}' is not known: use utf-8, utf-16le, utf-16be or windows-1252.", core::escape_for_people(text)));
  return known;
}

}  // namespace

error in_file(const std::string& name, error e) {
  e.message = fmt::format("{}: {}", name == "-" ? std::string("standard input") : core::escape_for_people(name), e.message);
  return e;
}

namespace {

// What is wrong with the CSV is known by line and column; the file it is in, only here. What the ledger says stays as it is.
result<void> named(const std::string& name, result<void> read) {
  if (read || read.error().code != errc::input) return read;
  return std::unexpected(in_file(name, std::move(read.error())));
}

// Examines a stream while it is copied. Reports as the later passes do.
class stream_look {
 public:
  stream_look(const job& j, std::optional<char> delimiter) : job_(j), reader_(delimiter) {}

  result<void> take(std::string_view utf8) {
    return named(job_.input, reader_.feed(utf8, [this](const csv::record& record) { return first_is_header(record); }));
  }

 private:
  result<void> first_is_header(const csv::record& record) {
    if (std::exchange(seen_, true)) return {};
    auto zones = files::system_zones();
    if (!zones) return std::unexpected(zones.error());
    const auto builder = spec::row_builder::create(record.fields, row_settings_of(job_.plan), **zones);
    return builder ? result<void>{} : std::unexpected(builder.error());
  }

  const job& job_;
  csv::reader reader_;
  bool seen_ = false;
};

}  // namespace

spec::row_settings row_settings_of(const plan_options& options) {
  spec::row_settings s;
  s.default_zone = options.time_zone;
  s.overlap = options.overlap == "earlier" ? spec::overlap_choice::earlier
              : options.overlap == "later" ? spec::overlap_choice::later
                                           : spec::overlap_choice::refuse;
  s.external_id_template = options.external_id_template;
  return s;
}

result<scanned_input> scan(const job& j, const std::function<bool()>& interrupted) {
  const auto forced = encoding_option(j.plan.encoding);
  if (!forced) return std::unexpected(forced.error());
  const auto delimiter = delimiter_option(j.plan.delimiter);
  if (!delimiter) return std::unexpected(delimiter.error());
  stream_look stream(j, *delimiter);
  auto source = files::input::open(j.input, interrupted, {*forced, [&](std::string_view utf8) { return stream.take(utf8); }});
  if (!source) return std::unexpected(source.error());

  scanned_input out{.source = std::move(*source), .forced = *forced, .delimiter_option = *delimiter};
  csv::reader reader(*delimiter);
  bool have_header = false;
  const auto keep_header = [&](const csv::record& record) -> result<void> {
    if (!have_header) out.header = record.raw;
    have_header = true;
    return {};
  };
  const auto decoded = out.source.decode(out.forced, [&](std::string_view chunk) -> result<void> {
    if (interrupted())
      return fail(errc::interrupted, "Interrupted while the input was read: nothing was sent. Run the same command again.");
    if (have_header) return {};
    return named(j.input, reader.feed(chunk, keep_header));
  });
  if (!decoded) return std::unexpected(decoded.error());
  if (!have_header) {
    const auto ended = named(j.input, reader.finish(keep_header));
    if (!ended) return std::unexpected(ended.error());
  }
  if (!have_header)
    return std::unexpected(
        in_file(j.input, {errc::input, "the file is empty: it needs a header line with at least organizer, external_id and start."}));
  out.format = decoded->format;
  out.sha256 = decoded->sha256;
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
  const auto& name = input.source.name();
  const auto decoded =
      input.source.decode(input.forced, [&](std::string_view chunk) { return named(name, reader.feed(chunk, skip_header)); });
  if (!decoded) return std::unexpected(decoded.error());
  const auto ended = named(name, reader.finish(skip_header));
  if (!ended) return std::unexpected(ended.error());
  return decoded->sha256;
}

}  // namespace convoke::run

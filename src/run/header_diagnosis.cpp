#include "run/header_diagnosis.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "core/civil.hpp"
#include "core/text.hpp"

namespace convoke::run {
namespace {

constexpr std::string_view read_delimiters = ",;\t";
constexpr std::string_view other_delimiters = "|^~: ";

using fields = std::vector<std::string>;

// Empty where the record cannot be split so.
fields split(const std::string& raw, char delimiter) {
  fields out;
  csv::reader reader(delimiter);
  const auto take = [&](const csv::record& record) -> result<void> {
    out.assign(record.fields.begin(), record.fields.end());
    return {};
  };
  if (!reader.feed(raw, take) || !reader.finish(take)) out.clear();
  return out;
}

bool lacks_columns(const error& e) {
  return e.message.contains("has no column");
}

// True where every required column is there, also if the header would be refused for another reason.
bool is_header(const fields& names, const spec::row_settings& settings) {
  if (names.size() < 2) return false;
  const std::vector<std::string_view> views(names.begin(), names.end());
  if (std::ranges::count_if(views, [](std::string_view name) { return !core::trim(name).empty(); }) < 2) return false;
  const auto read = spec::read_header(views, {.needs_external_id = settings.external_id_template.empty(),
                                              .needs_organizer = settings.needs_organizer,
                                              .columns = settings.columns,
                                              .carry = settings.carry});
  return read || (read.error().code == errc::input && !lacks_columns(read.error()));
}

bool looks_like_data(std::string_view cell) {
  cell = core::trim(cell);
  return parse_guid(cell).has_value() || core::parse_civil(cell).has_value();
}

std::string shown(char delimiter) {
  return delimiter == '\t' ? "tab" : fmt::format("'{}'", delimiter);
}

std::string listed(const fields& names) {
  constexpr std::size_t most = 8;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    out += fmt::format("{}'{}'", i == 0 ? "" : ", ", core::escape_for_people(core::trim(names[i]), 40));
  if (names.size() > most) out += fmt::format(" and {} more", names.size() - most);
  return out;
}

// The delimiter by which a record is a header.
std::optional<char> delimiter_of_header(const early_record& record, std::string_view candidates, const spec::row_settings& settings) {
  const auto found = std::ranges::find_if(candidates, [&](char c) { return is_header(split(record.raw, c), settings); });
  return found == candidates.end() ? std::nullopt : std::optional(*found);
}

// The header is in the only field of a record: each line of the file is in quotes, as programs write it that take a CSV file for a table
// of one column.
bool is_quoted_header(const fields& first, const spec::row_settings& settings) {
  return first.size() == 1 && std::ranges::any_of(read_delimiters, [&](char c) { return is_header(split(first.front(), c), settings); });
}

// What the first record is, if the fields of a header are in it.
std::string wrong_delimiter(const early_record& first, char delimiter, const spec::row_settings& settings) {
  if (const auto read = delimiter_of_header(first, read_delimiters, settings); read && *read != delimiter)
    return fmt::format("its fields are separated by {}: leave --delimiter out, or correct the line 'sep=' above it", shown(*read));
  auto other = delimiter_of_header(first, other_delimiters, settings);
  if (!other && std::ranges::count(first.raw, '|') > 1) other = '|';
  if (!other) return {};
  return fmt::format("its fields seem to be separated by {}: save the file with , ; or tab between them",
                     *other == ' ' ? std::string("blanks") : shown(*other));
}

std::string later_header(const early_records& records, char delimiter, const spec::row_settings& settings) {
  const std::string candidates = std::string(1, delimiter).append(read_delimiters);
  for (std::size_t i = 1; i < records.all().size(); ++i) {
    const early_record& record = records.all()[i];
    if (delimiter_of_header(record, candidates, settings))
      return fmt::format("line {} looks like the header: delete the lines above it", record.line);
  }
  return {};
}

std::string other_hint(const early_records& records, const fields& first, char delimiter, const spec::row_settings& settings) {
  if (auto text = later_header(records, delimiter, settings); !text.empty()) return text;
  if (std::ranges::any_of(first, looks_like_data))
    return fmt::format("line {} looks like a row: the file needs a header above it, such as organizer,external_id,subject,start",
                       records.header().line);
  return {};
}

}  // namespace

void early_records::add(const csv::record& record) {
  // What is longer is no line of names.
  constexpr std::size_t longest = 16 * 1024;
  if (!enough()) records_.push_back({record.line, std::string(record.raw.substr(0, records_.empty() ? record.raw.size() : longest))});
}

error explain_header(error refused, const early_records& records, char delimiter, const spec::row_settings& settings) {
  if (records.empty() || !lacks_columns(refused)) return refused;
  const fields first = split(records.header().raw, delimiter);
  const std::string how = first.size() == 1 ? "as one column" : "separated by " + shown(delimiter);
  const auto taken = fmt::format("line {} was taken as the header, {}: {}; ", records.header().line, how, listed(first));
  if (is_quoted_header(first, settings) && records.header().raw.contains('"')) {
    refused.message =
        taken + "each line is in quotes as a whole: take out the quotes at its beginning and its end, or export the file again";
    return refused;
  }
  if (const auto other = wrong_delimiter(records.header(), delimiter, settings); !other.empty()) {
    // What the names of such columns lack, or are near to, says nothing.
    refused.message = taken + other;
    return refused;
  }
  const auto more = other_hint(records, first, delimiter, settings);
  // The message of a wrong setting names the columns itself.
  if (refused.code != errc::usage || !more.empty()) refused.message.insert(0, taken);
  if (!more.empty()) refused.message += "; " + more;
  return refused;
}

}  // namespace convoke::run

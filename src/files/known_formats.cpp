#include "files/known_formats.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace convoke::files {

namespace {

using std::string_view_literals::operator""sv;

struct format {
  std::string_view magic;  // its first bytes
  std::string_view text;
};

constexpr std::string_view workbook =
    "is an Excel or OpenDocument workbook (or another ZIP archive), not CSV: open it in the program and save it as CSV UTF-8, or unpack it";
constexpr std::string_view picture = "is a picture, not CSV: export the table itself as CSV UTF-8";

// First bytes by the formats' specifications, as file(1) has them.
constexpr format formats[] = {
    {"PK\x03\x04"sv, workbook},
    {"PK\x05\x06"sv, workbook},
    {"PK\x07\x08"sv, workbook},
    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv,
     "is an old Excel workbook (.xls) or another Office file of before 2007, or one with a password, not CSV: open it in the program and "
     "save it as CSV UTF-8"},
    {"\x1F\x8B"sv, "is compressed with gzip: decompress it first, for example by a pipe: gunzip -c < FILE | convoke … -"},
    {"\x1F\x9D"sv, "is compressed with compress: decompress it first, for example by a pipe: gunzip -c < FILE | convoke … -"},
    {"BZh"sv, "is compressed with bzip2: decompress it first, for example by a pipe: bunzip2 -c < FILE | convoke … -"},
    {"\xFD\x37zXZ\0"sv, "is compressed with xz: decompress it first, for example by a pipe: xz -dc < FILE | convoke … -"},
    {"\x28\xB5\x2F\xFD"sv, "is compressed with zstd: decompress it first, for example by a pipe: zstd -dc < FILE | convoke … -"},
    {"7z\xBC\xAF\x27\x1C"sv, "is a 7-Zip archive, not CSV: unpack it first, for example with 7z x FILE"},
    {"Rar!\x1A\x07"sv, "is a RAR archive, not CSV: unpack it first"},
    {"%PDF-"sv, "is a PDF file, not CSV: export the table itself as CSV UTF-8 from the program that made it"},
    {"SQLite format 3\0"sv, "is an SQLite database, not CSV: export a query, for example with sqlite3 -header -csv FILE 'SELECT …'"},
    {"PAR1"sv, "is a Parquet file, not CSV: export it as CSV UTF-8 first"},
    {"ARROW1"sv, "is an Arrow file, not CSV: export it as CSV UTF-8 first"},
    {"Obj\x01"sv, "is an Avro file, not CSV: export it as CSV UTF-8 first"},
    {"\x89PNG"sv, picture},
    {"\xFF\xD8\xFF"sv, picture},
    {"GIF8"sv, picture},
    {"{\\rtf"sv, "is an RTF document, not CSV: export the table itself as CSV UTF-8"},
};

constexpr std::string_view html =
    "is an HTML page, not CSV: many systems export tables so under the name .xls, and a download that needs a login gives one, too; open "
    "it "
    "in a spreadsheet program and save it as CSV UTF-8, or export it anew";
constexpr std::string_view calendar = "is an iCalendar file, not CSV: export the timetable as CSV UTF-8 from the program that made it";
constexpr std::string_view json = "is JSON, not CSV: convert it first, for example with jq -r '… | @csv'";

bool has(std::string_view text, std::string_view what) noexcept {
  return core::find_ignoring_case(text, what) != std::string_view::npos;
}

bool begins(std::string_view text, std::string_view with) noexcept {
  return core::equal_ignoring_case(text.substr(0, with.size()), with);
}

// A value or the end of the array or object must follow, so that a header such as `[room],start` is left alone.
bool is_json(std::string_view text) noexcept {
  if (!text.starts_with('{') && !text.starts_with('[')) return false;
  const bool object = text.front() == '{';
  text = core::trim(text.substr(1));
  if (text.empty()) return false;
  return text.front() == '"' || text.front() == (object ? '}' : ']') || (!object && (text.front() == '{' || text.front() == '['));
}

std::optional<std::string_view> text_format_of(std::string_view text) noexcept {
  if (begins(text, "BEGIN:VCALENDAR")) return calendar;
  if (is_json(text)) return json;
  if (!text.starts_with('<')) return std::nullopt;
  for (const std::string_view tag : {"<!doctype html", "<html", "<head", "<body", "<table", "<meta", "<style", "<script", "<div"}) {
    if (begins(text, tag)) return html;
  }
  if (!begins(text, "<?xml")) return std::nullopt;
  if (has(text, "Excel.Sheet") || has(text, "urn:schemas-microsoft-com:office:spreadsheet"))
    return "is an XML spreadsheet, not CSV: open it in a spreadsheet program and save it as CSV UTF-8";
  if (has(text, "<html")) return html;
  return "is an XML file, not CSV: export it as CSV UTF-8 from the program that made it";
}

}  // namespace

std::optional<std::string> foreign_format(std::string_view bytes) {
  const auto* const binary = std::ranges::find_if(formats, [bytes](const format& f) { return bytes.starts_with(f.magic); });
  if (binary != std::end(formats)) {
    // Text may begin so, too: the digit and the first block of bzip2 follow.
    if (!binary->magic.starts_with("BZh") || bytes.substr(0, 10).contains("1AY&SY") || bytes.substr(0, 10).contains("\x17rE8P\x90"))
      return std::string(binary->text);
  }
  constexpr std::size_t tar_magic = 257;
  if (bytes.size() > tar_magic && bytes.substr(tar_magic).starts_with("ustar"))
    return "is a tar archive, not CSV: unpack it first, for example by a pipe: tar -xOf FILE | convoke … -";
  const auto text = text_format_of(core::trim(bytes));
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

std::optional<encoding> looks_like_utf16(std::string_view bytes) noexcept {
  bytes = bytes.substr(0, std::min<std::size_t>(bytes.size() & ~std::size_t{1}, 256));
  if (bytes.empty()) return std::nullopt;
  std::size_t first = 0, second = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    first += static_cast<std::size_t>(bytes[i] == '\0');
    second += static_cast<std::size_t>(bytes[i + 1] == '\0');
  }
  const std::size_t most = bytes.size() / 2 * 4 / 5;
  if (first == 0 && second > most) return encoding::utf16le;
  if (second == 0 && first > most) return encoding::utf16be;
  return std::nullopt;
}

}  // namespace convoke::files

#include "files/known_formats.hpp"

#include <boost/test/unit_test.hpp>
#include <utility>
#include <vector>

using convoke::files::foreign_format;
using convoke::files::looks_like_utf16;
using std::string_view_literals::operator""sv;

BOOST_AUTO_TEST_SUITE(files_known_formats)

BOOST_AUTO_TEST_CASE(row_15_known_formats_are_named_with_the_way_out) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"PK\x03\x04\x14\0"sv, "is an Excel or OpenDocument workbook"},
      {"PK\x05\x06\0\0"sv, "save it as CSV UTF-8"},
      {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0"sv, "is an old Excel workbook (.xls)"},
      {"\x1F\x8B\x08\0\xff\xfe"sv, "gunzip -c < FILE | convoke"},
      {"BZh91AY&SY\0"sv, "bunzip2 -c"},
      {"\xFD\x37zXZ\0\0"sv, "xz -dc"},
      {"\x28\xB5\x2F\xFD\0"sv, "zstd -dc"},
      {"7z\xBC\xAF\x27\x1C\0"sv, "is a 7-Zip archive"},
      {"Rar!\x1A\x07\0"sv, "is a RAR archive"},
      {"%PDF-1.7\n"sv, "is a PDF file"},
      {"SQLite format 3\0\x10"sv, "is an SQLite database"},
      {"PAR1\x15\x04"sv, "is a Parquet file"},
      {"{\\rtf1\\ansi"sv, "is an RTF document"},
      {"\x89PNG\r\n"sv, "is a picture"},
      {"<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\">"sv, "is an HTML page"},
      {"\xEF\xBB\xBF\r\n  <!DOCTYPE HTML>"sv, "is an HTML page"},
      {"<table><tr><td>organizer</td>"sv, "is an HTML page"},
      {"<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>"sv, "is an XML spreadsheet"},
      {"<?xml version=\"1.0\"?><timetable/>"sv, "is an XML file"},
      {"[\n  {\"organizer\": 1}]"sv, "is JSON"},
      {"{\"value\": []}"sv, "is JSON"},
      {"BEGIN:VCALENDAR\r\nVERSION:2.0"sv, "is an iCalendar file"},
  };
  for (const auto& [bytes, says] : cases) {
    const auto named = foreign_format(bytes);
    BOOST_TEST(named.value_or("").contains(says), named.value_or("not recognised") << " should hold " << says);
  }
  BOOST_TEST(foreign_format(std::string(257, '\0') + "ustar").value_or("").contains("tar archive"));
}

BOOST_AUTO_TEST_CASE(csv_is_not_taken_for_another_format) {
  for (const std::string_view text :
       {"organizer,external_id,start\n"sv, "PKZ,start\n"sv, "BZhours,start\n"sv, "[room],start\n"sv, "{id};start\n"sv, "<room>,start\n"sv,
        "\"<b>\",start\n"sv, ""sv, "[1],x\n"sv, "begin,end\n"sv, "\xFF\xFEo\0"sv, "GIF,start\n"sv})
    BOOST_TEST(foreign_format(text).value_or("") == "", text);
}

BOOST_AUTO_TEST_CASE(utf16_is_known_by_its_nul_bytes) {
  using convoke::files::encoding;
  BOOST_TEST((looks_like_utf16("h\0,\0i\0"sv) == encoding::utf16le));
  BOOST_TEST((looks_like_utf16("\0h\0,\0i"sv) == encoding::utf16be));
  BOOST_TEST((looks_like_utf16("h\0,\0i\0,\0j\0,\0\x20\x21,\0"sv) == encoding::utf16le));
  BOOST_TEST(!looks_like_utf16("\0\0\0\0"sv).has_value());
  BOOST_TEST(!looks_like_utf16("abcd"sv).has_value());
  BOOST_TEST(!looks_like_utf16("ab\0d"sv).has_value());
  BOOST_TEST(!looks_like_utf16(""sv).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

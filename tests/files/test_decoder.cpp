#include "files/decoder.hpp"

#include <rapidcheck.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "core/utf8.hpp"

namespace {

using convoke::files::encoding;
namespace bdata = boost::unit_test::data;

struct decoded {
  std::string text;
  std::string fault;
  convoke::files::text_format format;
};

decoded decode(const std::vector<std::string>& pieces, std::optional<encoding> forced = {}) {
  decoded out;
  convoke::files::decoder d(forced);
  const auto keep = [&out](std::string_view utf8) -> convoke::result<void> {
    // No chunk splits a character.
    BOOST_REQUIRE(convoke::core::valid_utf8_prefix(utf8) == utf8.size());
    out.text += utf8;
    return {};
  };
  for (const auto& piece : pieces) {
    if (const auto r = d.feed(piece, keep); !r) {
      out.fault = r.error().message;
      return out;
    }
  }
  const auto format = d.finish(keep);
  if (format) {
    out.format = *format;
  } else {
    out.fault = format.error().message;
  }
  return out;
}

decoded decode(std::string_view bytes, std::optional<encoding> forced = {}) {
  return decode(std::vector{std::string(bytes)}, forced);
}

std::vector<std::string> single_bytes(std::string_view text) {
  std::vector<std::string> out;
  for (const char c : text) out.emplace_back(1, c);
  return out;
}

bool begins(const std::string& text, std::string_view with) {
  BOOST_TEST_INFO(text);
  return text.starts_with(with);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(files_decoder)

BOOST_AUTO_TEST_CASE(utf8_is_decoded_with_and_without_a_mark) {
  const auto plain = decode("Größe, 数学 🎓");
  BOOST_TEST(plain.text == "Größe, 数学 🎓");
  BOOST_TEST(!plain.format.bom);
  const auto marked = decode("\xEF\xBB\xBFGröße");
  BOOST_TEST(marked.text == "Größe");
  BOOST_TEST(marked.format.bom);
  BOOST_TEST((marked.format.enc == encoding::utf8));
  BOOST_TEST(decode("\xEF\xBB\xBF").text.empty());
  BOOST_TEST(decode("").text.empty());
  BOOST_TEST(decode("a").text == "a");
}

BOOST_AUTO_TEST_CASE(a_mark_further_on_is_a_character) {
  BOOST_TEST(decode("a\xEF\xBB\xBF").text == "a\xEF\xBB\xBF");
}

BOOST_AUTO_TEST_CASE(utf16_is_recognized_by_its_mark) {
  const std::string_view little("\xFF\xFEG\0\xF6\0=\xD8\x93\xDF\x41\0", 12);
  BOOST_TEST(decode(little).text == "Gö\U0001F793A");
  BOOST_TEST((decode(little).format.enc == encoding::utf16le));
  const std::string_view big("\xFE\xFF\0G\0\xF6\xD8=\xDF\x93\0A", 12);
  BOOST_TEST(decode(big).text == "Gö\U0001F793A");
  BOOST_TEST((decode(big).format.enc == encoding::utf16be));
  BOOST_TEST(decode(single_bytes(little)).text == "Gö\U0001F793A");
}

BOOST_AUTO_TEST_CASE(utf16_without_a_mark_is_decoded_on_request) {
  BOOST_TEST(decode(std::string_view("G\0", 2), encoding::utf16le).text == "G");
  BOOST_TEST(decode(std::string_view("\0G", 2), encoding::utf16be).text == "G");
  BOOST_TEST(!decode(std::string_view("\0G", 2), encoding::utf16be).format.bom);
}

BOOST_AUTO_TEST_CASE(windows_1252_is_decoded_only_on_request) {
  BOOST_TEST(decode("Gr\xF6\xDF\x65 \x80\x99", encoding::windows_1252).text == "Größe €™");
  BOOST_TEST(begins(decode("a\nGr\xF6\xDF\x65").fault, "line 2, column 3: byte F6 is not UTF-8"));
  BOOST_TEST(begins(decode("\xE4x\x81", encoding::windows_1252).fault, "line 1, column 3: byte 81 has no meaning in windows-1252"));
}

BOOST_AUTO_TEST_CASE(row_7_utf8_under_windows_1252_is_counted_by_lines) {
  const std::string text = "a\nGr\xC3\xB6\xC3\x9F\x65\nb \xF6\n\xE2\x82\xAC\n";
  for (const auto& pieces : {std::vector{text}, single_bytes(text)}) {
    convoke::files::decoder d(encoding::windows_1252);
    const auto ignore = [](std::string_view) { return convoke::result<void>{}; };
    for (const auto& piece : pieces) BOOST_REQUIRE(d.feed(piece, ignore).has_value());
    BOOST_REQUIRE(d.finish(ignore).has_value());
    BOOST_TEST(d.utf8_seen().lines == 2U);
    BOOST_TEST(d.utf8_seen().first_line == 2U);
    BOOST_TEST(d.utf8_seen().example == "Ã¶ for ö");
    BOOST_TEST(decode(pieces, encoding::windows_1252).text == "a\nGrÃ¶ÃŸe\nb ö\nâ‚¬\n");
  }
}

BOOST_AUTO_TEST_CASE(a_mark_that_contradicts_the_request_is_refused) {
  BOOST_TEST(
      begins(decode("\xEF\xBB\xBFx", encoding::windows_1252).fault, "line 1, column 1: the byte-order mark says utf-8, but windows-1252"));
  BOOST_TEST(begins(decode("\xFF\xFEx", encoding::utf16be).fault, "line 1, column 1: the byte-order mark says utf-16le"));
}

BOOST_DATA_TEST_CASE(bad_utf8_is_named_by_line_and_column,
                     bdata::make({"\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xFF", "\xC3(",
                                  "\xF0\x9F\x98("}),
                     bytes) {
  const std::string text = std::string("ab\r\nü\rx") + bytes + "rest";
  BOOST_TEST(begins(decode(text).fault, "line 3, column 2: byte "));
  BOOST_TEST(decode(text).fault == decode(single_bytes(text)).fault);
  BOOST_TEST(decode(text).text == "ab\r\nü\rx");
}

BOOST_AUTO_TEST_CASE(a_file_that_ends_inside_a_character_is_refused) {
  BOOST_TEST(begins(decode("ab\xE2\x82").fault, "line 1, column 3: the file ends inside a character"));
  BOOST_TEST(begins(decode(std::string_view("\xFF\xFE"
                                            "a\0b",
                                            5))
                        .fault,
                    "line 1, column 2: the file ends inside a character"));
  BOOST_TEST(begins(decode(std::string_view("\xFF\xFE\x3D\xD8", 4)).fault, "line 1, column 1: the file ends inside a character"));
}

BOOST_AUTO_TEST_CASE(a_nul_is_refused_in_every_encoding) {
  BOOST_TEST(begins(decode(std::string_view("a\nb\0c", 5)).fault, "line 2, column 2: a NUL byte"));
  BOOST_TEST(begins(decode(std::string_view("\0", 1)).fault, "line 1, column 1: a NUL byte"));
  BOOST_TEST(begins(decode(std::string_view("\xFF\xFE"
                                            "a\0\0\0",
                                            6))
                        .fault,
                    "line 1, column 2: a NUL character"));
  BOOST_TEST(begins(decode(std::string_view("ab\0", 3), encoding::windows_1252).fault, "line 1, column 3: a NUL byte"));
}

BOOST_AUTO_TEST_CASE(lone_surrogates_are_refused) {
  BOOST_TEST(begins(decode(std::string_view("\xFF\xFE\x93\xDF"
                                            "a\0",
                                            6))
                        .fault,
                    "line 1, column 1: half of a surrogate pair"));
  BOOST_TEST(begins(decode(std::string_view("\xFF\xFE\x3D\xD8"
                                            "a\0",
                                            6))
                        .fault,
                    "line 1, column 1: half of a surrogate pair"));
}

BOOST_AUTO_TEST_CASE(a_failure_of_the_sink_ends_the_decoding) {
  convoke::files::decoder d({});
  const auto r = d.feed("abc", [](std::string_view) -> convoke::result<void> { return convoke::fail(convoke::errc::storage, "full"); });
  BOOST_REQUIRE(!r.has_value());
  BOOST_TEST(r.error().message == "full");
}

BOOST_AUTO_TEST_CASE(any_text_is_decoded_to_itself_however_it_is_cut) {
  BOOST_TEST(rc::check("decode(encode(t)) == t", [] {
    std::string text;
    for (const auto c : *rc::gen::container<std::vector<std::uint32_t>>(
             rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(1, 0x80), rc::gen::inRange<std::uint32_t>(0x80, 0xD800),
                            rc::gen::inRange<std::uint32_t>(0xE000, 0x110000)))) {
      convoke::core::append_utf8(text, c);
    }
    const auto enc = *rc::gen::element(encoding::utf8, encoding::utf16le, encoding::utf16be);
    RC_PRE(!text.starts_with("\uFEFF") && !text.starts_with("\uFFFE"));
    const std::string bytes = convoke::files::encode(text, enc);
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = *rc::gen::inRange<std::size_t>(1, 9);
      pieces.push_back(bytes.substr(at, size));
      at += size;
    }
    const auto back = decode(pieces, enc);
    RC_ASSERT(back.fault.empty());
    RC_ASSERT(back.text == text);
  }));
}

BOOST_AUTO_TEST_SUITE_END()

#include "core/text.hpp"

#include <boost/test/unit_test.hpp>

using convoke::core::escape_for_people;
using convoke::core::nearest;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(ordinary_text_stays) {
  BOOST_TEST(convoke::core::escape_for_people("Größe 数学 C:\\x 'q' \"q\" 🎓") == "Größe 数学 C:\\x 'q' \"q\" 🎓");
}

BOOST_AUTO_TEST_CASE(characters_that_move_a_cursor_become_visible) {
  BOOST_TEST(convoke::core::escape_for_people("a\nb\r\tc") == "a\\nb\\r\\tc");
  BOOST_TEST(convoke::core::escape_for_people("\x1b[31mred\x7f") == "\\x1b[31mred\\x7f");
  BOOST_TEST(convoke::core::escape_for_people(std::string_view("\0", 1)) == "\\x00");
  BOOST_TEST(convoke::core::escape_for_people("\xc2\x9b"
                                              "31m") == "\\u{9b}31m");
}

BOOST_AUTO_TEST_CASE(characters_that_reorder_or_hide_text_become_visible) {
  BOOST_TEST(convoke::core::escape_for_people("a\u202Eb\u200Fc\uFEFFd\u2066e\u2028f") ==
             "a\\u{202e}b\\u{200f}c\\u{feff}d\\u{2066}e\\u{2028}f");
  BOOST_TEST(convoke::core::escape_for_people("08:15\u00A0Uhr\u3000x y") == "08:15\\u{a0}Uhr\\u{3000}x y");
  BOOST_TEST(convoke::core::escape_for_people("x\U000E0041y") == "x\\u{e0041}y");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf8_become_visible) {
  BOOST_TEST(convoke::core::escape_for_people("a\xff\xc0\xaf") == "a\\xff\\xc0\\xaf");
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_between_characters) {
  BOOST_TEST(convoke::core::escape_for_people("äöüß", 3) == "äöü…");
  BOOST_TEST(convoke::core::escape_for_people("äöü", 3) == "äöü");
  BOOST_TEST(convoke::core::escape_for_people("\n\n", 1) == "\\n…");
}

BOOST_AUTO_TEST_CASE(control_characters_become_visible_and_all_else_stays) {
  using convoke::core::shown_in;
  using convoke::core::without_controls;
  const std::string ordinary = "Größe 数学 C:\\x \"q\" 🎓\tb\nc\r\nd a\u202Eb\u200Dc\uFEFF";
  BOOST_TEST(convoke::core::without_controls(ordinary, convoke::core::shown_in::file) == ordinary);
  BOOST_TEST(convoke::core::without_controls("\x1b[31mred\x7f\b\r!", convoke::core::shown_in::file) == "\\x1b[31mred\\x7f\\x08\\r!");
  BOOST_TEST(convoke::core::without_controls(std::string_view("\0", 1), convoke::core::shown_in::file) == "\\x00");
  BOOST_TEST(convoke::core::without_controls("\xc2\x9b"
                                             "31m\xff",
                                             convoke::core::shown_in::file) == "\\u{9b}31m\\xff");
  BOOST_TEST(convoke::core::without_controls("a\tb\nc\r\nd\u202Ee\u200Ff", convoke::core::shown_in::terminal) ==
             "a\tb\nc\\r\nd\\u{202e}e\\u{200f}f");
  const std::string long_text(100'000, 'x');
  BOOST_TEST((convoke::core::without_controls(long_text + "\x1b", convoke::core::shown_in::terminal) == long_text + "\\x1b"));
}

BOOST_AUTO_TEST_CASE(every_byte_at_every_place_of_a_block_is_seen) {
  for (int byte = 0; byte < 0x100; ++byte) {
    for (std::size_t place = 0; place < 40; ++place) {
      std::string text(40, 'x');
      text[place] = static_cast<char>(byte);
      const bool stays = byte == '\t' || byte == '\n' || (byte >= 0x20 && byte < 0x7F);
      if ((convoke::core::without_controls(text, convoke::core::shown_in::terminal) == text) != stays)
        BOOST_ERROR("byte " << byte << " at " << place);
    }
  }
}

BOOST_AUTO_TEST_CASE(only_ascii_letters_change_their_case) {
  std::string text = "AZ az@[`{09-\xC3\x84";
  convoke::core::make_lower(text);
  BOOST_TEST(text == "az az@[`{09-\xC3\x84");
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool letter = std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz").contains(c) && c != '\0';
    BOOST_TEST(convoke::core::ascii_letter(c) == letter);
  }
}

BOOST_AUTO_TEST_CASE(text_is_compared_and_found_without_regard_to_case) {
  using convoke::core::find_ignoring_case;
  BOOST_TEST(convoke::core::equal_ignoring_case("Retry-After", "rETRY-aFTER"));
  BOOST_TEST(!convoke::core::equal_ignoring_case("a", "ab"));
  BOOST_TEST(!convoke::core::equal_ignoring_case("@", "`"));
  BOOST_TEST(find_ignoring_case("x\"OID\":1", "\"oid\"") == 1U);
  BOOST_TEST(find_ignoring_case("abab", "BAB") == 1U);
  BOOST_TEST(find_ignoring_case("abab", "bb") == std::string_view::npos);
  BOOST_TEST(find_ignoring_case("ab", "abc") == std::string_view::npos);
  BOOST_TEST(find_ignoring_case("", "a") == std::string_view::npos);
  BOOST_TEST(find_ignoring_case("ab", "") == 0U);
}

BOOST_AUTO_TEST_CASE(a_similar_name_is_found) {
  const std::string_view names[] = {"external_id", "organizer", "attendees", "end", "start"};
  BOOST_TEST(convoke::core::nearest("organiser", names).value_or("") == "organizer");
  BOOST_TEST(convoke::core::nearest("Externl-ID", names).value_or("") == "external_id");
  BOOST_TEST(convoke::core::nearest("atendeess", names).value_or("") == "attendees");
  BOOST_TEST(convoke::core::nearest("satrt", names).value_or("") == "start");
  BOOST_TEST(convoke::core::nearest("edn", names).value_or("") == "end");
  BOOST_TEST(!convoke::core::nearest("room", names).has_value());
  BOOST_TEST(!convoke::core::nearest("x", names).has_value());
  BOOST_TEST(!convoke::core::nearest("", names).has_value());
  BOOST_TEST(!convoke::core::nearest(std::string(1'000'000, 'e'), names).has_value());
  BOOST_TEST(convoke::core::nearest("apply", {"plan", "apply"}).value_or("") == "apply");
}

BOOST_AUTO_TEST_CASE(names_are_folded_to_lower_case_without_dashes) {
  BOOST_TEST(convoke::core::fold_name("External_ID") == "externalid");
  BOOST_TEST(convoke::core::fold_name("utf-16LE") == "utf16le");
  BOOST_TEST(convoke::core::fold_name(" Ä b ") == "Äb");
}

BOOST_AUTO_TEST_CASE(blanks_and_tabs_are_trimmed) {
  BOOST_TEST(convoke::core::trim(" \ta b\t ") == "a b");
  BOOST_TEST(convoke::core::trim(" \t ").empty());
}

BOOST_AUTO_TEST_SUITE_END()

#include <boost/test/unit_test.hpp>

#include "files/input.hpp"

using convoke::files::encode;
using convoke::files::encoding;
using convoke::files::parse_encoding;

BOOST_AUTO_TEST_SUITE(files_encoding)

BOOST_AUTO_TEST_CASE(the_names_of_encodings_are_read) {
  BOOST_TEST((parse_encoding("UTF-8") == encoding::utf8));
  BOOST_TEST((parse_encoding("utf8") == encoding::utf8));
  BOOST_TEST((parse_encoding("UTF-16LE") == encoding::utf16le));
  BOOST_TEST((parse_encoding("utf-16be") == encoding::utf16be));
  BOOST_TEST((parse_encoding("Windows-1252") == encoding::windows_1252));
  BOOST_TEST((parse_encoding("cp1252") == encoding::windows_1252));
  for (const char* const name : {"latin1", "Latin-1", "ISO-8859-1", "iso_8859-1", "iso8859-1", "CP-1252"})
    BOOST_TEST((parse_encoding(name) == encoding::windows_1252), name);
  BOOST_TEST(!parse_encoding("latin-2").has_value());
  BOOST_TEST(!parse_encoding("iso-8859-15").has_value());
  BOOST_TEST(!parse_encoding("").has_value());
  for (const auto e : {encoding::utf8, encoding::utf16le, encoding::utf16be, encoding::windows_1252}) {
    BOOST_TEST((parse_encoding(convoke::files::to_string(e)) == e));
  }
}

BOOST_AUTO_TEST_CASE(text_is_encoded_to_bytes) {
  BOOST_TEST(encode("Gö€", encoding::utf8) == "Gö€");
  BOOST_TEST(encode("Gö€", encoding::windows_1252) == "G\xF6\x80");
  BOOST_TEST(encode("数\u0081", encoding::windows_1252) == "??");
  BOOST_TEST(encode("G\U0001F793", encoding::utf16le) == std::string("G\0=\xD8\x93\xDF", 6));
  BOOST_TEST(encode("G\U0001F793", encoding::utf16be) == std::string("\0G\xD8=\xDF\x93", 6));
}

BOOST_AUTO_TEST_SUITE_END()

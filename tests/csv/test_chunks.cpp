#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>

#include "parse.hpp"

namespace {

using csv_test::parse;
using csv_test::parse_pieces;

rc::Gen<std::string> any_cell() {
  return rc::gen::container<std::string>(rc::gen::elementOf(std::string("aaaabc  ,;\t\"\"\r\n\xc3\xa9\xc2\xa0=@")));
}

std::vector<std::string_view> cut_anyhow(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const auto size =
        std::min<std::size_t>(text.size(), *rc::gen::oneOf(rc::gen::inRange<std::size_t>(1, 4), rc::gen::inRange<std::size_t>(1, 200)));
    pieces.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(csv_chunks)

BOOST_AUTO_TEST_CASE(written_fields_are_read_back_however_they_are_cut) {
  BOOST_TEST(rc::check("read(write(rows)) == rows", [] {
    const char delimiter = *rc::gen::elementOf(std::string(",;\t"));
    const auto columns = *rc::gen::inRange<std::size_t>(2, 6);
    const auto rows =
        *rc::gen::container<std::vector<std::vector<std::string>>>(rc::gen::container<std::vector<std::string>>(columns, any_cell()));
    const std::string end = *rc::gen::element<std::string>("\n", "\r\n", "\r");
    std::string text;
    std::vector<std::string> raws;
    for (const auto& row : rows) {
      std::string raw;
      for (std::size_t i = 0; i < columns; ++i) {
        if (i != 0) raw += delimiter;
        convoke::csv::append_field(raw, row[i], delimiter);
      }
      raw += end;
      text += raw;
      raws.push_back(raw);
    }
    const auto back = parse_pieces(cut_anyhow(text), delimiter);
    RC_ASSERT(back.fault.empty());
    RC_ASSERT(back.rows.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      RC_ASSERT(back.rows[i].fields == rows[i]);
      RC_ASSERT(back.rows[i].raw == raws[i]);
    }
  }));
}

BOOST_AUTO_TEST_CASE(any_bytes_are_read_alike_however_they_are_cut) {
  BOOST_TEST(rc::check("pieces do not matter", [] {
    const std::string text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("aab,,;  \t\xc2\xa0\"\"\"\r\n\nsep=")));
    const auto forced = *rc::gen::element<std::optional<char>>(std::nullopt, ',', ';');
    const convoke::csv::limits l{.field = 8, .record = 20, .columns = 5};
    const auto limited = *rc::gen::arbitrary<bool>();
    const auto whole = limited ? parse(text, forced, l) : parse(text, forced);
    const auto pieces = limited ? parse_pieces(cut_anyhow(text), forced, l) : parse_pieces(cut_anyhow(text), forced);
    RC_ASSERT(pieces.rows == whole.rows);
    RC_ASSERT(pieces.fault == whole.fault);
  }));
}

BOOST_AUTO_TEST_CASE(row_5_what_is_read_is_read_again_once_it_is_written) {
  BOOST_TEST(rc::check("read(write(read(text))) == read(text)", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "a", ",", ",", ",", " ", "\t", "\u00a0", "\n", R"("q")", R"("a,b")", "\"line\nline\"", R"("""")", R"("")"));
    std::string text;
    for (const auto& piece : pieces) text += piece;
    const auto read = parse(text, ',');
    if (!read.fault.empty()) return;  // such as text after a closing quote
    std::vector<std::vector<std::string>> rows;
    std::string again;
    for (const auto& row : read.rows) {
      if (row.fields.size() == 1) continue;  // an empty cell alone is written as a blank line
      rows.push_back(row.fields);
      for (std::size_t i = 0; i < row.fields.size(); ++i) {
        if (i != 0) again += ',';
        convoke::csv::append_field(again, row.fields[i], ',');
      }
      again += '\n';
    }
    const auto back = parse(again, ',');
    RC_ASSERT(back.fault.empty());
    RC_ASSERT(back.rows.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) RC_ASSERT(back.rows[i].fields == rows[i]);
  }));
}

BOOST_AUTO_TEST_CASE(pieces_of_every_size_give_the_same_records) {
  std::string text = "sep=;\r\norganizer;subject;note\r\n";
  for (int i = 0; i < 20; ++i)
    text += "id" + std::to_string(i) + ";\"say \"\"x\"\"\r\n" + std::string(static_cast<std::size_t>(i * 7), 'y') + "\";\r\n\r\n";
  const auto whole = parse(text);
  BOOST_TEST(whole.fault.empty());
  BOOST_TEST(whole.rows.size() == 21U);
  for (std::size_t size = 1; size < 300; ++size) {
    BOOST_TEST_INFO("pieces of " << size);
    BOOST_TEST((parse_pieces(csv_test::cut(text, size)) == whole));
  }
}

BOOST_AUTO_TEST_CASE(the_raw_bytes_of_all_records_make_the_file) {
  BOOST_TEST(rc::check("nothing but blank lines is lost", [] {
    const std::string text = "h,i\n" + *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,\"\n")));
    const auto p = parse(text, ',');
    RC_PRE(p.fault.empty());
    std::string rest = text;
    // Without the records, taken out in order, only line ends are left.
    for (const auto& r : p.rows) {
      const auto at = rest.find(r.raw);
      RC_ASSERT(at != std::string::npos);
      RC_ASSERT(rest.find_first_not_of('\n') >= at);
      rest.erase(0, at + r.raw.size());
    }
    RC_ASSERT(rest.find_first_not_of('\n') == std::string::npos);
  }));
}

BOOST_AUTO_TEST_SUITE_END()

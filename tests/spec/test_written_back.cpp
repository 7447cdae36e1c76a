// An accepted file, written back as RFC 4180, gives the same specs.

#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>

#include "csv/csv.hpp"
#include "rows_for_tests.hpp"

using namespace spec_test;

namespace {

struct read_file {
  std::vector<std::vector<std::string>> records;
  std::vector<convoke::meeting_spec> specs;
};

std::optional<read_file> read(const std::string& text, std::optional<char> delimiter) {
  three_zones zones;
  convoke::spec::row_settings settings;
  settings.default_zone = "East";
  read_file out;
  std::optional<convoke::spec::row_builder> builder;
  convoke::spec::built_row built;
  convoke::csv::reader reader(delimiter);
  const auto take = [&](const convoke::csv::record& r) -> convoke::result<void> {
    out.records.emplace_back(r.fields.begin(), r.fields.end());
    if (!builder) {
      auto made = convoke::spec::row_builder::create(r.fields, settings, zones);
      if (!made) return std::unexpected(made.error());
      builder.emplace(std::move(*made));
      return {};
    }
    builder->build(r.fields, r.line, built);
    if (built.errors.empty()) out.specs.push_back(built.wanted);
    return {};
  };
  if (!reader.feed(text, take) || !reader.finish(take)) return std::nullopt;
  return out;
}

std::string written(const std::vector<std::vector<std::string>>& records) {
  std::string out;
  for (const auto& fields : records) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i != 0) out += ',';
      convoke::csv::append_field(out, fields[i], ',');
    }
    out += "\r\n";
  }
  return out;
}

// A cell as people type it: sometimes quoted, sometimes among blanks.
std::string typed(const std::string& value) {
  static const std::vector<std::string> blanks{"", "", "", " ", "\u00A0"};
  if (*rc::gen::arbitrary<bool>()) {
    std::string out = "\"";
    for (const char c : value) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
  }
  return *rc::gen::elementOf(blanks) + value + *rc::gen::elementOf(blanks);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_written_back)

RC_BOOST_PROP(an_accepted_file_written_back_gives_the_same_specs, ()) {
  static const std::vector<std::string> starts{"2026-09-01T08:00Z", "2026-09-01 10:00", "never"};
  static const std::vector<std::string> lengths{"", "90", "1h30m"};
  static const std::vector<std::string> ids{"A1", "'00123", "#N/A", "2.02631E+11", "x y"};
  static const std::vector<std::string> endings{"", ";", ";;", "; "};
  std::string text = *rc::gen::element<std::string>("", "\r\n") + "Organizer;External ID;Topic;start;Minutes;room;" + "\r\n";
  const auto rows = *rc::gen::inRange(1, 8);
  for (int i = 0; i < rows; ++i) {
    const auto subject = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab \"';,é")));
    text += typed(ada) + ";" + typed(*rc::gen::elementOf(ids)) + ";" + typed("S" + subject) + ";" + typed(*rc::gen::elementOf(starts)) +
            ";" + typed(*rc::gen::elementOf(lengths)) + ";" + typed("B-201") + ";" + *rc::gen::elementOf(endings) + "\n";
  }
  const auto first = read(text, ';');
  RC_PRE(first.has_value());
  const auto again = read(written(first->records), std::nullopt);
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->records == first->records);
  RC_ASSERT(again->specs == first->specs);
}

BOOST_AUTO_TEST_SUITE_END()

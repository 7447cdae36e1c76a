#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "zones_for_tests.hpp"

namespace spec_test {

inline const std::string ada = "6f9619ff-8b86-d011-b42d-00c04fc964ff";

inline std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = text.find('|'); at != std::string_view::npos; at = text.find('|')) {
    out.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  out.push_back(text);
  return out;
}

// Builds one row, whose cells are separated by `|`.
struct table {
  explicit table(std::string_view header, const convoke::spec::row_settings& settings = {})
      : builder(*convoke::spec::row_builder::create(split(header), settings, zones)) {}

  const convoke::spec::built_row& row(std::string_view cells) {
    builder.build(split(cells), 2, built);
    return built;
  }
  // The errors of the row, described.
  std::string why(std::string_view cells) { return convoke::spec::describe(row(cells).errors); }

  three_zones zones;
  convoke::spec::row_builder builder;
  convoke::spec::built_row built;
};

// The message of the refusal of a header.
inline convoke::error refusal(std::string_view header, const convoke::spec::row_settings& settings = {}) {
  three_zones zones;
  const auto made = convoke::spec::row_builder::create(split(header), settings, zones);
  BOOST_REQUIRE(!made.has_value());
  return made.error();
}

inline std::string utc(convoke::utc_time t) {
  return convoke::format_utc(t);
}

inline bool holds(std::string_view text, std::string_view part) {
  BOOST_TEST_INFO("'" << text << "' should hold '" << part << "'");
  return text.find(part) != std::string_view::npos;
}

}  // namespace spec_test

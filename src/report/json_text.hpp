#pragma once

#include <string>

#include <boost/json.hpp>

#include "core/json_string.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace convoke::report {

// JSON has no way to carry bytes that are no UTF-8, as a path may hold: they are shown as people see them.
[[nodiscard]] inline std::string json_text(const std::string& text) {
  return core::valid_utf8_prefix(text) == text.size() ? text : core::escape_for_people(text, 4 * text.size());
}

// One line on standard output, which may be a terminal.
[[nodiscard]] inline std::string json_line(const boost::json::value& value) {
  return core::visible_json(boost::json::serialize(value)) + "\n";
}

}  // namespace convoke::report

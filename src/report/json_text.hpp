#pragma once

#include <string>

#include <boost/json.hpp>

#include "core/json_string.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace convoke::report {

// JSON cannot hold bytes that are not UTF-8, which a path may have: they are escaped as in messages.
[[nodiscard]] inline std::string json_text(const std::string& text) {
  return core::valid_utf8_prefix(text) == text.size() ? text : core::escape_for_people(text, 4 * text.size());
}

// One line for standard output. It may be a terminal, so invisible characters are escaped.
[[nodiscard]] inline std::string json_line(const boost::json::value& value) {
  return core::visible_json(boost::json::serialize(value)) + "\n";
}

// The same, or null where there is no text.
[[nodiscard]] inline boost::json::value text_or_null(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(json_text(text));
}

}  // namespace convoke::report

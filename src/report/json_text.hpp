#pragma once

#include <string>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace convoke::report {

// JSON has no way to carry bytes that are no UTF-8, as a path may hold: they are shown as people see them.
[[nodiscard]] inline std::string json_text(const std::string& text) {
  return valid_utf8_prefix(text) == text.size() ? text : escape_for_people(text, 4 * text.size());
}

}  // namespace convoke::report

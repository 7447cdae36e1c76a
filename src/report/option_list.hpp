#pragma once

#include <string>

namespace convoke::report {

// The options of meetings with the values that each takes, and those that are refused with the reasons: for people, and as one JSON object.
[[nodiscard]] std::string option_list_text();
[[nodiscard]] std::string option_list_json();

}  // namespace convoke::report

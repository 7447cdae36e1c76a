#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "token/token.hpp"

namespace convoke::token {

// What any answer other than 200 means.
[[nodiscard]] refusal read_refusal(int status, std::string_view body, std::optional<std::chrono::nanoseconds> retry_after,
                                   std::string_view redacted);

// Text from outside for people: on one line, without any piece of `redacted`, also as a form would send it, and limited.
[[nodiscard]] std::string shown(std::string_view text, std::string_view redacted, std::size_t limit);

}  // namespace convoke::token

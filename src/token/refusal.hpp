#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "token/token.hpp"

namespace convoke::token {

// What any answer other than 200 means.
[[nodiscard]] refusal read_refusal(int status, std::string_view body, std::optional<std::chrono::nanoseconds> retry_after,
                                   std::string_view withheld);

}  // namespace convoke::token

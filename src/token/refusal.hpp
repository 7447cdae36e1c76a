#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "token/token.hpp"

namespace convoke::token {

// Reads an answer whose status is not 200; see read_answer.
[[nodiscard]] refusal read_refusal(int status, std::string_view body, std::optional<std::chrono::nanoseconds> retry_after,
                                   std::string_view redacted, const clocks& at);

// Text from outside, for people: on one line, at most `limit` characters, and with `***` for every piece of `redacted`, also where it is
// encoded as a form encodes it.
[[nodiscard]] std::string shown(std::string_view text, std::string_view redacted, std::size_t limit);

}  // namespace convoke::token

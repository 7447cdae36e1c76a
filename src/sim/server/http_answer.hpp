#pragma once

// Writes HTTP/1.1 answers into a buffer, whole or cut on purpose. Pure.

#include <string>
#include <string_view>

#include "sim/service/message.hpp"

namespace convoke::sim {

[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

// The bytes that are to be sent for `r`: for a cut delivery, only the first half of the body. `head` answers have no body.
void write_answer(std::string& out, const reply& r, bool head, bool close);
// The answer to bytes that are not a request.
void write_refusal(std::string& out, int status);

}  // namespace convoke::sim

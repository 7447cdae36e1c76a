#pragma once

// What an operator can do about a permanent answer.

#include <string>
#include <string_view>

#include "core/known_errors.hpp"
#include "engine/types.hpp"

namespace convoke::engine {

// Which known error an answer is. `unknown` where no answer came.
[[nodiscard]] core::known_error recognise(operation op, const answer& a) noexcept;

// What is wrong and what to do about it (core/known_errors.hpp), with the command that fixes it where there is one. Empty where the answer
// is not known.
[[nodiscard]] std::string_view advice_for(operation op, const answer& a) noexcept;

// Appends the advice to the answer's message.
void add_advice(operation op, answer& a);

// The service's part of a message to which add_advice() has added an advice.
[[nodiscard]] std::string_view without_advice(std::string_view message) noexcept;

// The answer in one phrase, for messages: `403 Forbidden: No application access policy …`.
[[nodiscard]] std::string describe(const answer& a);

}  // namespace convoke::engine

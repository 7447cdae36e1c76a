#pragma once

// What a person can do about an answer that stays wrong.

#include <string>
#include <string_view>

#include "engine/types.hpp"

namespace convoke::engine {

// One or two sentences, with the command that mends it where there is one. Empty where only the row itself can be at fault.
[[nodiscard]] std::string_view advice_for(operation op, const answer& a) noexcept;

// Appends the advice to the answer's message.
void add_advice(operation op, answer& a);

// `403 Forbidden: No application access policy …`: an answer in one phrase.
[[nodiscard]] std::string describe(const answer& a);

}  // namespace convoke::engine

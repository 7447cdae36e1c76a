#pragma once

// What an answer takes in memory.

#include <cstdint>

#include "engine/types.hpp"

namespace convoke::engine {

// Bytes, the object itself included.
[[nodiscard]] std::uint32_t weight_of(const answer& a) noexcept;

// Leaves what a row needs of an answer that did not end it: what is reported if the row is never asked again.
void keep_words_only(answer& a) noexcept;

}  // namespace convoke::engine

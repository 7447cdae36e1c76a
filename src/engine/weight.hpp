#pragma once

// How much memory an answer takes.

#include <cstdint>

#include "engine/types.hpp"

namespace convoke::engine {

// Bytes, the object itself included.
[[nodiscard]] std::uint32_t weight_of(const answer& a) noexcept;

// Drops everything of an answer but what is reported if the row is not sent again in this run.
void keep_words_only(answer& a) noexcept;

}  // namespace convoke::engine

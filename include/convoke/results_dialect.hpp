#pragma once

/// \file
/// How CSV results are written.

#include <cstdint>

namespace convoke {

enum class results_dialect : std::uint8_t {
  input,    ///< the delimiter of the input, and a byte-order mark where the program that wrote the input needs one
  rfc4180,  ///< commas, no byte-order mark
};

}  // namespace convoke

#pragma once

#include <cstdint>
#include <string_view>

namespace convoke::cli {

// The content of config/samples/classes.csv when the program was built.
[[nodiscard]] std::string_view sample_csv() noexcept;

}  // namespace convoke::cli

#pragma once

#include <cstdint>
#include <string_view>

namespace convoke::cli {

// config/samples/classes.csv, as it was when the program was built.
[[nodiscard]] std::string_view sample_csv() noexcept;

}  // namespace convoke::cli

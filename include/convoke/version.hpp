#pragma once

namespace convoke {

/// The version of this library and program, as `convoke version` prints it. The build reads it from here.
inline constexpr char version[] = "0.1.0";

}  // namespace convoke

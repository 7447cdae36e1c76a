#pragma once

#include <string_view>

namespace convoke::net {

// `localhost`, or an address literal that is loopback.
[[nodiscard]] bool loopback_name(std::string_view host) noexcept;

}  // namespace convoke::net

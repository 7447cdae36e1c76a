#pragma once

#include <string_view>

namespace convoke::net {

// `localhost`, or an address literal that is loopback.
[[nodiscard]] bool loopback_name(std::string_view host) noexcept;

// An address literal in 169.254.0.0/16 (RFC 3927), where clouds have their metadata services.
[[nodiscard]] bool link_local_address(std::string_view host) noexcept;

}  // namespace convoke::net

#pragma once

// Tokens of a managed identity: the metadata service of a virtual machine (IMDS), and the endpoint of App Service, Functions and Container
// Apps. Without network and clock.

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "token/token.hpp"

namespace convoke::token {

// Which identity, where a resource has several. At most one member is set; none: the only one, or the system-assigned one.
struct identity_choice {
  std::string client_id{}, object_id{}, resource_id{};
};

// `?api-version=…&resource=…` with the identity. IMDS names a resource id msi_res_id, App Service mi_res_id.
[[nodiscard]] std::string imds_query(std::string_view resource, const identity_choice& which);
[[nodiscard]] std::string app_service_query(std::string_view resource, const identity_choice& which);

// Reads an answer of either service. 404, 408, 410, 425, 429 and 5xx are not fatal: IMDS is being updated, is busy, or does not know a new
// identity yet. Any other 4xx is. `redacted`: the header X-IDENTITY-HEADER that was sent, as of read_answer. `asked`: the identity of the
// request, which the message names where the service does not know it.
[[nodiscard]] std::expected<grant, refusal> read_managed_answer(int status, std::string_view body,
                                                                std::optional<std::chrono::nanoseconds> retry_after,
                                                                std::string_view redacted, const identity_choice& asked, const clocks& at);

// How long to wait after the request number `failures` in a row failed: 2, 4, 8 and 16 s, as Microsoft recommends for IMDS ("How to use
// managed identities on a VM", 2025-02-27: 5 tries, at 0, 2, 6, 14 and 30 s), then a minute; after a 410, which may last 70 s, 10 s.
// `status`: 0 where no answer came.
[[nodiscard]] std::chrono::seconds managed_wait(int status, unsigned failures) noexcept;
inline constexpr unsigned managed_tries = 5;

}  // namespace convoke::token

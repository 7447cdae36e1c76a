#pragma once

// `POST /_sim/policies`: grants application access policies while the service runs, or takes them away.

#include <memory>
#include <span>

#include "sim/service/service.hpp"

namespace convoke::sim {

// The body is {"grant": [organizer ids], "revoke": [organizer ids], "delay": seconds, "tenant": id, "app": id}: all of them may be absent.
// Without a tenant the first one is meant, without an app its own one; without a delay that of --policy-delay. Answers 200 with the
// numbers, or 400 with the reason, and then nothing was changed.
void change_policies(std::span<const std::unique_ptr<service>> tenants, const request& q, moment now, reply& into);

}  // namespace convoke::sim

#pragma once

// What changes services while they run: policies, settings, and the return to the beginning.

#include <memory>
#include <span>

#include "sim/service/service.hpp"

namespace convoke::sim {

// The body is {"grant": [organizer ids], "revoke": [organizer ids], "delay": seconds, "tenant": id, "app": id}: all of them may be absent.
// Without a tenant the first one is meant, without an app its own one; without a delay that of --policy-delay. Answers 200 with the
// numbers, or 400 with the reason, and then nothing was changed.
void change_policies(std::span<const std::unique_ptr<service>> tenants, const request& q, moment now, reply& into);

// `GET /_sim/behaviour?tenant=ID`: the settings of a tenant, of the first one without an id.
void show_behaviour(std::span<const std::unique_ptr<service>> tenants, const request& q, reply& into);

// `PATCH /_sim/behaviour`: the body is an object of settings, and perhaps `tenant`, an id; without one all tenants are meant. Answers 200
// with all settings of the (first) tenant, or 400 that names each wrong member, and then nothing was changed.
void change_behaviour(std::span<const std::unique_ptr<service>> tenants, const request& q, reply& into);

// `POST /_sim/reset`: everything is as at the start, except tokens, sign-ins and users. The body may be empty or {"keep": [words]}:
// meetings, calls, quotas, policies, behaviour, scenario. Answers 200 or 400; `restart`: the scenario begins again.
void reset(std::span<const std::unique_ptr<service>> tenants, const request& q, reply& into, bool& restart);

}  // namespace convoke::sim

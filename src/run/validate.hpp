#pragma once

// The parts of convoke::validate() that other code needs by themselves.

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"

namespace convoke::run {

// The client id and both URLs of a lane. errc::usage for the first that is wrong.
[[nodiscard]] result<void> check_target(const lane_options& lane);

// Whether the lane has what its way to sign in needs. errc::usage for the first part that is missing or wrong.
[[nodiscard]] result<void> check_credentials(const lane_options& lane);

// The lane as ledgers name it. errc::usage where the tenant is no GUID.
[[nodiscard]] result<ledger::lane_name> lane_name(const lane_options& lane);

// As convoke::validate, but the lanes that call for a person need no sign-in yet.
[[nodiscard]] result<void> validate_before_sign_in(const job& j, job_use use);

}  // namespace convoke::run

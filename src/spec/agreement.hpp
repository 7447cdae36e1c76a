#pragma once

#include <string_view>
#include <vector>

#include <convoke/meeting.hpp>
#include <convoke/spec.hpp>

namespace convoke::spec {

/// The fields that differ between a wanted and a stored meeting, of `subject`, `start`, `end`, `attendees`, in this order.
/// Subject exactly; times as instants; attendees as a set, matched by object id or lower-case UPN, whichever either side has.
/// What the answer omits or nulls cannot be verified and is not drift (roles are compared only where the answer has one that is
/// ours); attendees too many or too few are.
[[nodiscard]] std::vector<std::string_view> differing_fields(const meeting_spec& wanted, const meeting& stored);

}  // namespace convoke::spec

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/meeting.hpp>
#include <convoke/spec.hpp>

namespace convoke::spec {

// The fields in which a stored meeting differs from the wanted one, of `subject`, `start`, `end`, `attendees`, `roles`, `chat_thread_id`
// and then the options (`option.NAME`), in this order. The chat of a meeting is compared only where one is wanted, exactly. An option
// differs where the answer shows another value of it. The subject is compared exactly, times as instants, and attendees as a set, matched
// by object id or lower-case UPN, whichever either side has. A missing or a further attendee is a difference. What the answer omits or has
// as null cannot be verified and is not a difference; roles are compared only where the answer has one of attendee_role. In a spec that
// keeps its roles a role that differs is a difference of `roles`, and so is another `allowedPresenters` than `roleIsPresenter`; in any
// other spec a role belongs to `attendees`.
//
// `known`: fields that are known to have differed before and that nothing was done about. Of these a field differs still unless the stored
// meeting shows that it does not.
[[nodiscard]] std::vector<std::string> differing_fields(const meeting_spec& wanted, const meeting& stored,
                                                        std::span<const std::string> known = {});

// The wanted options (`option.NAME`) that a stored meeting does not show as wanted: those that differ, and those that the answer omits.
[[nodiscard]] std::vector<std::string> options_to_set(const meeting_spec& wanted, const meeting& stored);

// Whether the stored meeting shows that it has the roles which the spec keeps: everyone with a role is there with it, and allowedPresenters
// is `roleIsPresenter`. False for a spec that keeps none, and where the answer leaves any of it out or has it as null.
[[nodiscard]] bool shows_roles(const meeting_spec& wanted, const meeting& stored);

}  // namespace convoke::spec

#pragma once

#include <string_view>

#include <convoke/spec.hpp>

namespace convoke::spec {

// Why a row cannot want this value of `option.allowedPresenters`, fit for cell_error::reason; empty where it can. A spec that keeps its
// roles wants `roleIsPresenter` itself: without it Graph does not honour a role (Graph's page of meetingParticipantInfo), so any other
// value contradicts
// `--roles enforce`. `allowed_presenters` empty: the option is not set.
[[nodiscard]] std::string_view why_no_presenters(const meeting_spec& wanted, std::string_view allowed_presenters) noexcept;

}  // namespace convoke::spec

#pragma once

// What the experiments have in common.

#include <string>
#include <string_view>

#include "experiments/experiments.hpp"

namespace convoke::experiments {

// `convoke-probe-RUN-NAME-ATTEMPT-SLOT`: of this experiment only.
[[nodiscard]] std::string key_of(const setting_of_experiment& how, std::string_view name, char slot);

[[nodiscard]] call make(std::string external_id, const setting_of_experiment& how, std::string_view more = {});
[[nodiscard]] call get(const seen& meeting);

[[nodiscard]] finding settled(std::string_view name, std::string value, std::string evidence);
[[nodiscard]] finding unsettled(std::string_view name, std::string why);

// `201`, `400 BadRequest`: what the status line and the code of an error say.
[[nodiscard]] std::string status_of(const seen& answer);

// The first createOrGet of an experiment made no meeting with an id: none of its questions can be settled.
[[nodiscard]] bool failed(const seen& answer) noexcept;
[[nodiscard]] next_step none_of(std::span<const std::string_view> questions, const std::string& why);
[[nodiscard]] std::string why_failed(const seen& answer);

// One function for each experiment.
next_step next_of_repeat(const setting_of_experiment& how, std::span<const exchange> so_far);
next_step next_of_deleted_key(const setting_of_experiment& how, std::span<const exchange> so_far);
next_step next_of_letter_case(const setting_of_experiment& how, std::span<const exchange> so_far);
next_step next_of_length(const setting_of_experiment& how, std::span<const exchange> so_far);
next_step next_of_simultaneous(const setting_of_experiment& how, std::span<const exchange> so_far);
next_step next_of_roles(const setting_of_experiment& how, std::span<const exchange> so_far);
next_step next_of_options(const setting_of_experiment& how, std::span<const exchange> so_far);
next_step next_of_batch(const setting_of_experiment& how, std::span<const exchange> so_far);
next_step next_of_characters(const setting_of_experiment& how, std::span<const exchange> so_far);
next_step next_of_unknown_meeting(const setting_of_experiment& how, std::span<const exchange> so_far);

inline constexpr std::string_view asked_by_repeat[] = {"new_status",   "found_status",           "repeat_changes",
                                                       "expiry_shown", "join_information_shown", "patch_answer"};
inline constexpr std::string_view asked_by_deleted_key[] = {"deleted_key"};
inline constexpr std::string_view asked_by_letter_case[] = {"letter_case"};
inline constexpr std::string_view asked_by_length[] = {"longest_external_id"};
inline constexpr std::string_view asked_by_simultaneous[] = {"simultaneous"};
inline constexpr std::string_view asked_by_roles[] = {"role_presenter", "role_coorganizer"};
inline constexpr std::string_view asked_by_options[] = {"options_kept"};
inline constexpr std::string_view asked_by_batch[] = {"batch"};
inline constexpr std::string_view asked_by_characters[] = {"inner_blanks", "outer_blanks", "other_letters"};
inline constexpr std::string_view asked_by_unknown_meeting[] = {"unknown_meeting"};

}  // namespace convoke::experiments

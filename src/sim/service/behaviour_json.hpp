#pragma once

// The settings of a service as a JSON object, and changes of them.

#include <string>
#include <string_view>

#include <convoke/error.hpp>

#include "sim/service/behaviour.hpp"

namespace convoke::sim {

// {"lane_rate": 200, "small_answers": false, …}: every setting that has a value of its own.
[[nodiscard]] std::string behaviour_json(const behaviour& of);

// `from` with the settings that the members of a JSON object name; a member `tenant` is skipped. errc::usage where one of them is unknown
// or has a wrong value: the message names each such member.
[[nodiscard]] result<behaviour> changed_by_json(const behaviour& from, std::string_view object);

}  // namespace convoke::sim

#pragma once

// The defaults of meeting options in a job.

#include <span>
#include <string_view>

#include <boost/json/object.hpp>

#include <convoke/error.hpp>
#include <convoke/job.hpp>

namespace convoke::run {

// errc::usage for a name or a value that does not exist, and for an option that is there twice. `table` is where people wrote them.
[[nodiscard]] result<void> check_options(std::span<const option_default> options, std::string_view table);

// Adds the options to the settings that are part of a run's identity. Where there are none nothing is added, so that runs of earlier
// versions keep their identity.
void add_options(boost::json::object& settings, const job& j);

}  // namespace convoke::run

#pragma once

// The workers of a ledger for several processes, as `status` shows them.

#include <string>
#include <vector>

#include <boost/json/array.hpp>

#include <convoke/ledger.hpp>

namespace convoke::report {

// A line for each worker, then for each lane what its workers whose lease lasts want and have of its rate.
[[nodiscard]] std::string workers_text(const std::vector<worker_status>& workers, utc_time now);
[[nodiscard]] boost::json::array workers_json(const std::vector<worker_status>& workers);

}  // namespace convoke::report

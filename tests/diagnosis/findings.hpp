#pragma once

// What the tests of assessments share.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/finding.hpp>
#include <convoke/time.hpp>

#include "diagnosis/observations.hpp"

namespace convoke {

inline std::ostream& operator<<(std::ostream& out, finding_status s) {
  return out << to_string(s);
}

}  // namespace convoke

namespace convoke::test {

inline const std::string tenant_id = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001";
inline const std::string app_id = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002";
inline const std::string one_organizer = "0a1b2c3d-0000-4000-8000-00000000000a";
inline const std::string another_organizer = "0b1b2c3d-0000-4000-8000-00000000000b";

inline diagnosis::lane_facts lane_of_tests(credential_kind kind = credential_kind::client_secret) {
  return {.name = "campus", .tenant = tenant_id, .app = app_id, .graph_root = "https://graph.microsoft.com", .credential = kind};
}

inline utc_time at(std::string_view text) {
  return parse_utc(std::string(text)).value();
}

inline bool has_command(const finding& f, std::string_view part) {
  return std::ranges::any_of(f.commands, [&](const auto& one) { return one.contains(part); });
}

}  // namespace convoke::test

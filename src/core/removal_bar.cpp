#include <convoke/summary.hpp>

namespace convoke {

std::string_view to_string(removal_bar why) noexcept {
  switch (why) {
    case removal_bar::none:
      return "none";
    case removal_bar::not_wanted:
      return "not_wanted";
    case removal_bar::no_feed:
      return "no_feed";
    case removal_bar::part_of_input:
      return "part_of_input";
    case removal_bar::no_rows:
      return "no_rows";
    case removal_bar::wrong_rows:
      return "wrong_rows";
    case removal_bar::other_tenants:
      return "other_tenants";
    case removal_bar::drifted_rows:
      return "drifted_rows";
  }
  return "unknown";
}

}  // namespace convoke

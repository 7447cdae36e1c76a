#include <stdexcept>
#include <string>
#include <string_view>

#include <convoke/key.hpp>

#include "wire/wire.hpp"

namespace convoke::wire {

std::string create_or_get_path(std::string_view organizer) {
  // Input was checked when it was read. Whatever else comes here is a bug, and must not reach a request line.
  const auto guid = parse_guid(organizer);
  if (!guid) throw std::invalid_argument("create_or_get_path: the organizer is no object id");
  return "/v1.0/users/" + *guid + "/onlineMeetings/createOrGet";
}

}  // namespace convoke::wire

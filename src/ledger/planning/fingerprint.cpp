#include "ledger/planning/fingerprint.hpp"

#include <string_view>
#include <type_traits>

#include <convoke/key.hpp>

namespace convoke::ledger::planning {
namespace {

// The bytes of a number: a fingerprint is never stored.
template <class T>
  requires std::is_integral_v<T>
std::string_view bytes_of(const T& number) noexcept {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

}  // namespace

fingerprints fingerprinter::of(lane_id lane, const meeting_spec& wanted) {
  const auto start = wanted.start.time_since_epoch().count(), end = wanted.end.time_since_epoch().count();
  // What has no fixed length comes last, or has no NUL in it.
  const std::string_view subject_follows(wanted.subject ? "\1" : "\0", 1), nul("\0", 1);
  return {.meeting = hash_({bytes_of(lane), bytes_of(start), bytes_of(end), to_lower(wanted.organizer), nul, subject_follows,
                            wanted.subject ? std::string_view(*wanted.subject) : std::string_view()}),
          .external_id = hash_({bytes_of(lane), to_lower(wanted.external_id)})};
}

}  // namespace convoke::ledger::planning

#pragma once

// By what a new key is recognised as the probable replacement of a known one.

#include <convoke/spec.hpp>

#include "ledger/digest.hpp"
#include "ledger/types.hpp"

namespace convoke::ledger::planning {

struct fingerprints {
  // Lane, organizer, subject, start and end. Two keys with the same one have different external ids, or they would be one key.
  digest meeting{};
  // Lane and external id in lower case. Two keys with the same one have different organizers.
  digest external_id{};
};

class fingerprinter {
 public:
  [[nodiscard]] fingerprints of(lane_id lane, const meeting_spec& wanted);

 private:
  hasher hash_;
};

}  // namespace convoke::ledger::planning

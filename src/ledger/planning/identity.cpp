#include "ledger/planning/identity.hpp"

#include <utility>

#include <convoke/key.hpp>
#include <convoke/spec.hpp>

#include "ledger/planning/rules.hpp"

namespace convoke::ledger::planning {

row_identifier::row_identifier(const std::vector<lane_name>& lanes, const operation_settings& settings) : settings_(settings) {
  // NUL separates the parts: none of them can contain one.
  for (const auto& lane : lanes) prefixes_.push_back(to_lower(lane.graph_root) + '\0' + to_lower(lane.tenant) + '\0');
}

digest row_identifier::key_of(lane_id lane, std::string_view organizer, std::string_view external_id) {
  return hash_key(lane, to_lower(organizer), to_lower(external_id));
}

// Half of a hash is enough: where two ids share it, a meeting that vanished is not reported.
digest row_identifier::any_organizer(std::string_view external_id) {
  return {.high = 0, .low = hash_({std::string_view("any organizer\0", 14), to_lower(external_id)}).low};
}

// The ids are in lower case.
digest row_identifier::hash_key(lane_id lane, std::string_view organizer, std::string_view external_id) {
  return hash_({prefixes_[lane], organizer, std::string_view("\0", 1), external_id});
}

result<row_identity> row_identifier::identify(lane_id lane, std::string_view payload) {
  auto wanted = decode_spec(payload);
  if (!wanted) return std::unexpected(std::move(wanted.error()));
  row_identity out;
  out.organizer = to_lower(wanted->organizer);
  out.ends = wanted->end;
  out.update = update_after_create(settings_, *wanted);
  out.options = !wanted->options.empty();
  auto external_id = to_lower(wanted->external_id);
  out.key = hash_key(lane, out.organizer, external_id);
  if (wanted->organizer == out.organizer && wanted->external_id == external_id) {
    out.payload = hash_({payload});
    return out;
  }
  wanted->organizer = out.organizer;
  wanted->external_id = std::move(external_id);
  out.payload = hash_({encode_spec(*wanted)});
  return out;
}

}  // namespace convoke::ledger::planning

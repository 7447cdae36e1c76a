#pragma once

// The identity of a row: which key it is about and which payload it wants, both as hashes.

#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

#include "ledger/digest.hpp"
#include "ledger/ledger.hpp"

namespace convoke::ledger::planning {

struct row_identity {
  digest key, payload;
  std::string organizer;                    // lower case
  utc_time ends{};                          // the wanted meeting
  update_rule update = update_rule::never;  // that the settings ask for
  bool options = false;                     // it wants some, which an update sets whatever the rule is
};

// Keys are compared in lower case, and the form in which a row writes its ids is no part of what it wants: rows that differ only in it have
// the same key and the same payload hash.
class row_identifier {
 public:
  row_identifier(const std::vector<lane_name>& lanes, const operation_settings& settings);

  [[nodiscard]] std::size_t lanes() const noexcept { return prefixes_.size(); }
  // `lane` < lanes(). Fails with errc::storage where the payload cannot be read.
  [[nodiscard]] result<row_identity> identify(lane_id lane, std::string_view payload);
  // The hash of a key. `lane` < lanes().
  [[nodiscard]] digest key_of(lane_id lane, std::string_view organizer, std::string_view external_id);
  // Stands for the keys with this external id, of every organizer in every lane. These come before the hashes of keys.
  [[nodiscard]] digest any_organizer(std::string_view external_id);
  [[nodiscard]] static bool of_any_organizer(const digest& key) noexcept { return key.high == 0; }

 private:
  [[nodiscard]] digest hash_key(lane_id lane, std::string_view organizer, std::string_view external_id);

  std::vector<std::string> prefixes_;  // the key's Graph root and tenant, by lane
  operation_settings settings_;
  hasher hash_;
};

}  // namespace convoke::ledger::planning

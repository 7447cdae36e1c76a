#pragma once

// The inventory of a ledger, and what it remembers of its lanes, as values that do not depend on the numbers of their ledger: what
// `ledger copy` takes out of one store and puts into another one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/digest.hpp"
#include "ledger/open.hpp"
#include "ledger/types.hpp"

namespace convoke::ledger {

// A key with what is wanted and what was observed of it. Hashes, times and states are as stored.
struct inventory_key {
  key_id id = 0;         // in the ledger that it was read from
  std::size_t lane = 0;  // in inventory_page::lanes
  std::string organizer, payload;
  std::int64_t update_rule = 0;
  digest wanted{};  // of the payload
  std::optional<std::int64_t> ends_at;
  std::string feed;  // empty: none
  struct observation {
    std::int64_t state = 0;
    bool pending = false;
    std::optional<std::string> compared;  // the payload that the meeting was compared with, as a hash
    std::optional<std::int64_t> observed_at;
    std::optional<std::string> drift, meeting_id, join_web_url, join_meeting_id, passcode, dial_in_number, conference_id, options_url;
    std::optional<std::int64_t> expires_at;
  };
  std::optional<observation> seen;
};

struct inventory_page {
  std::vector<lane_name> lanes;
  std::vector<inventory_key> keys;
};

// What is remembered of all lanes.
struct remembered {
  struct cooldown {
    lane_name lane;
    std::string organizer;         // empty: the lane itself
    utc_time until{}, saved_at{};  // by this machine's wall clock
  };
  struct pace {
    lane_name lane;
    lane_pace learnt;
    utc_time saved_at{};
  };
  struct made {
    lane_name lane;
    std::string organizer;
    std::int64_t month = 0;
    std::uint64_t meetings = 0;
  };
  std::vector<cooldown> cooldowns;  // those that have not ended
  std::vector<pace> paces;
  std::vector<made> counts;
};

// One thread at a time. No transaction is open between two calls.
class inventory_access {
 public:
  virtual ~inventory_access() = default;

  // errc::busy while a process carries out runs of this ledger. errc::usage, naming the runs, where open runs owe rows.
  [[nodiscard]] virtual result<void> check_idle() = 0;
  [[nodiscard]] virtual result<std::uint64_t> count_keys() = 0;
  // The keys after `after`, in order of their ids; none: there are no more.
  [[nodiscard]] virtual result<inventory_page> read_keys(key_id after) = 0;
  // The keys with these hashes, in their order; nullopt for one that the ledger lacks.
  [[nodiscard]] virtual result<std::vector<std::optional<inventory_key>>> find_keys(std::span<const digest> hashes,
                                                                                    std::vector<lane_name>& lanes) = 0;
  [[nodiscard]] virtual result<remembered> read_memory() = 0;

  // Adds keys that the ledger lacks, in one commit; hashes[i] is that of keys[i]. They get ids of a run `ledger copy` of this ledger, which
  // is finished and has only payloads, as a run whose records are not kept any more.
  [[nodiscard]] virtual result<void> add_keys(const inventory_page& page, std::span<const digest> hashes) = 0;
  // In one commit. What the ledger knows better is left as it is: a cooldown that ends later, a pace that is newer, a higher count.
  [[nodiscard]] virtual result<void> add_memory(const remembered& what) = 0;
};

// Opens the ledger as a writer does; `create` only for one that is filled.
[[nodiscard]] result<std::unique_ptr<inventory_access>> open_inventory(const std::string& url, open_options options);
[[nodiscard]] result<std::unique_ptr<inventory_access>> open_sqlite_inventory(const open_options& options);
[[nodiscard]] result<std::unique_ptr<inventory_access>> open_postgres_inventory(const open_options& options);

// The name of the run that holds what was copied.
inline constexpr const char* copy_run_name = "ledger copy";

// ---- for stores

// `runs`: numbers, separated by commas. errc::usage.
[[nodiscard]] std::unexpected<error> runs_owe(const std::string& runs, const std::string& ledger);
// The place of a lane in the list, to which it is added where it is missing.
[[nodiscard]] std::size_t place_in(std::vector<lane_name>& lanes, lane_name lane);

// Of key i, the record r of its source, its organizer p, its feed f and its observation b.
inline constexpr const char* inventory_key_columns =
    "i.id, p.lane, p.object_id, r.payload, r.update_rule, i.wanted_hash, i.ends_at, f.name, b.state, b.pending, b.compared_hash, "
    "b.observed_at, b.drift, b.meeting_id, b.join_web_url, b.join_meeting_id, b.passcode, b.dial_in_number, b.conference_id, "
    "b.options_url, b.expires_at";

// Everything but the lane; `Row` as in ledger/read_rows.hpp.
template <class Row>
[[nodiscard]] inventory_key read_inventory_key(const Row& row) {
  const auto number = [&](int column) { return row.null(column) ? std::nullopt : std::optional<std::int64_t>(row.integer(column)); };
  const auto text = [&](int column) { return row.null(column) ? std::nullopt : std::optional<std::string>(row.text(column)); };
  inventory_key out;
  out.id = row.template as<key_id>(0);
  out.organizer = row.text(2);
  out.payload = row.text(3);
  out.update_rule = row.integer(4);
  out.wanted = read_digest(row.text(5));
  out.ends_at = number(6);
  out.feed = row.text(7);
  if (row.null(8)) return out;
  out.seen = inventory_key::observation{.state = row.integer(8),
                                        .pending = row.integer(9) != 0,
                                        .compared = text(10),
                                        .observed_at = number(11),
                                        .drift = text(12),
                                        .meeting_id = text(13),
                                        .join_web_url = text(14),
                                        .join_meeting_id = text(15),
                                        .passcode = text(16),
                                        .dial_in_number = text(17),
                                        .conference_id = text(18),
                                        .options_url = text(19),
                                        .expires_at = number(20)};
  return out;
}

}  // namespace convoke::ledger

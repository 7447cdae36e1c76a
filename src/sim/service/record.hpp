#pragma once

// What the service did: counters and the latest calls.

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/operation.hpp>
#include <convoke/time.hpp>

#include "sim/service/faults.hpp"
#include "sim/service/meetings.hpp"

namespace convoke::sim {

struct counters {
  std::uint64_t requests = 0;           // calls to Graph, refused ones too
  per_operation calls;                  // of them, those that reached a key
  std::uint64_t created = 0, got = 0;   // by createOrGet
  std::uint64_t updated = 0, read = 0;  // by PATCH and GET
  std::uint64_t removed = 0;            // by DELETE
  std::uint64_t look_ups = 0;           // of users, refused ones too; each item of a batch counts
  std::uint64_t users_found = 0;        // of them, those that found one
  std::uint64_t batches = 0;            // envelopes
  std::uint64_t searches = 0;           // for meetings by a filter, those that were refused left out
  std::uint64_t throttled = 0;          // answers that say to come back later, whatever their reason
  std::uint64_t early = 0;
  std::uint64_t unauthorized = 0;  // 401, the false ones too
  std::uint64_t forbidden = 0, not_found = 0;
  std::uint64_t bad_requests = 0;  // 400, 405, 413, 415, 501 and what is no HTTP
  std::uint16_t most_in_flight_per_key = 0;
  std::array<std::uint64_t, fault_count> faults{};
};

struct call_record {
  std::uint64_t number = 0;
  mono_time at{};
  std::optional<operation> op;  // absent: the request was none of the four
  bool look_up = false;         // of the user whom `organizer` names
  std::uint64_t envelope = 0;   // the number of its batch; 0: it came alone
  bool me = false;              // its path names the organizer as /me
  bool beta = false;            // it came to the beta endpoint
  int status = 0;               // 0: no answer was sent
  fault hit = fault::none;
  std::string method, organizer, external_id, client_request_id;
};

// Which calls are shown. What is empty or absent excludes none.
struct call_filter {
  std::string method, organizer, external_id;  // organizer: lower case
  std::optional<int> status;
  std::uint64_t since = 0;                                          // calls with a higher number
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();  // so many of them, the latest

  [[nodiscard]] bool takes(const call_record& call) const;
};
// From the query of a target: `method=POST&status=429&organizer=…&external_id=…&since=17&limit=100`. Why it is wrong; empty: it is right.
[[nodiscard]] std::string read_call_filter(std::string_view target, call_filter& into);

// The last calls, in a ring that reuses its strings.
class call_log {
 public:
  explicit call_log(std::size_t kept) : ring_(kept) {}
  // From now on so many are kept. The latest ones stay.
  void keep(std::size_t kept);
  // The record for the next call; nullptr where none are kept.
  call_record* next();
  // Oldest first, one JSON object per line. `start` is time zero of `at_ms`.
  [[nodiscard]] std::string json_lines(mono_time start, const call_filter& which) const;
  // No call was made. Numbers go on.
  void clear();

 private:
  std::vector<call_record> ring_;
  std::uint64_t count_ = 0, forgotten_ = 0;  // calls in all; of them, those before the latest clear()
};

}  // namespace convoke::sim

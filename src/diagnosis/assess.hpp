#pragma once

// From what was observed to findings. Pure: the present time is part of an observation or an argument. Texts from outside are escaped here.

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include <convoke/finding.hpp>

#include "diagnosis/observations.hpp"

namespace convoke::diagnosis {

// Exit codes that findings lead to.
inline constexpr int of_configuration = 2, of_credentials = 4, of_network = 5, of_ledger = 6, of_input = 8;

[[nodiscard]] finding skipped(std::string check, std::string lane, std::string subject, std::string why);

// files.cpp
[[nodiscard]] finding assess(const file_seen& f, const std::string& lane);
[[nodiscard]] finding assess(const input_seen& i);

// ledger.cpp: the ledger, and a warning for each exposure.
[[nodiscard]] std::vector<finding> assess(const ledger_seen& l);

// network.cpp
[[nodiscard]] finding assess(const route_seen& r, const std::string& lane);
[[nodiscard]] finding assess(const look_up_seen& l, const std::string& lane);
// One finding for each attempt, and one about TLS. An address that does not work is a warning as long as another one does. `now`: the wall
// time from which a certificate's end counts.
[[nodiscard]] std::vector<finding> assess(std::span<const connection_seen> attempts, const std::string& lane, utc_time now);
// Less than a minute apart is ok, from five minutes on tokens and assertions are refused: failed. Only a difference that is certain counts,
// whatever the time that the answer took and the fraction of a second that Date leaves out.
inline constexpr std::chrono::seconds clock_warns{60}, clock_fails{300};
[[nodiscard]] finding assess(const clock_seen& c, const std::string& lane);

// token.cpp
// `warning`: the sentence of a run about the lane's certificate, which expires soon.
[[nodiscard]] finding assess_certificate_end(const std::string& warning, const lane_facts& lane);
[[nodiscard]] finding assess_token(const token_seen& t, const lane_facts& lane);
// skipped where there is no token, or it cannot be read.
[[nodiscard]] finding assess_permission(const token_seen& t, const lane_facts& lane);

// organizers.cpp
enum class read_meaning : std::uint8_t {
  allowed,  // the service looked for the meeting
  no_policy,
  no_permission,
  no_look_up,  // the app may not look up users
  conditional_access,
  not_entitled,  // 403 without a reason: no licence, a guest, or the permission
  unknown_user,
  wrong_place,  // no online meetings at this address
  token_refused,
  throttled,
  refused,  // for another reason
  fault,    // of the service or the network
};
[[nodiscard]] read_meaning meaning_of(const read_seen& r);
// `role_known`: the token is known to have the permission, so that a 403 without a reason is not about it.
[[nodiscard]] finding assess(const read_seen& r, const lane_facts& lane, bool role_known);
// How many of a lane's organizers were not read.
struct reads_missing {
  std::size_t ended_before = 0;  // because of what the last read met
  std::size_t left_out = 0;      // by --most-organizers
};
// Two findings about all of a lane's reads: its access policies and its licences.
[[nodiscard]] std::vector<finding> assess_reads(std::span<const read_seen> reads, const reads_missing& missing, const lane_facts& lane);

}  // namespace convoke::diagnosis

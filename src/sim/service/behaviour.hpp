#pragma once

// The settings of the simulated service. By default it never throttles and never fails.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <convoke/secret.hpp>
#include <convoke/time.hpp>

#include "sim/service/expiry.hpp"
#include "sim/service/faults.hpp"
#include "sim/service/open_questions.hpp"
#include "sim/service/policies.hpp"

namespace convoke::sim {

// Both clocks at one instant. The service never reads a clock.
struct moment {
  mono_time mono;
  utc_time wall;
};

enum class window_kind : std::uint8_t { bucket, fixed, sliding };

// bucket: `rate` tokens a second, `burst` at most. fixed and sliding: rate × window calls per window. rate 0: no limit.
struct quota_options {
  double rate = 0;
  double burst = 0;  // bucket only; 0: what `rate` gives in one window, at least 1
};

// What a throttle closes. mix: a lane or an organizer, at random.
enum class scope_kind : std::uint8_t { lane, organizer, mix, app };

enum class retry_after_form : std::uint8_t { integer, decimal, date, joined, absent, two_lines, constant, garbage, mix };

struct throttle_options {
  quota_options app, lane, organizer;                 // of the app in all tenants, of the app in the tenant, of each organizer
  std::map<std::string, quota_options> by_organizer;  // instead of `organizer`, for these (lower case)
  std::uint64_t monthly = 0;                          // meetings that each organizer may have made in a calendar month (UTC); 0: any number
  window_kind window = window_kind::bucket;
  double window_seconds = 1;
  bool throttled_count = true;  // throttled calls use up quota too, as the Graph documentation says
  retry_after_form form = retry_after_form::integer;
  double constant_seconds = 1;  // for retry_after_form::constant
  double retry_after_max = 0;   // longest announced wait in seconds; 0: as long as it takes
  bool scope_header = false;    // x-ms-throttle-scope on throttled answers
  double early_penalty = 0;     // seconds added to a cooldown by each early call
  double random_wait = 1;       // random throttles wait up to this many seconds
  scope_kind random_scope = scope_kind::lane;
};

struct latency_options {
  enum class kind : std::uint8_t { none, fixed, lognormal, uniform, percentiles } shape = kind::none;
  double median_seconds = 0;  // fixed: always; uniform: the least
  double sigma = 0;           // lognormal
  double most_seconds = 0;    // uniform
  // percentiles: percent (0 to 100, rising) and seconds (not falling); a straight line between two of them.
  std::vector<std::pair<double, double>> points{};
};

// What becomes of a sign-in with a code: it is decided after some requests for the token, or at /_sim/device.
enum class device_answer : std::uint8_t { approve, deny, ask };

struct device_options {
  double interval_seconds = 5;    // between two requests for the token, as announced; whole seconds
  double lifetime_seconds = 900;  // of a code; whole seconds
  device_answer answer = device_answer::approve;
  std::uint32_t after_polls = 1;  // requests that are answered with authorization_pending before
  std::uint32_t slow_downs = 0;   // requests that are answered with slow_down before these, although they come in time
  std::string user = "5d3c1f0e-8a2b-4c6d-9e7f-0a1b2c3d4e05";  // who signs in: object id, lower case
  bool single_use = false;                                    // a refresh token is accepted once; Entra accepts it until it expires
  int refusal = 0;  // the AADSTS number of what is found out once the user has signed in; 0: nothing
};

struct token_options {
  device_options device;
  double lifetime_seconds = 3599;
  double fault_rate = 0;    // probability of 429 (or 503) from the token endpoint
  double retry_after = 60;  // seconds, on those answers
  // What tokens say of themselves. Without OnlineMeetings.ReadWrite.All in `roles` every call for meetings is refused.
  std::vector<std::string> roles = {"OnlineMeetings.ReadWrite.All", "User.Read.All"};
  std::string tenant, audience;  // in place of the right ones; empty: these
  bool opaque = false;           // no JWT
};

// The directory of users, which has limits of its own.
struct directory_options {
  bool readable = true;  // false: the app lacks the permission User.Read.All
  // UPN and object id of the users, lower case; absent: every UPN has a user, with an id made from the UPN.
  std::optional<std::vector<std::pair<std::string, std::string>>> users;
  quota_options quota;    // of look-ups; an item of a batch counts like a single one
  double fault_rate = 0;  // probability that an item of a batch is answered 503, or is left out
};

// Requests in `$batch`. The faults of `faults` also hit envelopes that have requests for meetings: each envelope is a call of the key
// `$batch`. A fault that takes the answer of an item, or cuts it, leaves the item out.
struct batch_options {
  bool offered = true;  // false: there is no $batch
  double missing = 0;   // probability that an item is carried out and left out of the answer
  double extra = 0;     // probability that an answer has an item more: of an unknown id, or one of its items twice
};

// What is answered where several answers were seen. The first of each is the default.
enum class upn_answer : std::uint8_t { not_found, forbidden };                          // a UPN in the path of a meeting
enum class policy_answer : std::uint8_t { mix, documented, with_ids, general, older };  // no application access policy
enum class unlicensed_answer : std::uint8_t { empty, subcode };                         // an organizer without a licence
enum class fixed_member_answer : std::uint8_t { refuse, ignore };                       // PATCH of a member that cannot be changed
enum class join_link_form : std::uint8_t { full, brief, mix };                          // of joinWebUrl
// What the beta endpoint may do that is documented today and may change: take chatInfo, make a meeting without a channel all the same,
// leave chatInfo out of answers (those of v1.0 too), or be absent.
enum class beta_answer : std::uint8_t { full, ignore_chat, hide_chat, bad_request, not_found };
inline constexpr std::uint8_t trimmed_digits = 8;  // as many digits as are not zero

struct behaviour {
  std::uint64_t seed = 1;
  throttle_options throttle;
  latency_options latency;
  double capacity = 0;  // calls per second that it can answer: further calls are queued and answered late; 0: any number
  token_options tokens;
  fault_rates faults;  // one probability per kind
  std::vector<scripted_fault> script;
  double slow_seconds = 1;                          // how long a slow answer takes
  double break_idempotency = 0;                     // probability that a key that exists is made again, to test that duplicates are counted
  bool show_roles = false;                          // attendees' roles in answers; Graph was seen to null them
  bool small_answers = false;                       // about 1.6 KB instead of about 5 KB
  std::optional<std::set<std::string>> organizers;  // who exists, lower case; absent: everyone
  std::set<std::string> no_policy;                  // organizers without application access policy
  policy_options policy;
  std::set<std::string> guests;      // users of another tenant, who organize nothing here
  std::set<std::string> unlicensed;  // organizers without a licence
  directory_options directory;
  batch_options batch;
  expiry_options expiry;
  open_questions open;
  upn_answer to_upn = upn_answer::not_found;
  policy_answer to_no_policy = policy_answer::mix;
  unlicensed_answer to_unlicensed = unlicensed_answer::empty;
  fixed_member_answer to_fixed_member = fixed_member_answer::refuse;
  join_link_form join_links = join_link_form::full;
  beta_answer beta = beta_answer::full;
  bool extra_members = false;                     // answers have members that are not documented
  std::uint8_t fraction_digits = trimmed_digits;  // of the seconds in answers: 0 to 7, or trimmed_digits
  std::size_t kept_calls = 1000;                  // how many calls /_sim/calls remembers
};

// An identity provider whose tokens the app accepts in place of a secret.
struct federated_credential {
  std::string issuer, subject, audience;
  std::string public_key;  // PEM; tokens are signed with RS256
};

// The managed identity of the machine that the program runs on.
struct managed_identity {
  std::string client_id, object_id;
  secret header;  // what App Service's endpoint requires in X-IDENTITY-HEADER; empty: there is no such endpoint
  std::string exchange_audience = "api://AzureADTokenExchange";
  bool trusted = false;  // the app accepts its tokens in place of a secret
};

// The one tenant and the one app, and the addresses of the service.
struct identity {
  std::string tenant;     // GUID, lower case
  std::string client_id;  // GUID, lower case
  secret client_secret;
  std::vector<std::string> graph_roots;     // the first one is used in answers; a token may be requested for any of them
  std::vector<std::string> certificates{};  // PEM, registered with the app
  std::vector<federated_credential> federated{};
  std::optional<managed_identity> managed{};
};

}  // namespace convoke::sim

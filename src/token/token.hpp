#pragma once

// Access tokens, without network and clock: what an answer of the token endpoint means, and when the next request is due.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/secret.hpp>
#include <convoke/time.hpp>

namespace convoke::token {

struct grant {
  secret access_token;                             // flaw_of_token finds nothing in it
  std::chrono::seconds lifetime;                   // expires_in, a number or a string; at least 1 s, longer ones are cut to 28 h
  std::optional<std::chrono::seconds> refresh_in;  // less than the lifetime
};

inline constexpr std::size_t longest_token = std::size_t{16} * 1024;  // bytes: common servers refuse longer headers

// Why `token` is not a bearer token (RFC 6750, section 2.1), as a clause that begins with `it`: it is empty, is too long, or has a
// character that no bearer token has, whose position in bytes is named, from 1. Nothing of the token is shown but that character, where it
// is a punctuation mark. nullopt where it may be a bearer token.
[[nodiscard]] std::optional<std::string> flaw_of_token(std::string_view token);

// The token in a text that a person has copied: without blanks, line ends, a byte-order mark and quotation marks around it, and without
// `Bearer` or `Authorization: Bearer` in front of it. A part of `copied`.
[[nodiscard]] std::string_view bare_token(std::string_view copied) noexcept;

struct refusal {
  bool fatal = false;  // the credential or the request is wrong: another request cannot help
  std::optional<std::chrono::nanoseconds> retry_after;
  std::string message;       // for people: Entra's words without the secret, and what to do, by the AADSTS number
  bool doubtful = false;     // the answer was cut, or does not look like a token endpoint's: where it is fatal, the next request decides
  bool proxy_login = false;  // a proxy refuses the user name and password: where no token was ever received, the next request is not made
};

// The clocks when an answer came.
struct clocks {
  std::optional<utc_time> theirs{};  // the answer's Date, where it has one that can be read
  std::optional<utc_time> ours{};
};

// Reads an answer of `{authority}/{tenant}/oauth2/v2.0/token`. A 4xx with an `error` member is fatal, as Entra refuses the credential or
// the request. A 3xx and any other 4xx are fatal and doubtful, as a token endpoint does not answer so. 408, 425, 429, 5xx and an unusable
// 200 are not fatal. `redacted` is the secret that was sent: where the endpoint repeats it, as it is or percent-encoded, the message shows
// `***` in its place. With `at`, expires_on is used where expires_in is absent, and a refusal of an assertion's times names the difference
// of the two clocks.
[[nodiscard]] std::expected<grant, refusal> read_answer(int status, std::string_view body,
                                                        std::optional<std::chrono::nanoseconds> retry_after, std::string_view redacted = {},
                                                        const clocks& at = {});

// The `tid` claim of a JWT, where it can be read. Nothing is verified: it serves to notice a token of another tenant.
[[nodiscard]] std::optional<std::string> readable_tenant(std::string_view jwt);
// The `exp` claim of a JWT, where it can be read. Nothing is verified.
[[nodiscard]] std::optional<utc_time> readable_expiry(std::string_view jwt);

// When the next token is requested, and until when the present one may be used, in monotonic time from its receipt.
//
// A token is usable until 5 minutes before its end; where it lives less than 50 minutes, for 90 % of its life. The next one is requested
// 5 minutes (10 %) before that, so that a lane does not wait while it is fetched; or at refresh_in; or, where refresh_in is absent and the
// lifetime is over 2 h, at half of the life. Jitter makes the request earlier only, by a tenth of the wait and 5 minutes at most.
//
// After a failed request the wait is 1 s, doubling to 60 s, or the answer's Retry-After, but no longer than `longest_wait`. After a fatal
// refusal there is no further request (mono_time::max()), and the present token stays usable. A fatal refusal that is doubtful counts as
// fatal only if the refusal before it was fatal and doubtful too, or if a proxy refuses a login with which no token was ever received.
class schedule {
 public:
  explicit schedule(std::chrono::nanoseconds longest_wait = std::chrono::hours(24)) noexcept : longest_wait_(longest_wait) {}
  // `jitter01`: a random number in [0, 1].
  void received(const grant& g, mono_time now, double jitter01);
  // True where the refusal counts as fatal.
  bool failed(const refusal& r, mono_time now, double jitter01);
  // The service refused the present token (401): the next request is due at once, unless the wait after a failed one is not over.
  void rejected(mono_time now);
  [[nodiscard]] bool usable(mono_time now) const noexcept { return usable_until_ && now < *usable_until_; }
  [[nodiscard]] std::optional<mono_time> usable_until() const noexcept { return usable_until_; }  // nullopt: there is none
  [[nodiscard]] mono_time next_request() const noexcept;                                          // mono_time::min(): at once

 private:
  std::chrono::nanoseconds longest_wait_;
  std::optional<mono_time> usable_until_;
  mono_time next_ = mono_time::min();
  unsigned failures_ = 0;
  bool received_ = false;  // a token, at any time
  bool doubted_ = false;   // the latest refusal was fatal but doubtful
  bool over_ = false;      // after a fatal refusal: there is no further request
};

}  // namespace convoke::token

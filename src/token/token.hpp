#pragma once

// Access tokens as a pure machine: what a token endpoint's answer means, and when to ask again.

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
  secret access_token;                             // has no flaw_of_token
  std::chrono::seconds lifetime;                   // expires_in, as number or string; 1 s to 28 h, longer ones are cut
  std::optional<std::chrono::seconds> refresh_in;  // less than lifetime
};

inline constexpr std::size_t longest_token = std::size_t{16} * 1024;  // bytes; servers take no longer headers

// What keeps `token` from being a bearer token (RFC 6750, section 2.1), as `it …`: empty, too long, or a character that none has and its
// position in bytes, from 1. Nothing of the token is shown but a punctuation mark that it cannot hold. nullopt: it may be one.
[[nodiscard]] std::optional<std::string> flaw_of_token(std::string_view token);

struct refusal {
  bool fatal = false;  // the credential is wrong: asking again cannot help
  std::optional<std::chrono::nanoseconds> retry_after;
  std::string message;    // for people: what Entra said (never the secret), and what to do; hints for AADSTS numbers
  bool doubtful = false;  // it was cut, or is no answer of a token endpoint: where it is fatal, the next request decides
};

// The meaning of an answer of `{authority}/{tenant}/oauth2/v2.0/token`. Fatal is what Entra says of the credential or request (4xx with an
// `error`) and, doubtful, what is no token endpoint (3xx, other 4xx); 408, 425, 429, 5xx and an unusable 200 are not. `redacted` is the
// secret that was sent: should the endpoint repeat it, raw or percent-encoded, the message shows `***` for it.
[[nodiscard]] std::expected<grant, refusal> read_answer(int status, std::string_view body,
                                                        std::optional<std::chrono::nanoseconds> retry_after,
                                                        std::string_view redacted = {});

// application/x-www-form-urlencoded body of the client-credentials grant with a secret. The scope is `{graph_root}/.default`.
[[nodiscard]] secret client_secret_form(std::string_view client_id, std::string_view graph_root, const secret& client_secret);

// The `tid` claim of a JWT, where it can be read (diagnosis only; nothing is verified).
[[nodiscard]] std::optional<std::string> readable_tenant(std::string_view jwt);
// The `exp` claim, likewise.
[[nodiscard]] std::optional<utc_time> readable_expiry(std::string_view jwt);

// When to ask for the next token, and until when the present one may be used; monotonic time from receipt. Usable until 5 minutes before
// the end (90 % of lifetimes under 50 minutes). The next is asked for another 5 minutes (10 %) earlier, or at refresh_in, or at half-life
// where that is absent and the lifetime over 2 h; jitter only makes it earlier, by a tenth and 5 minutes at most. After a failed refresh:
// 1 s doubling to 60 s, or its Retry-After, `longest_wait` of it at most. After a fatal refusal: never (mono_time::max()); the present
// token stays usable. A fatal refusal that is doubtful counts as fatal only if the refusal before it was one as well.
class schedule {
 public:
  explicit schedule(std::chrono::nanoseconds longest_wait = std::chrono::hours(24)) noexcept : longest_wait_(longest_wait) {}
  void received(const grant& g, mono_time now, double jitter01);
  bool failed(const refusal& r, mono_time now, double jitter01);  // true: for good
  void rejected(mono_time now);  // the service answered 401 to it: the next at once, unless a failure's wait runs
  [[nodiscard]] bool usable(mono_time now) const noexcept { return usable_until_ && now < *usable_until_; }
  [[nodiscard]] std::optional<mono_time> usable_until() const noexcept { return usable_until_; }  // nullopt: there is none
  [[nodiscard]] mono_time next_request() const noexcept;                                          // mono_time::min(): at once

 private:
  std::chrono::nanoseconds longest_wait_;
  std::optional<mono_time> usable_until_;
  mono_time next_ = mono_time::min();
  unsigned failures_ = 0;
  bool doubted_ = false;  // the latest refusal was fatal but doubtful
  bool hopeless_ = false;
};

}  // namespace convoke::token

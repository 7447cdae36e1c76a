#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "core/redact.hpp"
#include "core/text.hpp"
#include "token/json.hpp"
#include "token/refusal.hpp"
#include "token/token.hpp"

namespace convoke::token {

namespace {

namespace json = boost::json;
using std::chrono::seconds;

// The longest lifetime that Entra documents: tokens with continuous access evaluation live up to 28 hours.
constexpr seconds longest = std::chrono::hours(28);
constexpr std::size_t word_limit = 40;

// A number, also where it is written as a string, as managed identities do.
std::optional<double> read_number(const json::object& answer, std::string_view name) {
  const auto* value = answer.if_contains({name.data(), name.size()});
  if (value == nullptr) return std::nullopt;
  double number = 0;
  if (value->is_number()) {
    number = value->to_number<double>();
  } else if (value->is_string()) {
    const auto text = core::trim_http(text_of(answer, name));
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

// A number of seconds; the fraction is cut.
std::optional<seconds> read_seconds(const json::object& answer, std::string_view name, double from = 0) {
  const auto number = read_number(answer, name);
  if (!number) return std::nullopt;
  const auto most = static_cast<double>(longest.count());
  return seconds(static_cast<seconds::rep>(std::clamp(*number - from, 0.0, most)));
}

// App Service answers without expires_in, and has the end as seconds since 1970 in expires_on.
std::optional<seconds> read_lifetime(const json::object& answer, const clocks& at) {
  if (answer.contains("expires_in") || !at.ours) return read_seconds(answer, "expires_in");
  const auto now = std::chrono::floor<seconds>(*at.ours).time_since_epoch();
  return read_seconds(answer, "expires_on", static_cast<double>(now.count()));
}

std::unexpected<refusal> refuse(std::optional<std::chrono::nanoseconds> retry_after, std::string message) {
  return std::unexpected(refusal{.fatal = false, .retry_after = retry_after, .message = std::move(message)});
}

}  // namespace

std::expected<grant, refusal> read_answer(int status, std::string_view body, std::optional<std::chrono::nanoseconds> retry_after,
                                          std::string_view redacted, const clocks& at) {
  if (status != 200) return std::unexpected(read_refusal(status, body, retry_after, redacted, at));

  // From here on hardly anything of the body is quoted, because a body that cannot be read may still hold a token.
  const auto answer = parse_object(body);
  if (!answer) {
    return refuse(retry_after, "the token endpoint's answer is not JSON: check --authority-url and any proxy in between");
  }
  const auto token = text_of(*answer, "access_token");
  if (token.empty()) return refuse(retry_after, "the token endpoint's answer holds no access_token: check --authority-url");
  if (const auto flaw = flaw_of_token(token))
    return refuse(retry_after, "the token endpoint's access_token is not a bearer token: " + *flaw);
  if (const auto type = text_of(*answer, "token_type"); !type.empty() && !core::equal_ignoring_case(type, "Bearer")) {
    return refuse(retry_after,
                  "the token endpoint's token_type is " + core::redact(shown(type, redacted, word_limit), token) + ", not Bearer");
  }
  const auto lifetime = read_lifetime(*answer, at);
  if (!lifetime) return refuse(retry_after, "the token endpoint's answer holds no usable expires_in");
  if (*lifetime <= seconds::zero()) return refuse(retry_after, "the token endpoint's token has no time to live (expires_in under 1 s)");

  grant out{.access_token = secret(std::string(token)), .lifetime = *lifetime, .refresh_in = read_seconds(*answer, "refresh_in")};
  if (out.refresh_in && (*out.refresh_in <= seconds::zero() || *out.refresh_in >= out.lifetime)) out.refresh_in.reset();
  return out;
}

}  // namespace convoke::token

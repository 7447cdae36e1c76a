#include "token/user_grant.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "token/json.hpp"
#include "token/refusal.hpp"

namespace convoke::token {

namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr std::size_t longest_user_code = 64, longest_url = 1024;
constexpr seconds default_interval{5}, longest_interval = std::chrono::minutes(10), longest_validity = std::chrono::hours(24);
// The tenant of all personal accounts.
constexpr std::string_view personal_accounts = "9188040d-6c67-4c5b-b112-36a304b66dad";

std::unexpected<refusal> unusable(std::optional<std::chrono::nanoseconds> retry_after, std::string message) {
  return std::unexpected(refusal{.fatal = false, .retry_after = retry_after, .message = std::move(message)});
}
std::unexpected<refusal> for_good(std::string message) {
  return std::unexpected(refusal{.fatal = true, .retry_after = {}, .message = std::move(message)});
}

bool visible(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

// A code or refresh token that may be sent: the size that servers take, and only characters that RFC 6749 (appendix A) has.
bool may_be_sent(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_token && std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::optional<seconds> seconds_of(const json::object& answer, std::string_view name, seconds most) {
  const auto* value = answer.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto number = value->to_number<double>();
  if (!std::isfinite(number)) return std::nullopt;
  // Up, so that a fraction never makes a request early.
  return seconds(static_cast<seconds::rep>(std::ceil(std::clamp(number, 0.0, static_cast<double>(most.count())))));
}

std::string_view error_word(const std::optional<json::object>& answer) {
  return answer ? text_of(*answer, "error") : std::string_view{};
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// Entra's words, and those of RFC 8628. With a description `access_denied` has another reason, such as a Conditional Access policy.
bool declined(const json::object& answer, std::string_view word) {
  return word == "authorization_declined" || (word == "access_denied" && text_of(answer, "error_description").empty());
}
bool expired(std::string_view word) {
  return is_one_of(word, {"expired_token", "code_expired"});
}

}  // namespace

std::expected<device_offer, refusal> read_device_offer(int status, std::string_view body,
                                                       std::optional<std::chrono::nanoseconds> retry_after) {
  if (status != 200) return std::unexpected(read_refusal(status, body, retry_after, {}, {}));
  const auto answer = parse_object(body);
  if (!answer) return unusable(retry_after, "the answer to the request for a device code is not JSON: check --authority-url");
  device_offer out;
  const auto code = text_of(*answer, "device_code");
  out.user_code = text_of(*answer, "user_code");
  out.url = text_of(*answer, "verification_uri");
  // As Entra's endpoint of version 1 and some others write it.
  if (out.url.empty()) out.url = text_of(*answer, "verification_url");
  const auto validity = seconds_of(*answer, "expires_in", longest_validity);
  if (!may_be_sent(code) || out.user_code.empty() || out.user_code.size() > longest_user_code || !visible(out.user_code) ||
      out.url.empty() || out.url.size() > longest_url || !visible(out.url) || !validity || *validity <= seconds::zero())
    return unusable(retry_after, "the answer to the request for a device code lacks a code, its URL or its life: check --authority-url");
  out.device_code = secret(std::string(code));
  out.interval = std::max(seconds(1), seconds_of(*answer, "interval", longest_interval).value_or(default_interval));
  out.valid_for = *validity;
  return out;
}

std::expected<user_grant, refusal> read_user_grant(int status, std::string_view body, std::optional<std::chrono::nanoseconds> retry_after,
                                                   std::string_view redacted, const clocks& at, const audience& who) {
  auto access = read_answer(status, body, retry_after, redacted, at);
  const auto answer = parse_object(body);
  if (!access) {
    const auto word = error_word(answer);
    if (answer && declined(*answer, word)) return for_good("The sign-in was declined. Run the same command again to sign in.");
    if (expired(word))
      return for_good("The code expired before a person had signed in. Run the same command again, and enter the new code.");
    return std::unexpected(std::move(access.error()));
  }
  user_grant out{.access = std::move(*access), .refresh_token = {}, .user = {}};
  const auto refresh = text_of(*answer, "refresh_token");
  if (!refresh.empty() && !may_be_sent(refresh)) return unusable(retry_after, "the token endpoint's refresh_token cannot be sent back");
  out.refresh_token = secret(std::string(refresh));
  const auto id_token = text_of(*answer, "id_token");
  if (id_token.empty()) return out;
  auto user = read_user(id_token, who);
  if (!user) return for_good(std::move(user.error()));
  out.user = std::move(*user);
  return out;
}

sign_in_state read_sign_in_state(int status, std::string_view body) {
  if (status == 200) return sign_in_state::over;
  const auto answer = parse_object(body);
  const auto word = error_word(answer);
  if (word == "authorization_pending") return sign_in_state::pending;
  if (word == "slow_down") return sign_in_state::slow_down;
  return read_refusal(status, body, {}, {}, {}).fatal ? sign_in_state::over : sign_in_state::failed;
}

bool wants_new_sign_in(int status, std::string_view body) {
  if (status < 400 || status > 499) return false;
  return is_one_of(error_word(parse_object(body)), {"invalid_grant", "interaction_required", "login_required", "consent_required"});
}

std::expected<std::string, std::string> read_user(std::string_view id_token, const audience& who) {
  const auto claims = claims_of(id_token);
  if (!claims)
    return std::unexpected("The token endpoint does not say who has signed in: its ID token cannot be read. Check --authority-url.");
  const auto tenant = parse_guid(text_of(*claims, "tid"));
  if (tenant == personal_accounts)
    return std::unexpected("Personal accounts cannot be used: sign in with a work or school account of the tenant.");
  if (!tenant || !core::equal_ignoring_case(*tenant, who.tenant))
    return std::unexpected("The user who has signed in belongs to another tenant than --tenant: sign in with an account of the tenant.");
  if (!core::equal_ignoring_case(text_of(*claims, "aud"), who.client_id))
    return std::unexpected("The ID token is for another application than --client-id.");
  auto user = parse_guid(text_of(*claims, "oid"));
  if (!user) return std::unexpected("The ID token does not name the object id of the user who has signed in.");
  return *std::move(user);
}

}  // namespace convoke::token

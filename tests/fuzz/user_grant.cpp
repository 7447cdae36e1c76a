#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <convoke/key.hpp>

#include "token/saved_sign_in.hpp"
#include "token/user_grant.hpp"

namespace {

using namespace convoke::token;

bool sendable(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, [](char c) { return c < 0x20 || c >= 0x7F; });
}

void check_refusal(const refusal& why, std::string_view hidden) {
  if (why.message.empty() || why.message.size() > 8192) std::abort();
  if (std::ranges::any_of(why.message, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) std::abort();
  for (std::size_t i = 0; i + 12 <= hidden.size(); ++i)
    if (why.message.find(hidden.substr(i, 12)) != std::string::npos) std::abort();
}

}  // namespace

// The first byte of the input chooses the status, the rest is the body: of the devicecode endpoint, of the token endpoint, and of a file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr int statuses[] = {200, 400, 401, 429, 503, 302, 204, 404};
  constexpr std::string_view hidden = "correct-horse-battery-staple";
  const int status = statuses[data[0] % std::size(statuses)];
  const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);

  const auto offer = read_device_offer(status, body, std::nullopt);
  if (!offer) check_refusal(offer.error(), {});
  if (offer && (!sendable(offer->device_code.reveal()) || !sendable(offer->user_code) || !sendable(offer->url) ||
                offer->interval < std::chrono::seconds(1) || offer->valid_for < std::chrono::seconds(1)))
    std::abort();

  const audience who{.client_id = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002", .tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001"};
  const auto granted = read_user_grant(status, body, std::nullopt, hidden, {}, who);
  if (!granted) check_refusal(granted.error(), hidden);
  if (granted && ((!granted->user.empty() && !convoke::parse_guid(granted->user)) ||
                  (!granted->refresh_token.empty() && !sendable(granted->refresh_token.reveal()))))
    std::abort();
  // What is waited for is never a grant.
  if (granted && read_sign_in_state(status, body) != sign_in_state::over) std::abort();
  if (granted && wants_new_sign_in(status, body)) std::abort();

  if (auto saved = read_saved(body)) {
    const auto again = read_saved(write_saved(*saved).reveal());
    if (!again || again->user != saved->user || again->authority != saved->authority ||
        again->refresh_token.reveal() != saved->refresh_token.reveal())
      std::abort();
  }
  return 0;
}

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "token/token.hpp"

// The first byte of the input chooses the status, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr int statuses[] = {200, 400, 401, 429, 503, 302, 204, 404};
  const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  constexpr std::string_view hidden = "correct-horse-battery-staple";
  const auto got = convoke::token::read_answer(statuses[data[0] % std::size(statuses)], body, std::nullopt, hidden);
  if (got) {
    const auto token = got->access_token.reveal();
    if (token.empty() || token.size() > 65536 || std::ranges::any_of(token, [](char c) { return c <= 0x20 || c >= 0x7F; })) std::abort();
    if (got->lifetime < std::chrono::seconds(1) || got->lifetime > std::chrono::hours(28)) std::abort();
    if (got->refresh_in && (*got->refresh_in <= std::chrono::seconds(0) || *got->refresh_in >= got->lifetime)) std::abort();
    return 0;
  }
  const auto& message = got.error().message;
  if (message.empty() || message.size() > 8192) std::abort();
  if (std::ranges::any_of(message, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) std::abort();
  for (std::size_t i = 0; i + 12 <= hidden.size(); ++i) {
    if (message.find(hidden.substr(i, 12)) != std::string::npos) std::abort();
  }
  return 0;
}

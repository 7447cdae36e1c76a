#include <algorithm>
#include <array>

#include <convoke/lane.hpp>

namespace convoke {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 7> words = {
    "client-secret", "client-certificate", "workload-identity", "managed-identity", "managed-identity-federation", "token", "device-code"};

}  // namespace

std::string_view to_string(credential_kind kind) noexcept {
  return words[static_cast<std::size_t>(kind)];
}

std::optional<credential_kind> parse_credential_kind(std::string_view word) noexcept {
  const auto* const found = std::ranges::find(words, word);
  if (found == words.end()) return std::nullopt;
  return static_cast<credential_kind>(found - words.begin());
}

}  // namespace convoke

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/redact.hpp"

// The first line of the input is the secret, the rest is the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\n');
  const std::string hidden = input.substr(0, end), text = end == std::string::npos ? std::string() : input.substr(end + 1);
  convoke::core::secret_finder finder;
  finder.look_for(hidden);
  const auto left = finder.redact(text);
  constexpr std::size_t shortest_quote = 12;
  if (hidden.size() < shortest_quote) return 0;
  // A text is redacted where the secret is found in it, and only there.
  if (finder.found_in(text) != (left != text)) std::abort();
  // The three asterisks may complete a piece of a secret that has asterisks; of any other secret nothing is left.
  if (hidden.contains('*')) return 0;
  for (std::size_t at = 0; at + shortest_quote <= hidden.size(); ++at)
    if (left.contains(std::string_view(hidden).substr(at, shortest_quote))) std::abort();
  return 0;
}

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/redact.hpp"

// The first line is the secret, the rest the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\n');
  const std::string hidden = input.substr(0, end), text = end == std::string::npos ? std::string() : input.substr(end + 1);
  convoke::core::secret_finder finder;
  finder.look_for(hidden);
  const auto left = finder.redact(text);
  constexpr std::size_t shortest_quote = 12;
  if (hidden.size() < shortest_quote) return 0;
  // What is found is what is redacted.
  if (finder.found_in(text) != (left != text)) std::abort();
  // The three asterisks may complete a piece of a secret that has some; others leave nothing.
  if (hidden.contains('*')) return 0;
  for (std::size_t at = 0; at + shortest_quote <= hidden.size(); ++at)
    if (left.contains(std::string_view(hidden).substr(at, shortest_quote))) std::abort();
  return 0;
}

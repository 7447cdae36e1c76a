#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/known_errors.hpp"
#include "core/text.hpp"

using namespace convoke::core;

// Input: two bytes of the status, one of the kind of call, then code, message and scope, each up to a line end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const int status = data[0] * 256 + data[1];
  const auto op = static_cast<convoke::operation>(1 + data[2] % 4);
  const bool for_user = data[2] >= 128;
  std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const auto next = [&rest] {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() == rest.size() ? line.size() : line.size() + 1);
    return line;
  };
  const auto code = next(), message = next(), scope = next();
  const auto e = recognise({.status = status, .code = code, .message = message, .op = op, .for_user = for_user});
  if (static_cast<std::size_t>(e) >= known_error_count) std::abort();
  // A success is no error, and what is no error of Graph gets no sentence.
  if (status < 300 && e != known_error::unknown) std::abort();
  if ((e == known_error::unknown) != advice_on(e).empty()) std::abort();
  if (e != known_error::unknown) {
    const auto whole = std::string(message) + " " + std::string(advice_on(e));
    if (split_advice(whole).said != message) std::abort();
  }
  const auto category = throttle_category(code, message, scope);
  for (const char c : category)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) std::abort();
  if (number_in(message).value_or(0) > 9999) std::abort();
  return 0;
}

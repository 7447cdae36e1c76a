#include "ledger/planning/reasons.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace convoke::ledger::planning {
namespace {

constexpr std::size_t longest_shape = 160;
constexpr std::string_view column = "column ";

bool ends_word(char c) noexcept {
  return c == ' ' || c == '\'' || c == '"' || c == ',' || c == ';' || c == '(' || c == ')';
}

// Ids, times, addresses and numbers; a sign after them belongs to the sentence.
bool is_value(std::string_view word) noexcept {
  return std::ranges::any_of(word, [](char c) { return core::ascii_digit(c) || c == '@'; });
}

// The position after the quoted value that begins at `at`; `at` where it does not end, as in "organizer's".
std::size_t after_quoted(std::string_view text, std::size_t at) noexcept {
  if (at > 0 && text[at - 1] != ' ') return at;
  const auto end = text.find(text[at], at + 1);
  return end == std::string_view::npos ? at : end + 1;
}

}  // namespace

std::string shape_of_reason(outcome result, std::string_view code, int http_status, std::string_view message) {
  const bool varies = result == outcome::rejected ? code != "conflict" : result == outcome::failed && http_status / 100 == 4;
  std::string out;
  if (!varies) return out;
  for (std::size_t at = 0; at < message.size() && out.size() < longest_shape;) {
    if (message[at] == '\'' || message[at] == '"') {
      const auto next = after_quoted(message, at);
      if (next == at) {
        out += message[at++];
        continue;
      }
      if (message.substr(0, at).ends_with(column))
        out.append(message.substr(at, next - at));
      else
        out += '#';
      at = next;
      continue;
    }
    if (ends_word(message[at])) {
      out += message[at++];
      continue;
    }
    const auto* const end = std::find_if(message.begin() + static_cast<std::ptrdiff_t>(at), message.end(), ends_word);
    const auto word = message.substr(at, static_cast<std::size_t>(end - message.begin()) - at);
    if (is_value(word))
      out += '#';
    else
      out.append(word);
    at += word.size();
  }
  if (out.size() > longest_shape) out.resize(longest_shape);
  return out;
}

}  // namespace convoke::ledger::planning

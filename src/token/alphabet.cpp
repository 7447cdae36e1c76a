#include <algorithm>
#include <string>

#include "core/text.hpp"
#include "token/token.hpp"

namespace convoke::token {

namespace {

bool may_be_in_token(char c) noexcept {
  return core::ascii_letter(c) || core::ascii_digit(c) || std::string_view("-._~+/").contains(c);
}

// What a character that must not be there is called.
std::string name_of(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == ' ') return "a blank";
  if (c == '\t') return "a tab";
  if (c == '\n' || c == '\r') return "a line end";
  if (byte < 0x20 || byte == 0x7F) return "a control character";
  if (byte >= 0x80) return "a byte that is not ASCII";
  return std::string("the character ") + c;
}

// Removes `word` from the front of `text`, in any case.
bool remove_word(std::string_view& text, std::string_view word) noexcept {
  if (text.size() < word.size() || !core::equal_ignoring_case(text.substr(0, word.size()), word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// What remains of `text` without one thing that stands around a token; all of it where there is none.
std::string_view without_one_wrapping(std::string_view text) noexcept {
  text = core::trim(text);
  if (text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\''))
    return text.substr(1, text.size() - 2);
  if (core::equal_ignoring_case(text, "bearer")) return {};
  if (!remove_word(text, "authorization:") && !remove_word(text, "bearer ")) remove_word(text, "bearer\t");
  return text;
}

}  // namespace

std::string_view bare_token(std::string_view copied) noexcept {
  for (;;) {
    const auto inside = without_one_wrapping(copied);
    if (inside.size() == copied.size()) return inside;
    copied = inside;
  }
}

std::optional<std::string> flaw_of_token(std::string_view token) {
  if (token.empty()) return "it is empty";
  if (token.size() > longest_token)
    return "it is " + std::to_string(token.size()) + " bytes long, more than the limit of 16 KiB (" + std::to_string(longest_token) + ")";
  const auto padding = token.find_last_not_of('=') + 1;
  const auto wrong = std::ranges::find_if_not(token.substr(0, padding), may_be_in_token);
  const auto at = static_cast<std::size_t>(wrong - token.begin());
  if (padding > 0 && at == padding) return std::nullopt;
  std::string out = "it holds " + name_of(token[at]) + " at position " + std::to_string(at + 1) +
                    "; bearer tokens have letters, digits and the characters - . _ ~ + / = only";
  if (token.size() > 7 && core::equal_ignoring_case(token.substr(0, 7), "bearer ")) out += ": leave out the word Bearer";
  return out;
}

}  // namespace convoke::token

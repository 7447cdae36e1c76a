#include "core/text.hpp"

#include <algorithm>
#include <vector>

#include <convoke/key.hpp>

#include "core/hidden.hpp"
#include "core/utf8.hpp"

namespace convoke::core {

namespace {

void append_hex(std::string& out, char32_t value, int least_digits) {
  constexpr std::string_view digits = "0123456789abcdef";
  int shift = 20;
  while (shift > 0 && (value >> shift) == 0 && shift / 4 >= least_digits) shift -= 4;
  for (; shift >= 0; shift -= 4) out += digits[(value >> shift) & 0xF];
}

void append_visible(std::string& out, std::string_view text, utf8_char c) {
  if (c.length == 0) {
    out += "\\x";
    append_hex(out, static_cast<unsigned char>(text.front()), 2);
  } else if (c.code_point == '\n') {
    out += "\\n";
  } else if (c.code_point == '\r') {
    out += "\\r";
  } else if (c.code_point == '\t') {
    out += "\\t";
  } else if (c.code_point < 0x20 || c.code_point == 0x7F) {
    out += "\\x";
    append_hex(out, c.code_point, 2);
  } else if ((c.code_point >= 0x80 && c.code_point < 0xA0) || (c.code_point != ' ' && blank_or_invisible(c.code_point))) {
    out += "\\u{";
    append_hex(out, c.code_point, 2);
    out += '}';
  } else {
    out += text.substr(0, c.length);
  }
}

// The number of bytes at the beginning that are visible ASCII or blanks. A block has no early exit, so that the compiler vectorises it.
std::size_t visible_ascii_prefix(std::string_view text) noexcept {
  constexpr std::size_t block = 16;
  const auto odd = [](char c) { return static_cast<unsigned char>(static_cast<unsigned char>(c) - 0x20U) > 0x5E; };
  std::size_t i = 0;
  for (; i + block <= text.size(); i += block) {
    unsigned any = 0;
    for (std::size_t j = 0; j < block; ++j) any |= static_cast<unsigned>(odd(text[i + j]));
    if (any != 0) break;
  }
  while (i < text.size() && !odd(text[i])) ++i;
  return i;
}

// True where the character `c`, with which `text` begins, is kept as it is.
bool stays(std::string_view text, utf8_char c, shown_in where) noexcept {
  if (c.length == 0) return false;
  if (c.code_point == '\n' || c.code_point == '\t') return true;
  if (c.code_point == '\r') return where == shown_in::file && text.size() > 1 && text[1] == '\n';
  if (c.code_point < 0x20 || (c.code_point >= 0x7F && c.code_point < 0xA0)) return false;
  return where == shown_in::file || !hides_or_reorders(c.code_point);
}

// The length of the blank or invisible character with which `text` begins; 0 where it begins with another one.
std::size_t blank_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  if (static_cast<unsigned char>(text.front()) < 0x80) return blank_or_invisible(static_cast<unsigned char>(text.front())) ? 1 : 0;
  const utf8_char c = decode_utf8(text);
  return blank_or_invisible(c.code_point) ? c.length : 0;
}

// The same for the character with which `text` ends.
std::size_t blank_length_at_end(std::string_view text) noexcept {
  std::size_t begin = text.size();
  while (begin > 0 && text.size() - begin < 4) {
    const auto byte = static_cast<unsigned char>(text[--begin]);
    if ((byte & 0xC0U) != 0x80) break;
  }
  const std::size_t length = blank_length(text.substr(begin));
  return begin + length == text.size() ? length : 0;
}

}  // namespace

void make_lower(std::string& text) noexcept {
  for (char& c : text) c = ascii_lower(c);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

std::size_t find_ignoring_case(std::string_view text, std::string_view what) noexcept {
  const auto found = std::ranges::search(text, what, {}, ascii_lower, ascii_lower);
  return found.empty() && !what.empty() ? std::string_view::npos : static_cast<std::size_t>(found.begin() - text.begin());
}

std::string fold_name(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  while (!name.empty()) {
    const std::size_t length = std::max<std::size_t>(decode_utf8(name).length, 1);
    if (blank_length(name) == 0 && name.front() != '_' && name.front() != '-') {
      for (const char c : name.substr(0, length)) out += ascii_lower(c);
    }
    name.remove_prefix(length);
  }
  return out;
}

bool blank_or_invisible(char32_t c) noexcept {
  if (c <= 0x20) return c == ' ' || (c >= '\t' && c <= '\r');
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000 ||
         hides_or_reorders(c);
}

std::string_view trim(std::string_view text) noexcept {
  // Most cells begin and end with a visible character of ASCII.
  const auto visible = [](char c) { return static_cast<signed char>(c) > ' '; };
  if (!text.empty() && visible(text.front()) && visible(text.back())) return text;
  while (const std::size_t blank = blank_length(text)) text.remove_prefix(blank);
  while (const std::size_t blank = blank_length_at_end(text)) text.remove_suffix(blank);
  return text;
}

std::string guid_or(std::string_view id, std::string_view placeholder) {
  const auto guid = parse_guid(id);
  return guid ? *guid : std::string(placeholder);
}

std::string escape_for_people(std::string_view text, std::size_t max_characters) {
  std::string out;
  for (std::size_t count = 0; !text.empty(); ++count) {
    const std::size_t plain = std::min(visible_ascii_prefix(text), max_characters - count);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    count += plain;
    if (text.empty()) break;
    if (count == max_characters) return out += "…";
    const utf8_char c = decode_utf8(text);
    append_visible(out, text, c);
    text.remove_prefix(std::max<std::size_t>(c.length, 1));
  }
  return out;
}

void append_without_controls(std::string& out, std::string_view text, shown_in where) {
  for (;;) {
    const std::size_t plain = visible_ascii_prefix(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const utf8_char c = decode_utf8(text);
    if (stays(text, c, where))
      out += text.substr(0, c.length);
    else
      append_visible(out, text, c);
    text.remove_prefix(std::max<std::size_t>(c.length, 1));
  }
}

std::string without_controls(std::string_view text, shown_in where) {
  std::string out;
  out.reserve(text.size());
  append_without_controls(out, text, where);
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t longest = 100;  // a longer word is not a misspelling of a known name, and the search is quadratic
  if (word.size() > longest) return std::nullopt;
  const std::string from = fold_name(word);
  std::optional<std::string_view> best;
  std::size_t least = std::max<std::size_t>(1, from.size() / 3) + 1;  // one more than the number of letters that may be wrong
  for (const std::string_view candidate : candidates) {
    const std::size_t d = edit_distance(from, fold_name(candidate));
    if (d < least && d < from.size()) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

std::optional<std::string_view> nearest(std::string_view word, std::initializer_list<std::string_view> candidates) {
  return nearest(word, std::span(candidates.begin(), candidates.size()));
}

}  // namespace convoke::core

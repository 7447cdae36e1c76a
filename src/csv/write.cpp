#include <algorithm>

#include "csv/csv.hpp"

namespace convoke::csv {

namespace {

bool needs_quotes(std::string_view field, char delimiter) noexcept {
  return std::ranges::any_of(field, [delimiter](char c) { return c == delimiter || c == '"' || c == '\r' || c == '\n'; });
}

void append_quoted(std::string& out, std::string_view field) {
  for (std::size_t at = field.find('"'); at != std::string_view::npos; at = field.find('"')) {
    out += field.substr(0, at + 1);
    out += '"';
    field.remove_prefix(at + 1);
  }
  out += field;
}

// A number as people and invitations write it: `+1 323-555-0166`, `+49 69/6677-3830`, `+1 323-555-0166,,123456789#`, where the commas are
// pauses before the conference id. E.164 allows up to 15 digits. Without a letter, a second `+` or another operator, a spreadsheet has
// nothing to call and no cell to refer to.
bool plain_phone_number(std::string_view field) noexcept {
  constexpr std::size_t longest = 48;
  constexpr std::string_view no_break_space = "\u00A0";
  if (field.size() < 2 || field.size() > longest || field.front() != '+' || field[1] < '1' || field[1] > '9') return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t digits = 0, at = 1;
  while (at < field.size() && field[at] != ',') {
    if (field.substr(at).starts_with(no_break_space)) {
      at += no_break_space.size();
      continue;
    }
    if (!digit(field[at]) && !std::string_view(" -./()").contains(field[at])) return false;
    digits += digit(field[at++]) ? 1 : 0;
  }
  if (digits < 7 || digits > 15) return false;
  // Pauses, the id, and the key that ends it.
  auto id = field.substr(at);
  while (id.starts_with(',')) id.remove_prefix(1);
  if (id.ends_with('#')) id.remove_suffix(1);
  return (at == field.size()) == id.empty() && std::ranges::all_of(id, [digit](char c) { return digit(c) || c == ' '; });
}

bool reads_as_formula(std::string_view field) noexcept {
  constexpr std::string_view full_width[] = {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};
  if (field.empty()) return false;
  if (plain_phone_number(field)) return false;
  if (std::string_view("=+-@\t\r\n").contains(field.front())) return true;
  return std::ranges::any_of(full_width, [field](std::string_view mark) { return field.starts_with(mark); });
}

void append(std::string& out, std::string_view prefix, std::string_view field, char delimiter) {
  const bool quotes = needs_quotes(field, delimiter);
  if (quotes) out += '"';
  out += prefix;
  quotes ? append_quoted(out, field) : static_cast<void>(out += field);
  if (quotes) out += '"';
}

}  // namespace

void append_field(std::string& out, std::string_view field, char delimiter) {
  append(out, {}, field, delimiter);
}

void append_inert_field(std::string& out, std::string_view field, char delimiter) {
  append(out, reads_as_formula(field) ? "'" : "", field, delimiter);
}

}  // namespace convoke::csv

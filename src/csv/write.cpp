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

// E.164 allows up to 15 digits. Without a letter, a second `+` or another operator, a spreadsheet has nothing to call.
bool plain_phone_number(std::string_view field) noexcept {
  if (field.size() < 2 || field.size() > 32 || field.front() != '+' || field[1] < '1' || field[1] > '9') return false;
  field.remove_prefix(1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto digits = std::ranges::count_if(field, digit);
  return digits >= 7 && digits <= 15 &&
         std::ranges::all_of(field, [&](char c) { return digit(c) || std::string_view(" -.()").contains(c); });
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

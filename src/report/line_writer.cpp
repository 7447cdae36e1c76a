#include "report/line_writer.hpp"

#include <algorithm>

#include "csv/csv.hpp"

namespace convoke::report {

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const auto special = std::ranges::find_if(text, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
    const auto plain = static_cast<std::size_t>(special - text.begin());
    out.append(text.substr(0, plain));
    if (plain == text.size()) break;
    const char c = text[plain];
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += hex[static_cast<unsigned char>(c) >> 4U];
        out += hex[static_cast<unsigned char>(c) & 0xfU];
    }
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

void line_writer::separate(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  if (as_ == format::csv) return;
  append_json_string(out_, name);
  out_ += ':';
}

void line_writer::name(std::string_view column) {
  separate(column);
  csv::append_inert_field(out_, column, ',');
}

void line_writer::text(std::string_view name, std::string_view value) {
  separate(name);
  if (as_ == format::csv) return csv::append_inert_field(out_, value, ',');
  append_json_string(out_, value);
}

void line_writer::number(std::string_view name, std::int64_t value, bool present) {
  separate(name);
  if (!present) {
    if (as_ == format::jsonl) out_ += "null";
    return;
  }
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out_.append(digits, end);
}

}  // namespace convoke::report

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "csv/csv.hpp"

namespace csv_test {

struct row {
  std::uint32_t line = 0;
  std::string raw;
  std::vector<std::string> fields;

  friend bool operator==(const row&, const row&) = default;
};

struct parsed {
  std::vector<row> rows;
  std::string fault;  // empty where there was none
  char delimiter = 0;

  friend bool operator==(const parsed&, const parsed&) = default;
};

// Feeds the pieces one by one.
inline parsed parse_pieces(const std::vector<std::string_view>& pieces, std::optional<char> delimiter = {}, convoke::csv::limits l = {}) {
  convoke::csv::reader reader(delimiter, l);
  parsed out;
  const auto keep = [&out](const convoke::csv::record& r) -> convoke::result<void> {
    out.rows.push_back({r.line, std::string(r.raw), {r.fields.begin(), r.fields.end()}});
    return {};
  };
  convoke::result<void> done;
  for (const std::string_view piece : pieces) {
    // A buffer of its own, so that AddressSanitizer sees the use of a view that is kept for too long.
    const std::string copy(piece);
    done = reader.feed(copy, keep);
    if (!done) break;
  }
  if (done) done = reader.finish(keep);
  if (!done) out.fault = done.error().message;
  out.delimiter = reader.delimiter();
  return out;
}

inline parsed parse(std::string_view text, std::optional<char> delimiter = {}, convoke::csv::limits l = {}) {
  return parse_pieces({text}, delimiter, l);
}

inline std::vector<std::string_view> cut(std::string_view text, std::size_t size) {
  std::vector<std::string_view> pieces;
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) pieces.push_back(text.substr(0, size));
  return pieces;
}

}  // namespace csv_test

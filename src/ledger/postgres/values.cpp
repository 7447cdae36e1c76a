// The values of statements, as they go to the server and come back.

#include <libpq-fe.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "core/utf8.hpp"
#include "ledger/postgres/connection.hpp"

namespace convoke::ledger::postgres {
namespace {

// OIDs of built-in types: they are the same in every database.
enum : std::uint32_t {
  type_bool = 16,
  type_bytea = 17,
  type_bigint = 20,
  type_text = 25,
  type_float8 = 701,
  type_bytea_array = 1001,
  type_text_array = 1009,
  type_bigint_array = 1016,
  type_float8_array = 1022
};

template <class T>
void append(std::string& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  const auto big = std::byteswap(value);
  out.append(reinterpret_cast<const char*>(&big), sizeof big);
}

void append_length(std::string& out, std::size_t length) {
  append(out, static_cast<std::uint32_t>(length));
}

// A text of PostgreSQL holds valid UTF-8 without NUL. What the service sends may be neither, and must not make a commit fail: such a byte
// is stored as U+FFFD.
void append_text(std::string& out, std::string_view text) {
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  while (!text.empty()) {
    const auto valid = text.substr(0, std::min(core::valid_utf8_prefix(text), text.find('\0')));
    out += valid;
    text.remove_prefix(valid.size());
    if (text.empty()) return;
    out += replacement;
    text.remove_prefix(1);
  }
}

void append_array_head(std::string& out, std::uint32_t element, std::size_t size, bool nulls) {
  append(out, std::uint32_t{size == 0 ? 0U : 1U});  // dimensions
  append(out, std::uint32_t{nulls ? 1U : 0U});
  append(out, element);
  if (size == 0) return;
  append_length(out, size);
  append(out, std::uint32_t{1});  // the first subscript
}

void append_element(std::string& out, std::int64_t value) {
  append_length(out, sizeof value);
  append(out, static_cast<std::uint64_t>(value));
}

void append_element(std::string& out, double value) {
  append_length(out, sizeof value);
  append(out, std::bit_cast<std::uint64_t>(value));
}

void append_bytes_element(std::string& out, std::string_view value) {
  append_length(out, value.size());
  out += value;
}

void append_text_element(std::string& out, std::string_view value) {
  const auto length_at = out.size();
  append(out, std::uint32_t{0});
  append_text(out, value);
  const auto length = std::byteswap(static_cast<std::uint32_t>(out.size() - length_at - sizeof(std::uint32_t)));
  std::memcpy(out.data() + length_at, &length, sizeof length);
}

// `add` appends one element.
template <class T, class Add>
void append_array(std::string& out, std::uint32_t element, std::span<const T> values, const Add& add) {
  append_array_head(out, element, values.size(), false);
  for (const auto& value : values) add(out, value);
}

template <class T, class Add>
void append_array(std::string& out, std::uint32_t element, std::span<const std::optional<T>> values, const Add& add) {
  bool nulls = false;
  for (const auto& value : values) nulls = nulls || !value;
  append_array_head(out, element, values.size(), nulls);
  for (const auto& value : values) {
    if (value) {
      add(out, *value);
    } else {
      append(out, ~std::uint32_t{0});
    }
  }
}

constexpr auto add_number = [](std::string& out, auto value) { append_element(out, value); };

}  // namespace

template <class Append>
params& params::add(std::uint32_t type, const Append& append_value) {
  const auto begin = bytes_.size();
  append_value(bytes_);
  parts_.push_back({.type = type, .null = false, .begin = begin, .size = bytes_.size() - begin});
  return *this;
}

params& params::integer(std::int64_t value) {
  return add(type_bigint, [&](std::string& out) { append(out, static_cast<std::uint64_t>(value)); });
}

params& params::with(bool value) {
  return add(type_bool, [&](std::string& out) { out.push_back(value ? '\1' : '\0'); });
}

params& params::with(double value) {
  return add(type_float8, [&](std::string& out) { append(out, std::bit_cast<std::uint64_t>(value)); });
}

params& params::with(std::string_view value) {
  return add(type_text, [&](std::string& out) { append_text(out, value); });
}

params& params::bytes(std::string_view value) {
  return add(type_bytea, [&](std::string& out) { out += value; });
}

params& params::null() {
  parts_.push_back({.type = 0, .null = true, .begin = bytes_.size(), .size = 0});
  return *this;
}

params& params::integers(std::span<const std::int64_t> values) {
  return add(type_bigint_array, [&](std::string& out) { append_array(out, type_bigint, values, add_number); });
}

params& params::integers(std::span<const std::optional<std::int64_t>> values) {
  return add(type_bigint_array, [&](std::string& out) { append_array(out, type_bigint, values, add_number); });
}

params& params::reals(std::span<const double> values) {
  return add(type_float8_array, [&](std::string& out) { append_array(out, type_float8, values, add_number); });
}

params& params::texts(std::span<const std::string_view> values) {
  return add(type_text_array, [&](std::string& out) { append_array(out, type_text, values, append_text_element); });
}

params& params::texts(std::span<const std::optional<std::string_view>> values) {
  return add(type_text_array, [&](std::string& out) { append_array(out, type_text, values, append_text_element); });
}

params& params::many_bytes(std::span<const std::string_view> values) {
  return add(type_bytea_array, [&](std::string& out) { append_array(out, type_bytea, values, append_bytes_element); });
}

params& params::many_bytes(std::span<const std::optional<std::string_view>> values) {
  return add(type_bytea_array, [&](std::string& out) { append_array(out, type_bytea, values, append_bytes_element); });
}

// ---- rows

void rows::clear::operator()(pg_result* r) const noexcept {
  PQclear(r);
}

rows::rows(pg_result* taken) noexcept : result_(taken), count_(PQntuples(taken)) {
  changed_ = std::strtoull(PQcmdTuples(taken), nullptr, 10);
}

bool rows::null(int row, int column) const noexcept {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::int64_t rows::integer(int row, int column) const noexcept {
  const auto bytes = text(row, column);
  // The first byte has the sign.
  std::int64_t value = !bytes.empty() && (bytes[0] & 0x80) != 0 ? -1 : 0;
  for (const char byte : bytes) value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << 8 | static_cast<std::uint8_t>(byte));
  return value;
}

double rows::real(int row, int column) const noexcept {
  return null(row, column) ? 0 : std::bit_cast<double>(integer(row, column));
}

std::string_view rows::text(int row, int column) const noexcept {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

}  // namespace convoke::ledger::postgres

#include <algorithm>
#include <string>
#include <utility>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "csv/csv.hpp"
#include "csv/delimiter.hpp"
#include "csv/scanner.hpp"

namespace convoke::csv {

namespace {

std::string_view without_line_end(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// `line 3, column 17: what`. `bytes` begins at the beginning of line `line`.
std::unexpected<error> fail_at(std::string_view bytes, std::size_t at, std::uint32_t line, std::string_view what) {
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < at; ++i) {
    const bool line_end = bytes[i] == '\n' || (bytes[i] == '\r' && (i + 1 == bytes.size() || bytes[i + 1] != '\n'));
    if (!line_end) continue;
    ++line;
    line_start = i + 1;
  }
  const std::string_view before = bytes.substr(line_start, at - line_start);
  const auto column = 1 + std::ranges::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
  return fail(errc::input, "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + std::string(what));
}

}  // namespace

struct reader::state {
  state(std::optional<char> delimiter, const limits& l) : forced(delimiter), lim(l), header(delimiter), scan(delimiter.value_or(','), l) {}

  result<void> start(bool last, const sink& to);
  result<void> obey(std::string_view sep, std::string_view first);
  result<char> choose(std::string_view header) const;
  result<std::string_view> fill_carry(std::string_view chunk, const sink& to);
  result<void> records(std::string_view bytes, const sink& to);
  result<void> emit(std::string_view raw, const sink& to);
  [[nodiscard]] std::unexpected<error> fault(std::string_view bytes) const { return fail_at(bytes, scan.fault_at(), line, scan.fault()); }

  std::optional<char> forced;
  limits lim;
  char delimiter = ',';
  bool started = false;    // the delimiter is known
  bool may_be_sep = true;  // nothing but blank lines so far
  first_record header;
  std::string carry;  // a record that began in an earlier chunk
  scanner scan;
  std::uint32_t line = 1;  // where the record begins
  record rec;
  std::string unescaped;
};

reader::reader(std::optional<char> delimiter, limits l) : state_(std::make_unique<state>(delimiter, l)) {}
reader::reader(reader&&) noexcept = default;
reader& reader::operator=(reader&&) noexcept = default;
reader::~reader() = default;

char reader::delimiter() const noexcept {
  return state_->delimiter;
}

result<void> reader::feed(std::string_view chunk, const sink& to) {
  if (!state_->started) {
    state_->carry += chunk;
    return state_->start(false, to);
  }
  const auto rest = state_->fill_carry(chunk, to);
  if (!rest) return std::unexpected(rest.error());
  return state_->records(*rest, to);
}

result<void> reader::finish(const sink& to) {
  if (!state_->started) {
    if (const auto r = state_->start(true, to); !r) return r;
  }
  if (state_->carry.empty()) return {};
  const std::string bytes = std::exchange(state_->carry, {});
  if (state_->scan.scan(bytes, true) == scanner::found::fault) return state_->fault(bytes);
  return state_->emit(bytes, to);
}

// Looks for the whole first record and skips blank lines and `sep=` before it. Once the delimiter is known, reads what has come.
result<void> reader::state::start(bool last, const sink& to) {
  std::string_view rest = carry;
  while (!rest.empty()) {
    const auto end = header.find(rest, last);
    const std::string_view first = without_line_end(rest.substr(0, end.value_or(rest.size())));
    if (first.size() > lim.record) return fail_at(rest, 0, line, "a header of more than " + std::to_string(lim.record) + " bytes");
    if (!end) break;
    const auto sep = may_be_sep ? read_sep(first) : std::nullopt;
    if (!first.empty() && !sep) {
      const auto chosen = choose(first);
      if (!chosen) return std::unexpected(chosen.error());
      delimiter = *chosen;
      scan = scanner(delimiter, lim);
      started = true;
      const std::string bytes(rest);
      carry.clear();
      return records(bytes, to);
    }
    if (sep) {
      if (const auto r = obey(*sep, first); !r) return r;
    }
    ++line;
    rest.remove_prefix(*end);
    header = first_record(forced);
  }
  carry.erase(0, carry.size() - rest.size());
  return {};
}

// `sep`: the part of the line `first` that names the delimiter.
result<void> reader::state::obey(std::string_view sep, std::string_view first) {
  may_be_sep = false;
  if (forced) return {};
  if (sep.size() == 1 && std::ranges::find(delimiters, sep.front()) != delimiters.end()) {
    forced = sep.front();
    return {};
  }
  const std::string what = sep.empty() ? "no delimiter" : "the delimiter '" + core::escape_for_people(sep) + "'";
  return fail_at(first, static_cast<std::size_t>(sep.data() - first.data()), line,
                 "the line '" + core::escape_for_people(first, 80) + "' names " + what +
                     ", but convoke reads files separated by , ; or tab; save the file with one of them");
}

result<char> reader::state::choose(std::string_view first) const {
  if (forced) return *forced;
  if (const auto sniffed = sniff_delimiter(first)) return *sniffed;
  if (std::ranges::max(count_delimiters(first)) == 0) return ',';
  return fail_at(first, 0, line,
                 "the header '" + core::escape_for_people(first, 80) +
                     "' holds two of , ; and tab equally often, so the delimiter is ambiguous; name it with --delimiter");
}

// Completes the record that began in an earlier chunk. Returns the rest of the chunk.
result<std::string_view> reader::state::fill_carry(std::string_view chunk, const sink& to) {
  constexpr std::size_t piece = 4096;
  while (!carry.empty() && !chunk.empty()) {
    const std::size_t had = carry.size();
    carry += chunk.substr(0, piece);
    switch (scan.scan(carry, false)) {
      case scanner::found::fault:
        return fault(carry);
      case scanner::found::nothing_yet:
        chunk.remove_prefix(std::min(piece, chunk.size()));
        break;
      case scanner::found::record: {
        const std::size_t end = scan.end();
        if (const auto r = emit(std::string_view(carry).substr(0, end), to); !r) return std::unexpected(r.error());
        chunk.remove_prefix(end - had);
        carry.clear();
      }
    }
  }
  return chunk;
}

result<void> reader::state::records(std::string_view bytes, const sink& to) {
  while (!bytes.empty()) {
    switch (scan.scan(bytes, false)) {
      case scanner::found::fault:
        return fault(bytes);
      case scanner::found::nothing_yet:
        carry = bytes;
        return {};
      case scanner::found::record: {
        const std::size_t end = scan.end();
        if (const auto r = emit(bytes.substr(0, end), to); !r) return r;
        bytes.remove_prefix(end);
      }
    }
  }
  return {};
}

result<void> reader::state::emit(std::string_view raw, const sink& to) {
  const auto& places = scan.fields();
  const std::uint32_t begins = line;
  line += scan.inner_lines() + 1;
  const bool blank = without_line_end(raw).empty();
  if (blank) {
    scan.restart();
    return {};
  }
  rec.line = begins;
  rec.raw = raw;
  rec.fields.clear();
  unescaped.clear();
  for (const field_place& p : places) {
    std::string_view text = raw.substr(p.begin, p.end - p.begin);
    if (p.escaped) {
      // The whole record fits, so that no later field moves the bytes of an earlier one.
      if (unescaped.capacity() < raw.size()) unescaped.reserve(raw.size());
      const std::size_t from = unescaped.size();
      for (std::size_t i = 0; i < text.size(); ++i) {
        unescaped += text[i];
        if (text[i] == '"') ++i;
      }
      text = std::string_view(unescaped).substr(from);
    }
    rec.fields.push_back(text);
  }
  scan.restart();
  return to(rec);
}

}  // namespace convoke::csv

#include "csv/scanner.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "csv/blanks.hpp"
#include "csv/marks.hpp"

namespace convoke::csv {

void scanner::restart() noexcept {
  mode_ = mode::plain;
  escaped_ = unquoted_ = false;
  next_ = begin_ = closed_ = blanks_ = end_ = 0;
  inner_lines_ = 0;
  fields_.clear();
}

scanner::found scanner::scan(std::string_view bytes, bool last) {
  // No more bytes are looked at, so that the report of a fault does not depend on the pieces in which the file came.
  const std::string_view seen = bytes.substr(0, limits_.record + 1);  // the line end must begin within them
  while (next_ < seen.size()) {
    const std::size_t from = next_;
    const std::size_t count = std::min<std::size_t>(64, seen.size() - from);
    std::uint64_t left = marks(seen.data() + from, count, delimiter_);
    next_ = from + count;
    for (; left != 0; left &= left - 1) {
      const std::size_t at = from + static_cast<std::size_t>(std::countr_zero(left));
      if (mode_ == mode::plain && bytes[at] == delimiter_) {  // by far the most frequent
        if (!end_field(at)) return found::fault;
        begin_ = at + 1;
        continue;
      }
      const found f = look(bytes, at, last);
      if (f != found::nothing_yet || next_ == at) return f;  // set back to `at`: the byte after it is needed
    }
  }
  if (bytes.size() > limits_.record) return too_long();
  return last ? end_of_bytes(bytes) : found::nothing_yet;
}

scanner::found scanner::look(std::string_view bytes, std::size_t at, bool last) {
  const char c = bytes[at];
  if (mode_ == mode::quoted) return look_in_quotes(bytes, at);
  if (mode_ == mode::closed) {
    blanks_ = skip_blanks(bytes, blanks_, at);
    if (blanks_ != at) return text_after_quote(blanks_);
  }
  if (c == delimiter_) {
    if (!end_field(at)) return found::fault;
    begin_ = at + 1;
    return found::nothing_yet;
  }
  if (c == '"') return look_at_quote(bytes, at);
  if (c == '\n' || c == '\r') return end_of_line(bytes, at, last);
  if (c == '\0') return fail_at(at, "a NUL byte; the file is damaged, or is UTF-16 without a byte-order mark");
  return mode_ == mode::closed && c != '\t' ? text_after_quote(at) : found::nothing_yet;
}

// A quote that is not inside quotes.
scanner::found scanner::look_at_quote(std::string_view bytes, std::size_t at) {
  if (mode_ == mode::closed) {
    if (at != closed_ + 1) return text_after_quote(at);
    escaped_ = true;
    mode_ = mode::quoted;
  } else if (!unquoted_ && skip_blanks(bytes, begin_, at) == at) {
    begin_ = at;
    mode_ = mode::quoted;
  } else {
    unquoted_ = true;
  }
  return found::nothing_yet;
}

scanner::found scanner::look_in_quotes(std::string_view bytes, std::size_t at) {
  const char c = bytes[at];
  if (c == '"') {
    mode_ = mode::closed;
    closed_ = at;
    blanks_ = at + 1;
  } else if (c == '\r' || (c == '\n' && bytes[at - 1] != '\r')) {
    ++inner_lines_;
  } else if (c == '\0') {
    return fail_at(at, "a NUL byte; the file is damaged");
  }
  return found::nothing_yet;
}

scanner::found scanner::end_of_line(std::string_view bytes, std::size_t at, bool last) {
  const bool cr = bytes[at] == '\r';
  if (cr && at + 1 == bytes.size() && !last) {
    next_ = at;  // the LF of a CRLF may still come
    return found::nothing_yet;
  }
  if (!end_field(at)) return found::fault;
  end_ = cr && at + 1 < bytes.size() && bytes[at + 1] == '\n' ? at + 2 : at + 1;
  return found::record;
}

scanner::found scanner::end_of_bytes(std::string_view bytes) {
  if (mode_ == mode::quoted) {
    return fail_at(begin_,
                   "a quote opens here and is never closed; the file may have been cut off, or a quote inside a field is not doubled");
  }
  if (mode_ == mode::closed) {
    blanks_ = skip_blanks(bytes, blanks_, bytes.size());
    if (blanks_ != bytes.size()) return text_after_quote(blanks_);
  }
  if (!end_field(bytes.size())) return found::fault;
  end_ = bytes.size();
  return found::record;
}

bool scanner::end_field(std::size_t at) {
  const bool quoted = mode_ == mode::closed;
  const std::size_t from = quoted ? begin_ + 1 : begin_;
  const std::size_t to = quoted ? closed_ : at;
  if (to - from > limits_.field) {
    static_cast<void>(fail_at(begin_, "a field of more than " + std::to_string(limits_.field) + " bytes"));
    return false;
  }
  if (fields_.size() == limits_.columns) {
    static_cast<void>(fail_at(begin_, "more than " + std::to_string(limits_.columns) + " columns"));
    return false;
  }
  fields_.push_back({static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to), escaped_});
  mode_ = mode::plain;
  escaped_ = unquoted_ = false;
  return true;
}

scanner::found scanner::fail_at(std::size_t at, std::string text) {
  fault_at_ = at;
  fault_ = std::move(text);
  return found::fault;
}

scanner::found scanner::text_after_quote(std::size_t at) {
  return fail_at(at, "text after a closing quote; a quote inside a quoted field must be doubled (\"\")");
}

scanner::found scanner::too_long() {
  const std::string size = "a record of more than " + std::to_string(limits_.record) + " bytes";
  if (mode_ == mode::quoted) return fail_at(begin_, size + "; the quote that opens here may not be closed");
  return fail_at(0, size);
}

}  // namespace convoke::csv

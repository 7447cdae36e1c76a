#include "files/decoder.hpp"

#include <utility>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "files/windows_1252.hpp"

namespace convoke::files {

namespace {

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";
constexpr std::string_view utf16le_mark = "\xFF\xFE";
constexpr std::string_view utf16be_mark = "\xFE\xFF";

std::string hex(unsigned char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return {digits[byte >> 4], digits[byte & 0xF]};
}

std::optional<text_format> read_mark(std::string_view bytes) noexcept {
  if (bytes.starts_with(utf8_mark)) return text_format{encoding::utf8, true};
  if (bytes.starts_with(utf16le_mark)) return text_format{encoding::utf16le, true};
  if (bytes.starts_with(utf16be_mark)) return text_format{encoding::utf16be, true};
  return std::nullopt;
}

std::size_t mark_length(const text_format& f) noexcept {
  return !f.bom ? 0 : f.enc == encoding::utf8 ? 3 : 2;
}

}  // namespace

std::unexpected<error> decoder::bad(const std::string& what) const {
  return fail(errc::input, "line " + std::to_string(place_.line()) + ", column " + std::to_string(place_.column()) + ": " + what);
}

result<void> decoder::feed(std::string_view bytes, const sink& to) {
  if (begun_ && rest_.empty()) return convert(bytes, false, to);
  rest_ += bytes;
  if (!begun_) {
    if (rest_.size() < utf8_mark.size()) return {};
    if (const auto r = begin(); !r) return r;
  }
  const std::string all = std::exchange(rest_, {});
  return convert(all, false, to);
}

result<text_format> decoder::finish(const sink& to) {
  if (!begun_) {
    if (const auto r = begin(); !r) return std::unexpected(r.error());
  }
  const std::string all = std::exchange(rest_, {});
  if (const auto r = convert(all, true, to); !r) return std::unexpected(r.error());
  return format_;
}

// Decides the encoding by the byte-order mark and removes the mark.
result<void> decoder::begin() {
  begun_ = true;
  const auto mark = read_mark(rest_);
  if (forced_ && mark && mark->enc != *forced_) {
    return bad("the byte-order mark says " + std::string(to_string(mark->enc)) + ", but " + std::string(to_string(*forced_)) +
               " was requested; leave --encoding out");
  }
  format_ = mark.value_or(text_format{forced_.value_or(encoding::utf8), false});
  rest_.erase(0, mark_length(format_));
  return {};
}

result<void> decoder::convert(std::string_view bytes, bool last, const sink& to) {
  switch (format_.enc) {
    case encoding::utf8:
      return convert_utf8(bytes, last, to);
    case encoding::utf16le:
    case encoding::utf16be:
      return convert_utf16(bytes, last, to);
    case encoding::windows_1252:
      return convert_windows_1252(bytes, last, to);
  }
  return {};
}

result<void> decoder::convert_utf8(std::string_view bytes, bool last, const sink& to) {
  const std::size_t valid = core::valid_text_prefix(bytes);
  if (const auto r = pass_on(bytes.substr(0, valid), to); !r) return r;
  const std::string_view left = bytes.substr(valid);
  if (left.empty()) return {};
  if (left.front() == '\0') {
    found_ = fault::nul;
    return bad("a NUL byte; the file is damaged");
  }
  if (core::incomplete_utf8(left)) {
    if (last) return bad("the file ends inside a character; it may have been cut off");
    rest_ = left;
    return {};
  }
  found_ = fault::not_utf8;
  return bad("byte " + hex(static_cast<unsigned char>(left.front())) + " is not UTF-8");
}

result<void> decoder::convert_utf16(std::string_view bytes, bool last, const sink& to) {
  const bool little = format_.enc == encoding::utf16le;
  const auto unit = [&](std::size_t i) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<char32_t>(little ? first | (second << 8) : second | (first << 8));
  };
  utf8_.clear();
  std::size_t i = 0;
  std::string wrong;
  while (i + 2 <= bytes.size()) {
    char32_t c = unit(i);
    std::size_t length = 2;
    if (c >= 0xD800 && c <= 0xDFFF) {
      if (c <= 0xDBFF && i + 4 > bytes.size()) break;
      const char32_t low = c <= 0xDBFF ? unit(i + 2) : 0;
      if (low < 0xDC00 || low > 0xDFFF) {
        wrong = "half of a surrogate pair; the file is damaged";
        break;
      }
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      length = 4;
    }
    if (c == 0) {
      wrong = "a NUL character; the file is damaged";
      break;
    }
    core::append_utf8(utf8_, c);
    i += length;
  }
  if (const auto r = pass_on(utf8_, to); !r) return r;
  if (!wrong.empty()) return bad(wrong);
  if (i == bytes.size()) return {};
  if (last) return bad("the file ends inside a character; it may have been cut off");
  rest_ = bytes.substr(i);
  return {};
}

result<void> decoder::convert_windows_1252(std::string_view bytes, bool last, const sink& to) {
  utf8_.clear();
  placed_ = 0;
  while (!bytes.empty()) {
    const std::size_t plain = core::plain_ascii_prefix(bytes);
    utf8_ += bytes.substr(0, plain);
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;
    const auto byte = static_cast<unsigned char>(bytes.front());
    if (!look_for_utf8(bytes, last)) {
      rest_ = bytes;
      break;
    }
    const char32_t c = from_windows_1252(byte);
    if (c == 0) {
      if (const auto r = pass_on(utf8_, to); !r) return r;
      return bad(byte == 0 ? "a NUL byte; the file is damaged" : "byte " + hex(byte) + " has no meaning in windows-1252");
    }
    core::append_utf8(utf8_, c);
    bytes.remove_prefix(1);
  }
  return pass_on(utf8_, to);
}

// Counts the line where `bytes` begin with a UTF-8 character of more than one byte. False where more bytes are needed to know.
bool decoder::look_for_utf8(std::string_view bytes, bool last) {
  const core::utf8_char c = core::decode_utf8(bytes);
  if (c.length == 0) return last || !core::incomplete_utf8(bytes);
  if (c.length == 1) return true;
  place_.pass(std::string_view(utf8_).substr(placed_));
  placed_ = utf8_.size();
  if (std::exchange(utf8_line_, place_.line()) == place_.line()) return true;
  if (++utf8_seen_.lines > 1) return true;
  utf8_seen_.first_line = static_cast<std::uint32_t>(place_.line());
  std::string read;
  for (const char byte : bytes.substr(0, c.length)) core::append_utf8(read, from_windows_1252(static_cast<unsigned char>(byte)));
  utf8_seen_.example = core::escape_for_people(read) + " for " + core::escape_for_people(bytes.substr(0, c.length));
  return true;
}

result<void> decoder::pass_on(std::string_view utf8, const sink& to) {
  if (utf8.empty()) return {};
  place_.pass(utf8.substr(std::exchange(placed_, 0)));
  return to(utf8);
}

}  // namespace convoke::files

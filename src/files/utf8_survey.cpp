#include "files/utf8_survey.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/utf8.hpp"

namespace convoke::files {

void utf8_survey::add(std::string_view bytes) {
  if (rest_.empty()) return look(bytes, false);
  const std::string all = std::exchange(rest_, {}).append(bytes);
  look(all, false);
}

void utf8_survey::finish() {
  const std::string all = std::exchange(rest_, {});
  look(all, true);
}

void utf8_survey::look(std::string_view bytes, bool last) {
  const auto pass = [&](std::size_t length) {
    place_.pass(bytes.substr(0, length));
    bytes.remove_prefix(length);
  };
  while (!bytes.empty()) {
    const std::size_t plain = bytes.front() == '\0' ? 1 : core::plain_ascii_prefix(bytes);
    if (plain > 0) {
      after_bad_ = false;
      pass(plain);
      continue;
    }
    const core::utf8_char c = core::decode_utf8(bytes);
    if (c.length > 0) {
      constexpr char32_t mark = 0xFEFF;
      if (c.code_point != mark) count(characters_);
      after_bad_ = false;
      pass(c.length);
      continue;
    }
    if (!last && core::incomplete_utf8(bytes)) {
      rest_ = bytes;
      return;
    }
    if (!std::exchange(after_bad_, true)) count(bad_);
    pass(1);
  }
}

void utf8_survey::count(places& at) const noexcept {
  ++at.count;
  if (at.count == 2) at.second_line = place_.line();
  if (std::exchange(at.last_line, place_.line()) != place_.line()) ++at.lines;
}

std::string remedy_of(const utf8_survey& survey, bool whole) {
  const auto& good = survey.characters();
  const auto& bad = survey.bad();
  const auto plural = [](std::uint64_t n, std::string_view one) { return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s"); };
  // In windows-1252, two neighbouring characters are valid UTF-8 now and then, such as a sharp s before a closing quotation mark.
  const bool other_encoding = good.count * 10 <= bad.count;
  if (other_encoding) {
    std::string text =
        "; save the file as \"CSV UTF-8\", or, if its letters are those of Western Europe, name its encoding, such as "
        "--encoding windows-1252";
    if (whole && bad.count > 1) text += fmt::format(" ({} in {} are not UTF-8)", plural(bad.count, "place"), plural(bad.lines, "line"));
    return text;
  }
  std::string text = fmt::format(
      "; this cell is the exception: {} of the file {} such characters in UTF-8{}, and --encoding windows-1252 would spoil them. Correct "
      "this cell",
      plural(good.lines, "line"), good.lines == 1 ? "has" : "have", whole ? "" : " so far");
  if (bad.count > 1) {
    text += fmt::format(" and {} more like it; the next one is in line {}", plural(bad.count - 1, "place"), bad.second_line);
  }
  return text;
}

}  // namespace convoke::files

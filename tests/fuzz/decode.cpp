// Any bytes in any encoding, whole and in pieces: they give the same text or the same fault. The text is strict UTF-8 without NUL, and is
// encoded to the same bytes.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/utf8.hpp"
#include "files/decoder.hpp"
#include "files/known_formats.hpp"
#include "files/utf8_survey.hpp"

namespace {

using convoke::files::encoding;

struct decoded {
  std::string text;
  std::string fault;
  convoke::files::text_format format;
  std::uint64_t utf8_lines = 0;
  std::string utf8_example;
};

decoded decode(std::string_view bytes, std::size_t piece, std::optional<encoding> forced) {
  decoded out;
  convoke::files::decoder d(forced);
  const auto keep = [&out](std::string_view utf8) -> convoke::result<void> {
    if (convoke::core::valid_utf8_prefix(utf8) != utf8.size() || utf8.find('\0') != std::string_view::npos) std::abort();
    out.text += utf8;
    return {};
  };
  convoke::result<void> done;
  for (; done && !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    done = d.feed(std::string(bytes.substr(0, piece)), keep);
  if (!done) {
    out.fault = done.error().message;
  } else if (const auto format = d.finish(keep)) {
    out.format = *format;
  } else {
    out.fault = format.error().message;
  }
  out.utf8_lines = d.utf8_seen().lines;
  out.utf8_example = d.utf8_seen().example;
  return out;
}

// What is said about a file that is not UTF-8.
std::string surveyed(std::string_view bytes, std::size_t piece) {
  convoke::files::utf8_survey survey;
  for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
    survey.add(std::string(rest.substr(0, piece)));
  survey.finish();
  if ((survey.bad().count == 0) != (convoke::core::valid_utf8_prefix(bytes) == bytes.size())) std::abort();
  return convoke::files::remedy_of(survey, true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::optional<encoding> forced;
  if (const unsigned choice = data[0] % 5U; choice < 4) forced = static_cast<encoding>(choice);
  const decoded whole = decode(bytes, bytes.size() + 1, forced);
  const decoded pieces = decode(bytes, 1 + data[0] / 5U % 13U, forced);
  if (whole.text != pieces.text || whole.fault != pieces.fault) std::abort();
  if (whole.utf8_lines != pieces.utf8_lines || whole.utf8_example != pieces.utf8_example) std::abort();
  if (surveyed(bytes, bytes.size() + 1) != surveyed(bytes, 1 + data[0] / 5U % 13U)) std::abort();
  static_cast<void>(convoke::files::foreign_format(bytes));
  static_cast<void>(convoke::files::looks_like_utf16(bytes));
  if (!whole.fault.empty()) return 0;
  const std::size_t mark = !whole.format.bom ? 0 : whole.format.enc == encoding::utf8 ? 3 : 2;
  if (convoke::files::encode(whole.text, whole.format.enc) != bytes.substr(mark)) std::abort();
  return 0;
}

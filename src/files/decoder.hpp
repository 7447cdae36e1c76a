#pragma once

// Decodes bytes of any encoding to strict UTF-8, in chunks. Does not know the file they come from.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

#include "files/input.hpp"
#include "files/text_place.hpp"

namespace convoke::files {

class decoder {
 public:
  using sink = std::function<result<void>(std::string_view)>;

  // `forced` as for input::decode.
  explicit decoder(std::optional<encoding> forced) noexcept : forced_(forced) {}

  // errc::input, `line L, column C: …`, for a bad byte or a NUL; else the failure of the sink. There must be no call after a failure.
  [[nodiscard]] result<void> feed(std::string_view bytes, const sink& to);
  [[nodiscard]] result<text_format> finish(const sink& to);

  // Of the failure, if it is one of these: more can be said about it by who has the whole file.
  enum class fault : std::uint8_t { none, not_utf8, nul };
  [[nodiscard]] fault found() const noexcept { return found_; }
  // Under windows-1252: where the bytes are valid UTF-8 all the same.
  [[nodiscard]] const utf8_lines& utf8_seen() const noexcept { return utf8_seen_; }

 private:
  [[nodiscard]] result<void> begin();
  [[nodiscard]] result<void> convert(std::string_view bytes, bool last, const sink& to);
  [[nodiscard]] result<void> convert_utf8(std::string_view bytes, bool last, const sink& to);
  [[nodiscard]] result<void> convert_utf16(std::string_view bytes, bool last, const sink& to);
  [[nodiscard]] result<void> convert_windows_1252(std::string_view bytes, bool last, const sink& to);
  [[nodiscard]] bool look_for_utf8(std::string_view bytes, bool last);
  [[nodiscard]] result<void> pass_on(std::string_view utf8, const sink& to);
  [[nodiscard]] std::unexpected<error> bad(const std::string& what) const;

  std::optional<encoding> forced_;
  bool begun_ = false;
  text_format format_;
  std::string rest_;  // the first bytes of the file, or a part of a character
  std::string utf8_;
  std::size_t placed_ = 0;  // so much of utf8_ has passed place_
  text_place place_;
  fault found_ = fault::none;
  utf8_lines utf8_seen_;
  std::uint64_t utf8_line_ = 0;  // the last one of them
};

}  // namespace convoke::files

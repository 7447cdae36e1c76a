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

 private:
  [[nodiscard]] result<void> begin();
  [[nodiscard]] result<void> convert(std::string_view bytes, bool last, const sink& to);
  [[nodiscard]] result<void> convert_utf8(std::string_view bytes, bool last, const sink& to);
  [[nodiscard]] result<void> convert_utf16(std::string_view bytes, bool last, const sink& to);
  [[nodiscard]] result<void> convert_windows_1252(std::string_view bytes, const sink& to);
  [[nodiscard]] result<void> pass_on(std::string_view utf8, const sink& to);
  [[nodiscard]] std::unexpected<error> bad(const std::string& what) const;

  std::optional<encoding> forced_;
  bool begun_ = false;
  text_format format_;
  std::string rest_;  // the first bytes of the file, or a part of a character
  std::string utf8_;
  text_place place_;
};

}  // namespace convoke::files

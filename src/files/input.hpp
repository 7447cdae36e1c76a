#pragma once

// Input files: opening, copying standard input to a temporary file, decoding to UTF-8 in chunks, SHA-256.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

namespace convoke::files {

enum class encoding : std::uint8_t { utf8, utf16le, utf16be, windows_1252 };

// The encoding of a file; the failed file is written in the same one.
struct text_format {
  encoding enc = encoding::utf8;
  bool bom = false;
};

// Lines of a file that is read as windows-1252 although some of its bytes are valid UTF-8.
struct utf8_lines {
  std::uint64_t lines = 0;
  std::uint32_t first_line = 0;
  std::string example;  // of the first line: what is read, and what it is in UTF-8; fit for people
};

// An input that can be read more than once. Standard input (`-`) and other pipes are copied to an unlinked temporary file first.
class input {
 public:
  // Examines a pipe while it is copied, so that one without end is refused at its first bad byte. `sink` is called as by decode(), but does
  // not see the end of the input.
  struct first_look {
    std::optional<encoding> forced;
    std::function<result<void>(std::string_view)> sink;
  };

  // Opens a file, and reads a pipe to its end. errc::usage where the input does not exist, is a directory or cannot be read; errc::input
  // where it is empty or is known to be no CSV, such as a workbook; errc::interrupted where `interrupted`, which is called ten times a
  // second while a pipe is read, returns true; errc::storage where there is no room for the copy of a pipe; or the failure of `look`. The
  // message names the input.
  [[nodiscard]] static result<input> open(
      const std::string& name, const std::function<bool()>& interrupted = [] { return false; }, const first_look& look = {});
  // The same failures, as far as they can be known without opening a pipe.
  [[nodiscard]] static result<void> look(const std::string& name);
  input(input&&) noexcept;
  input& operator=(input&&) noexcept;
  ~input();

  [[nodiscard]] const std::string& name() const noexcept;
  // The SHA-256 of the bytes, hexadecimal. Reads the whole file.
  [[nodiscard]] result<std::string> sha256();
  // Decodes the whole file: `sink` gets UTF-8 without a byte-order mark, in chunks that do not split a character. `forced` is the requested
  // encoding; without it the file is UTF-16 by its byte-order mark, else UTF-8. A bad byte or a NUL is errc::input, with line and column,
  // and with what the rest of the file says about it.
  // Returns the SHA-256 of the bytes of this pass, so that the caller notices a file that changes while it is read.
  struct decoded {
    text_format format;
    std::string sha256;
    utf8_lines utf8;  // only under windows-1252
  };
  [[nodiscard]] result<decoded> decode(std::optional<encoding> forced, const std::function<result<void>(std::string_view)>& sink);

 private:
  struct impl;
  explicit input(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

[[nodiscard]] std::optional<encoding> parse_encoding(std::string_view name);
[[nodiscard]] std::string_view to_string(encoding) noexcept;
// Encodes UTF-8, without a byte-order mark. A character that windows-1252 does not have becomes `?`.
[[nodiscard]] std::string encode(std::string_view utf8, encoding enc);

}  // namespace convoke::files

#pragma once

// Input files: opening, spooling standard input, encodings, SHA-256. What comes out is UTF-8 in chunks.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

namespace convoke::files {

enum class encoding : std::uint8_t { utf8, utf16le, utf16be, windows_1252 };

// How the file was written, so that the failed file can be written the same way.
struct text_format {
  encoding enc = encoding::utf8;
  bool bom = false;
};

// An input that can be read more than once. Standard input (`-`) is spooled into an unlinked temporary file first.
class input {
 public:
  // Looks at what can be read only once while it is copied, so that a pipe without end is refused at its first bad byte. `sink` is used as
  // decode() uses it, but for the end of the input, which it does not see.
  struct first_look {
    std::optional<encoding> forced;
    std::function<result<void>(std::string_view)> sink;
  };

  // Refuses what does not exist, is a directory, or cannot be read; the message names it. errc::usage for a missing file or a
  // directory (nothing to retry), errc::input for an empty one. A pipe is waited for and read whole: errc::interrupted once
  // `interrupted`, asked ten times a second, says so; errc::storage where there is no room for the copy; and what `look` finds, if any.
  [[nodiscard]] static result<input> open(
      const std::string& name, const std::function<bool()>& interrupted = [] { return false; }, const first_look& look = {});
  // The same refusals, as far as they can be known without taking anything out of a pipe.
  [[nodiscard]] static result<void> look(const std::string& name);
  input(input&&) noexcept;
  input& operator=(input&&) noexcept;
  ~input();

  [[nodiscard]] const std::string& name() const noexcept;
  // SHA-256 of the bytes, hexadecimal; one pass over the file.
  [[nodiscard]] result<std::string> sha256();
  // Decodes from the start: `sink` gets UTF-8 without byte-order mark, in chunks that never split a character. `forced`: the
  // encoding asked for, else UTF-8 or, by byte-order mark, UTF-16. A bad byte or a NUL ends it with errc::input and line and
  // column. Hashes what it reads: the digest of this pass comes back, so that a file that changed under way is found out.
  struct decoded {
    text_format format;
    std::string sha256;
  };
  [[nodiscard]] result<decoded> decode(std::optional<encoding> forced, const std::function<result<void>(std::string_view)>& sink);

 private:
  struct impl;
  explicit input(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

[[nodiscard]] std::optional<encoding> parse_encoding(std::string_view name);
[[nodiscard]] std::string_view to_string(encoding) noexcept;
// UTF-8 to the bytes of this encoding (no byte-order mark).
[[nodiscard]] std::string encode(std::string_view utf8, encoding enc);

}  // namespace convoke::files

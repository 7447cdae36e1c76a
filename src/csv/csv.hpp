#pragma once

// RFC 4180 with the tolerance of design section 3, as a push parser: bytes in, records out. Pure.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::csv {

struct limits {
  std::size_t field = 64 * 1024;
  std::size_t record = 1024 * 1024;
  std::size_t columns = 256;
};

// One record. The views live until the callback returns.
struct record {
  std::uint32_t line = 0;                // of its first byte, 1-based; the header is line 1 unless blank lines come first
  std::string_view raw;                  // its own bytes, line end included (none at the end of a file without one)
  std::vector<std::string_view> fields;  // unquoted
};

// `,` `;` or tab, seen from the header record's bytes outside quotes: the one that occurs most; nullopt where none occurs
// (one column) or two occur equally often.
[[nodiscard]] std::optional<char> sniff_delimiter(std::string_view header_line);

// Line ends are LF, CRLF and CR alone (as old Macintosh programs write): a stray CR in an unquoted field therefore splits its
// record, which leaves two ragged rows and never a wrong meeting. A quote inside an unquoted field is data. A first line `sep=;`,
// which Excel writes and obeys, names the delimiter and is no record.
class reader {
 public:
  // delimiter absent: named by `sep=`, else sniffed from the first record (a header of one column gets ','; an ambiguous one is
  // refused).
  explicit reader(std::optional<char> delimiter, limits l = {});
  reader(reader&&) noexcept;
  reader& operator=(reader&&) noexcept;
  ~reader();

  using sink = std::function<result<void>(const record&)>;
  // Feeds UTF-8. Every complete record goes to `to`; its failure ends the parse. Blank lines are skipped. errc::input, with line
  // and column, for a NUL byte, an open quote at the end of the file, text after a closing quote, or a record beyond the limits.
  // After a failure the reader is of no more use.
  [[nodiscard]] result<void> feed(std::string_view chunk, const sink& to);
  [[nodiscard]] result<void> finish(const sink& to);
  [[nodiscard]] char delimiter() const noexcept;  // known after the first record

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// One field as CSV writes it: quoted where needed.
void append_field(std::string& out, std::string_view field, char delimiter);
// The same, made inert for spreadsheets: a leading = + - @ TAB CR LF or a full-width ＝＋－＠ gets a `'` in front.
// A plain phone number stays (`+1 323-555-0166`: 7 to 15 digits, blanks, and `-.()`).
void append_inert_field(std::string& out, std::string_view field, char delimiter);

}  // namespace convoke::csv

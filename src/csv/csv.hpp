#pragma once

// CSV by RFC 4180, with tolerance for what spreadsheets write, as a push parser: bytes in, records out. Pure.

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

// One record. The views are valid until the callback returns.
struct record {
  std::uint32_t line = 0;                // of its first byte, 1-based; the header is line 1 unless blank lines come first
  std::string_view raw;                  // the bytes of the record with its line end, which the last record may lack
  std::vector<std::string_view> fields;  // without their quotes
};

// The delimiter of a file by its header: of `,` `;` and tab the one that occurs most often outside quotes. nullopt where none occurs (one
// column) or two occur equally often.
[[nodiscard]] std::optional<char> sniff_delimiter(std::string_view header_line);

// Line ends are LF, CRLF and CR alone, which old Macintosh programs write. A CR in an unquoted field therefore splits its record: that
// leaves two ragged rows, and never a wrong meeting. Blanks before an opening and after a closing quote are outside the field. Any other
// quote in an unquoted field is data. A first line `sep=;`, which Excel writes and reads, names the delimiter and is not a record.
class reader {
 public:
  // Without `delimiter`, `sep=` names it, else sniff_delimiter() finds it in the first record: a header of one column gets ',', and an
  // ambiguous one is refused.
  explicit reader(std::optional<char> delimiter, limits l = {});
  reader(reader&&) noexcept;
  reader& operator=(reader&&) noexcept;
  ~reader();

  using sink = std::function<result<void>(const record&)>;
  // Reads a chunk of UTF-8 and passes every complete record to `to`, whose failure ends the parse. Blank lines are skipped. errc::input,
  // with line and column, for a NUL byte, a quote that is open at the end of the file, text after a closing quote, or a record beyond the
  // limits. After a failure the reader must not be used again.
  [[nodiscard]] result<void> feed(std::string_view chunk, const sink& to);
  [[nodiscard]] result<void> finish(const sink& to);
  [[nodiscard]] char delimiter() const noexcept;  // known after the first record

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// Appends a field, quoted where CSV requires it.
void append_field(std::string& out, std::string_view field, char delimiter);
// Appends a field that no spreadsheet takes for a formula: a leading = + - @ TAB CR LF or a full-width ＝＋－＠ gets a `'` in front. A
// plain phone number stays as it is (`+1 323-555-0166`: 7 to 15 digits, blanks, and `-./()`; then, perhaps, commas and a conference id).
void append_inert_field(std::string& out, std::string_view field, char delimiter);

}  // namespace convoke::csv

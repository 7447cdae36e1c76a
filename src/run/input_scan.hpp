#pragma once

// The first pass over an input, before anything is planned: digest, encoding, delimiter and header.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/job.hpp>

#include "csv/csv.hpp"
#include "files/input.hpp"
#include "run/header_diagnosis.hpp"
#include "run/skip_dates_file.hpp"
#include "run/stop_tokens.hpp"
#include "spec/rows.hpp"

namespace convoke::run {

struct scanned_input {
  std::optional<files::input> source;     // absent: the run has no input
  std::optional<files::encoding> forced;  // absent: by byte-order mark, else UTF-8
  files::text_format format;
  std::string sha256;
  files::utf8_lines utf8;  // under windows-1252, lines that are valid UTF-8
  char delimiter = ',';
  std::string header;  // the header record's own bytes, as UTF-8, line end included
  early_records early;
  skip_dates_file skipped;
};

// How cells are read, by the job's options; without its tenants.
[[nodiscard]] spec::row_settings row_settings_of(const job& j);

// The options as runs keep them in their settings, and as the command line takes them; empty for the default.
[[nodiscard]] std::string_view to_string(on_drift what) noexcept;
[[nodiscard]] std::string_view to_string(input_encoding encoding) noexcept;
[[nodiscard]] std::string_view to_string(input_delimiter delimiter) noexcept;
[[nodiscard]] std::string_view to_string(overlap_choice overlap) noexcept;

// Errors: usage (no such file), input (empty, undecodable, a broken header, wrong skip dates), interrupted. `stop` is polled ten times a
// second while a pipe is waited for, and for each chunk. An input that can be read only once is examined while it is copied: a bad byte, a
// record beyond the limits or a header without a required column, with the records after it, ends the copy.
[[nodiscard]] result<scanned_input> scan(const job& j, const stop_tokens& stop);

// `FILE: message`, for an error that does not name the input yet. The errors of scan() and read_records() do.
[[nodiscard]] error in_file(const std::string& name, error e);

// Feeds every record except the header to `sink`, in order, and returns the digest of this pass. A failure of `sink` comes back as it is,
// except that errc::input gets the file's name.
[[nodiscard]] result<std::string> read_records(scanned_input& input, const csv::reader::sink& sink);

}  // namespace convoke::run

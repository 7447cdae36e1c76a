#pragma once

// What an input is, found out in one pass before anything is planned: digest, encoding, delimiter and header.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/job.hpp>

#include "csv/csv.hpp"
#include "files/input.hpp"
#include "spec/rows.hpp"

namespace convoke::run {

struct scanned_input {
  files::input source;
  std::optional<files::encoding> forced;
  std::optional<char> delimiter_option;
  files::text_format format;
  std::string sha256;
  char delimiter = ',';
  std::string header;  // the header record's own bytes, as UTF-8, line end included
};

// How cells are read, by the job's options.
[[nodiscard]] spec::row_settings row_settings_of(const plan_options& options);

// Errors: usage (no such file, unknown encoding or delimiter), input (empty, undecodable, a broken header), interrupted (`interrupted`
// returned true; it is called often). What can be read only once is examined while it is copied: a bad byte, a record beyond the limits or
// a header without the columns that are needed ends it at once.
[[nodiscard]] result<scanned_input> scan(const job& j, const std::function<bool()>& interrupted);

// `FILE: message`, for what does not name the input yet. The errors of scan() and read_records() do.
[[nodiscard]] error in_file(const std::string& name, error e);

// Feeds every record but the header to `sink`, in order; the digest of this pass comes back. A failure of `sink` comes back as it is, but
// for errc::input, which gets the file's name.
[[nodiscard]] result<std::string> read_records(scanned_input& input, const csv::reader::sink& sink);

}  // namespace convoke::run

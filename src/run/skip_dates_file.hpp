#pragma once

// The file of --skip-dates: dates on which no row repeats.

#include <string>
#include <vector>

#include <convoke/error.hpp>

#include "run/stop_tokens.hpp"
#include "spec/rows.hpp"

namespace convoke::run {

struct skip_dates_file {
  std::vector<spec::date_range> dates;
  std::string sha256;  // of the file's bytes; empty: there is no file
};

// Reads a file of at most 1 MiB, or a pipe. `date_format` is that of the job; it may be wrong, which the header of the input is refused for.
// An empty path is no file. Errors: usage (no such file), input (too large, a wrong line: the message names file and line), interrupted.
[[nodiscard]] result<skip_dates_file> read_skip_dates(const std::string& path, const std::string& date_format, const stop_tokens& stop);

}  // namespace convoke::run

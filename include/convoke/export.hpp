#pragma once

/// \file
/// Writes what a ledger knows to files. `convoke export` is these functions.

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/ledger.hpp>
#include <convoke/results_dialect.hpp>

namespace convoke {

/// CSV (no cell starts as a spreadsheet formula), or one JSON object per line with exact values.
enum class export_format : std::uint8_t { csv, jsonl };

/// By the ending of a file's name: .csv, .jsonl or .ndjson. errc::usage for another one.
[[nodiscard]] result<export_format> export_format_of(std::string_view path);

/// Which files to write of a run. Paths are used as they are; `-` is standard output.
struct run_files {
  std::string results;  ///< every row of the run with its outcome; empty: none
  export_format format = export_format::csv;
  results_dialect dialect = results_dialect::input;  ///< of CSV results
  std::string failed;  ///< the failed, rejected and (where drift fails) drifted records of the input, byte for byte; empty: none
};

struct written_files {
  std::uint64_t failed_rows = 0;  ///< 0: no failed file was written
};

/// Writes the files of a run. Each one appears whole (temporary file, fsync, rename) with mode 0600, and the same ledger gives the same
/// bytes. `stop` is polled between rows. Use it on the reader's thread. Errors: usage (no such run, or its records are not kept any more; a
/// path that is the ledger, the run's input or the other path), output (a file could not be written), storage, interrupted (what was there
/// before stays).
[[nodiscard]] result<written_files> export_run(ledger_reader& from, std::uint32_t run, const run_files& to, std::stop_token stop = {});

/// Writes the inventory to `path`. As export_run; it is not interrupted.
[[nodiscard]] result<void> export_inventory(ledger_reader& from, const std::string& path, export_format format);

}  // namespace convoke

#pragma once

// The results of a run and the inventory, as CSV or JSON lines. They are made from the ledger alone: the same ledger gives the same bytes.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/results_dialect.hpp>

#include "ledger/ledger.hpp"

namespace convoke::report {

enum class format : std::uint8_t { csv, jsonl };

// By the ending of a file's name; errc::usage for another one (for `.html` and `.ics` it says that they are not built yet).
[[nodiscard]] result<format> format_of(std::string_view path);

// Writes a row for each row of the input, in line order: the outcome, the meeting, and the columns that the input carries through.
// `path` may be `-`. `like`: how CSV is written; it is UTF-8 in every dialect. Errors: output (the file cannot be written), storage (the
// ledger cannot be read), interrupted (`interrupted`, which is called for each row, returned true; the file that was there stays).
// `sha256`, where it is given, becomes the digest of the bytes that were written, hexadecimal.
[[nodiscard]] result<void> write_results(ledger::reader& from, const ledger::run_info& run, const std::string& path, format as,
                                         results_dialect like = results_dialect::input, const std::function<bool()>& interrupted = {},
                                         std::string* sha256 = nullptr);
// Writes a row for each key that the ledger knows. The errors are those of write_results().
[[nodiscard]] result<void> write_inventory(ledger::reader& from, const std::string& path, format as);

}  // namespace convoke::report

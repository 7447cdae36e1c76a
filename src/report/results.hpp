#pragma once

// The results of a run and the inventory, as CSV or JSON lines. Made from the ledger alone: the same ledger, the same bytes.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

#include "ledger/ledger.hpp"

namespace convoke::report {

enum class format : std::uint8_t { csv, jsonl };

// By the ending of a file's name; errc::usage for another one (`.html` and `.ics` are not built yet, and say so).
[[nodiscard]] result<format> format_of(std::string_view path);

// `path` may be `-`. Fails with errc::output where the file cannot be written, errc::storage where the ledger cannot be read, and with
// errc::interrupted, leaving what was there, once `interrupted` says so; it is asked often.
[[nodiscard]] result<void> write_results(ledger::reader& from, const ledger::run_info& run, const std::string& path, format as,
                                         const std::function<bool()>& interrupted = {});
[[nodiscard]] result<void> write_inventory(ledger::reader& from, const std::string& path, format as);

}  // namespace convoke::report

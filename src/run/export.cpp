#include <filesystem>
#include <system_error>
#include <utility>

#include <convoke/export.hpp>

#include "files/same_file.hpp"
#include "report/failed.hpp"
#include "report/results.hpp"
#include "run/ledger_access.hpp"

namespace convoke {
namespace {

report::format format_of(export_format format) noexcept {
  return format == export_format::jsonl ? report::format::jsonl : report::format::csv;
}

// No file is written over the ledger, the run's input or another output. `input`: empty where there is none.
result<void> keep_apart(const std::string& ledger, const std::string& input, const std::string& results, const std::string& failed) {
  // The input's name is relative to where the run was made: elsewhere another file may have it, which is left alone as well.
  std::error_code unknown;
  const bool there = input != "-" && !input.empty() && std::filesystem::exists(input, unknown);
  const files::named_file written[] = {{"--ledger", ledger}, {"--results", results}, {"--failed", failed}};
  return files::keep_apart({"the run's input", there ? input : std::string()}, written);
}

}  // namespace

result<export_format> export_format_of(std::string_view path) {
  const auto known = report::format_of(path);
  if (!known) return std::unexpected(known.error());
  return *known == report::format::jsonl ? export_format::jsonl : export_format::csv;
}

result<written_files> export_run(ledger_reader& from, std::uint32_t run, const run_files& to, std::stop_token stop) {
  const auto& [path, for_several, reader] = ledger_access::of(from);
  const auto info = run::find_run(*reader, run);
  if (!info) return std::unexpected(info.error());
  if (const auto apart = keep_apart(path, info->header.input_name, to.results, to.failed); !apart) return std::unexpected(apart.error());
  const auto interrupted = [&stop] { return stop.stop_requested(); };
  written_files out;
  if (!to.results.empty()) {
    const auto written = report::write_results(*reader, *info, to.results, format_of(to.format), to.dialect, interrupted);
    if (!written) return std::unexpected(written.error());
  }
  if (to.failed.empty()) return out;
  const auto rows = report::write_failed(*reader, *info, to.failed, files::naming::given, interrupted);
  if (!rows) return std::unexpected(rows.error());
  out.failed_rows = *rows;
  return out;
}

result<void> export_inventory(ledger_reader& from, const std::string& path, export_format format) {
  const auto& [ledger, for_several, reader] = ledger_access::of(from);
  if (const auto apart = keep_apart(ledger, {}, path, {}); !apart) return apart;
  return report::write_inventory(*reader, path, format_of(format));
}

}  // namespace convoke

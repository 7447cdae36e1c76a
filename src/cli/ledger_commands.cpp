#include "cli/ledger_commands.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <convoke/export.hpp>
#include <convoke/ledger.hpp>

#include "cli/job_builder.hpp"
#include "core/text.hpp"
#include "os/clock.hpp"
#include "report/summary.hpp"
#include "report/wording.hpp"

namespace convoke::cli {
namespace {

result<ledger_reader> open_reader(console& out, const settings& from) {
  const auto url = ledger_url(from);
  if (!url) return std::unexpected(url.error());
  auto opened = ledger_reader::open(*url);
  if (!opened) return opened;
  for (const auto& warning : ledger_warnings(*url)) out.caution(warning);
  return opened;
}

result<std::uint32_t> parse_run(const std::string& text) {
  std::uint32_t id = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, bad] = std::from_chars(text.data(), end, id);
  if (bad != std::errc() || stopped != end || id == 0)
    return fail(errc::usage, fmt::format("'{}' is not the number of a run: `convoke runs` lists them.", core::escape_for_people(text)));
  return id;
}

// The run that --run names, else the last one; nullopt where the ledger has none and none is named.
result<std::optional<std::uint32_t>> chosen_run(ledger_reader& reader, const settings& from) {
  if (const auto id = from.text("run"); !id.empty()) {
    const auto number = parse_run(id);
    if (!number) return std::unexpected(number.error());
    return *number;
  }
  const auto last = reader.last_run();
  if (!last) return std::unexpected(last.error());
  return *last ? std::optional((*last)->id) : std::nullopt;
}

result<export_format> format_of_export(const settings& from, const std::string& path) {
  const auto word = from.text("format");
  if (word == "csv") return export_format::csv;
  if (word == "jsonl") return export_format::jsonl;
  if (word == "ics" || word == "html") return fail(errc::usage, fmt::format("--format {} is not built yet: use csv or jsonl.", word));
  if (!word.empty()) return fail(errc::usage, fmt::format("--format '{}' is neither csv nor jsonl.", core::escape_for_people(word)));
  return path == "-" ? result<export_format>(export_format::csv) : export_format_of(path);
}

result<results_dialect> dialect_of_export(const settings& from) {
  const auto word = from.text("results-dialect");
  if (word.empty() || word == "input") return results_dialect::input;
  if (word == "rfc4180") return results_dialect::rfc4180;
  return fail(errc::usage, fmt::format("--results-dialect '{}' is neither input nor rfc4180.", core::escape_for_people(word)));
}

bool on_command_line(const settings& from, std::string_view name) {
  const auto* given = from.find(name);
  return given != nullptr && given->source.starts_with("--");
}

// The inventory has no rows of a run.
result<void> check_export(const settings& from) {
  if (!from.flag("inventory")) return {};
  for (const auto* name : {"failed", "run"}) {
    // In a configuration they may be meant for other commands.
    if (on_command_line(from, name))
      return fail(errc::usage, fmt::format("--inventory is of no run, so --{} does not go with it: leave one of the two out.", name));
  }
  return {};
}

}  // namespace

int runs_command(console& out, const settings& from) {
  auto reader = open_reader(out, from);
  if (!reader) return out.fail_with(reader.error());
  const auto runs = reader->runs();
  if (!runs) return out.fail_with(runs.error());
  out.print(out.json() ? report::runs_json(*runs) : report::runs_text(*runs));
  return out.finish(0);
}

int discard_command(console& out, const settings& from, const std::string& run) {
  const auto id = parse_run(run);
  if (!id) return out.fail_with(id.error());
  const auto url = ledger_url(from);
  if (!url) return out.fail_with(url.error());
  const auto wait = wait_lock(from);
  if (!wait) return out.fail_with(wait.error());
  const auto gone = discard_run(*url, *id, *wait);
  for (const auto& warning : ledger_warnings(*url)) out.warn(warning);
  if (!gone) return out.fail_with(gone.error());
  out.say(fmt::format("Run {} is discarded: nothing of it will be sent.", *id));
  return 0;
}

int status_command(console& out, const settings& from) {
  const auto limit = max_cooldown(from);
  if (!limit) return out.fail_with(limit.error());
  auto reader = open_reader(out, from);
  if (!reader) return out.fail_with(reader.error());
  const auto inventory = reader->inventory_counts();
  if (!inventory) return out.fail_with(inventory.error());
  const auto now = os::wall_now();
  const auto expired = reader->inventory_expired(now);
  if (!expired) return out.fail_with(expired.error());
  const auto feeds = reader->inventory_feeds();
  if (!feeds) return out.fail_with(feeds.error());
  auto workers = reader->workers();
  if (!workers) return out.fail_with(workers.error());
  const auto id = chosen_run(*reader, from);
  if (!id) return out.fail_with(id.error());
  auto runs = reader->runs();
  if (!runs) return out.fail_with(runs.error());
  std::optional<run_status> status;
  if (*id) {
    auto read = reader->status(**id, *limit);
    if (!read) return out.fail_with(read.error());
    status = std::move(*read);
  }
  const report::ledger_state state{.inventory = *inventory,
                                   .feeds = *feeds,
                                   .run = status ? &*status : nullptr,
                                   .notes = out.reported().notes,
                                   .workers = std::move(*workers),
                                   .runs = std::move(*runs),
                                   .expired = *expired};
  out.print(out.json() ? report::status_json(state, now) : report::status_text(state, now));
  return out.finish(0);
}

int export_command(console& out, const settings& from) {
  // A configured file is for the results of runs, not for the inventory.
  const auto given = from.flag("inventory") && !on_command_line(from, "results") ? std::string() : from.text("results");
  const auto failed = from.text("failed");
  const bool results_wanted = !given.empty() || failed.empty();
  const auto path = given.empty() ? std::string("-") : given;
  const auto format = format_of_export(from, path);
  if (!format) return out.fail_with(format.error());
  const auto dialect = dialect_of_export(from);
  if (!dialect) return out.fail_with(dialect.error());
  if (const auto possible = check_export(from); !possible) return out.fail_with(possible.error());
  auto reader = open_reader(out, from);
  if (!reader) return out.fail_with(reader.error());
  if (from.flag("inventory")) {
    const auto written = export_inventory(*reader, path, *format);
    return written ? 0 : out.fail_with(written.error());
  }
  const auto id = chosen_run(*reader, from);
  if (!id) return out.fail_with(id.error());
  if (!*id) return out.fail_with({errc::usage, "There is no run in this ledger yet."});
  const auto written = export_run(
      *reader, **id, {.results = results_wanted ? path : std::string(), .format = *format, .dialect = *dialect, .failed = failed});
  if (!written) return out.fail_with(written.error());
  if (results_wanted && path != "-") out.say(fmt::format("Results: {}", core::escape_for_people(path)));
  if (!failed.empty())
    out.say(written->failed_rows == 0 ? "No row failed: no failed file was written."
                                      : fmt::format("{}: {}", report::count_of(written->failed_rows, "failed row", "failed rows"),
                                                    core::escape_for_people(failed)));
  return 0;
}

}  // namespace convoke::cli

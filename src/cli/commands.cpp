#include "cli/commands.hpp"

#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>
#include <convoke/job.hpp>
#include <convoke/version.hpp>

#include "cli/console.hpp"
#include "cli/descriptors.hpp"
#include "cli/job_builder.hpp"
#include "core/text.hpp"
#include "files/input.hpp"
#include "files/same_file.hpp"
#include "files/zones.hpp"
#include "ledger/ledger.hpp"
#include "report/failed.hpp"
#include "report/results.hpp"
#include "report/summary.hpp"
#include "run/cooldowns.hpp"
#include "run/signals.hpp"

namespace convoke::cli {
namespace {

// Descriptors that a command needs at least: a job for its configuration, secret, input and event loop, after which each part that gets
// none says so by itself.
constexpr unsigned files_of_a_job = 5, files_of_a_look = 2;

// Standard output was closed: what was done stands, and exit 9 says that the telling failed.
int finish(console& out, int code) {
  if (out.stdout_failed())
    out.complain("standard output was closed or could not be written: what was to stand there is lost, not what was done");
  return code == 0 && out.stdout_failed() ? exit_code(errc::output) : code;
}

int complain(console& out, const error& why) {
  out.complain(why.message);
  if (out.json()) out.print(report::error_json(why));
  return exit_code(why.code);
}

// Nothing was sent yet, but rows that --skip-invalid leaves out are told by the exit code as they are after a run.
int planned_code(const plan_summary& made) {
  return made.rejected > 0 ? 3 : 0;
}

int run_check(console& out, const settings& from, const std::string& input) {
  auto j = build_job(from, input, {});
  if (!j) return complain(out, j.error());
  out.plan_is_data();
  const auto checked = check(*j, out);
  if (!checked) return complain(out, checked.error());
  return finish(out, planned_code(*checked));
}

int run_plan(console& out, const settings& from, const std::string& input) {
  auto j = build_job(from, input, {.lane = true});
  if (!j) return complain(out, j.error());
  out.plan_is_data();
  const bool open = from.flag("open");
  const auto made = plan(*j, open, out);
  if (!made) return complain(out, made.error());
  out.say(open ? fmt::format("Run {} is open: `convoke apply` of the same file carries it out.", made->run)
               : fmt::format(
                     "Run {} is planned. Nothing is sent until `convoke apply` of the same file opens it; `convoke discard {}` closes it.",
                     made->run, made->run));
  return finish(out, planned_code(made->summary));
}

int run_apply(console& out, const settings& from, const std::string& input) {
  const bool rehearse = from.flag("dry-run");
  auto j = build_job(from, input, {.lane = true, .credentials = !rehearse});
  if (!j) return complain(out, j.error());
  if (rehearse) {
    out.plan_is_data();
    const auto made = dry_run(*j, out);
    if (!made) return complain(out, made.error());
    return finish(out, planned_code(*made));
  }
  if (j->results == "-") out.results_on_stdout();
  const auto done = apply(*j, out);
  if (!done) return complain(out, done.error());
  out.print_summary(out.json() ? report::report_json(*done) : report::report_text(*done));
  return finish(out, done->exit_code());
}

result<std::string> ledger_path(const settings& from) {
  auto url = ledger_url(from);
  if (!url) return url;
  if (!url->starts_with(sqlite_scheme) || url->size() == sqlite_scheme.size())
    return fail(errc::usage, fmt::format("--ledger '{}' is none that is built yet: use sqlite:PATH.", core::escape_for_people(*url)));
  return url->substr(sqlite_scheme.size());
}

result<std::unique_ptr<ledger::reader>> open_reader(console& out, const settings& from) {
  const auto path = ledger_path(from);
  if (!path) return std::unexpected(path.error());
  auto opened = ledger::read_sqlite(*path);
  if (!opened) return opened;
  for (const auto& warning : ledger::sqlite_exposures(*path)) out.warn(warning);
  return opened;
}

result<std::uint32_t> parse_run(const std::string& text) {
  std::uint32_t id = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, bad] = std::from_chars(text.data(), end, id);
  if (bad != std::errc() || stopped != end || id == 0)
    return fail(errc::usage, fmt::format("'{}' is no run's number: `convoke runs` lists them.", core::escape_for_people(text)));
  return id;
}

// --run ID, else the last run; an error says that there is none.
result<ledger::run_info> chosen_run(ledger::reader& reader, const settings& from) {
  std::optional<ledger::run_info> found;
  if (const auto id = from.text("run"); !id.empty()) {
    const auto number = parse_run(id);
    if (!number) return std::unexpected(number.error());
    auto run = reader.run(*number);
    if (!run) return std::unexpected(run.error());
    if (!*run) return fail(errc::usage, fmt::format("There is no run {} in this ledger: `convoke runs` lists them.", *number));
    found = std::move(*run);
  } else {
    auto run = reader.last_run();
    if (!run) return std::unexpected(run.error());
    if (!*run) return fail(errc::usage, "There is no run in this ledger yet.");
    found = std::move(*run);
  }
  return std::move(*found);
}

int run_runs(console& out, const settings& from) {
  auto reader = open_reader(out, from);
  if (!reader) return complain(out, reader.error());
  const auto runs = (*reader)->runs();
  if (!runs) return complain(out, runs.error());
  out.print(out.json() ? report::runs_json(*runs) : report::runs_text(*runs));
  return finish(out, 0);
}

int run_discard(console& out, const settings& from, const std::string& argument) {
  const auto id = parse_run(argument);
  if (!id) return complain(out, id.error());
  const auto path = ledger_path(from);
  if (!path) return complain(out, path.error());
  const auto wait = parse_duration(from.text("wait-lock"));
  if (!wait) return complain(out, {errc::usage, "--wait-lock needs a duration such as 10s."});
  auto store = ledger::open_sqlite({.path = *path, .program_version = version, .wait_lock = *wait, .create = false});
  if (!store) return complain(out, store.error());
  for (const auto& warning : ledger::sqlite_exposures(*path)) out.warn(warning);
  if (const auto gone = (*store)->discard(*id); !gone) return complain(out, gone.error());
  out.say(fmt::format("Run {} is discarded: nothing of it will be sent.", *id));
  return 0;
}

int run_status(console& out, const settings& from) {
  const auto wanted = build_job(from, {}, {});
  if (!wanted) return complain(out, wanted.error());
  auto reader = open_reader(out, from);
  if (!reader) return complain(out, reader.error());
  const auto inventory = (*reader)->inventory_counts();
  if (!inventory) return complain(out, inventory.error());
  std::optional<ledger::run_status> status;
  auto last = (*reader)->last_run();
  if (!last) return complain(out, last.error());
  if (*last || !from.text("run").empty()) {
    const auto info = chosen_run(**reader, from);
    if (!info) return complain(out, info.error());
    auto read = (*reader)->status(info->id);
    if (!read) return complain(out, read.error());
    status = std::move(*read);
  }
  const auto* run = status ? &*status : nullptr;
  const utc_time now = std::chrono::floor<ticks>(std::chrono::system_clock::now());
  if (status) run::obey_limit(status->lanes, wanted->pace.max_cooldown, now);
  out.print(out.json() ? report::status_json(*inventory, run, now) : report::status_text(*inventory, run, now));
  return finish(out, 0);
}

result<report::format> export_format(const settings& from, const std::string& path) {
  const auto word = from.text("format");
  if (word == "csv") return report::format::csv;
  if (word == "jsonl") return report::format::jsonl;
  if (word == "ics" || word == "html") return fail(errc::usage, fmt::format("--format {} is not built yet: use csv or jsonl.", word));
  if (!word.empty()) return fail(errc::usage, fmt::format("--format '{}' is neither csv nor jsonl.", core::escape_for_people(word)));
  return path == "-" ? result<report::format>(report::format::csv) : report::format_of(path);
}

bool on_command_line(const settings& from, std::string_view name) {
  const auto* given = from.find(name);
  return given != nullptr && given->source.starts_with("--");
}

// What can be exported together: the inventory has no rows of a run, and no file is written over the ledger, the run's input or another.
result<void> check_export(const settings& from) {
  if (!from.flag("inventory")) return {};
  for (const auto* name : {"failed", "run"}) {
    // In a configuration they may be meant for other commands.
    if (on_command_line(from, name))
      return fail(errc::usage, fmt::format("--inventory is of no run, so --{} does not go with it: leave one of the two out.", name));
  }
  return {};
}

result<void> keep_exports_apart(const settings& from, const std::string& results, const std::string& failed, const ledger::run_info* run) {
  const auto path = ledger_path(from);
  if (!path) return std::unexpected(path.error());
  // Its name is relative to where the run was made: elsewhere another file may have it, which is left alone as well.
  std::error_code unknown;
  const bool there = run != nullptr && run->header.input_name != "-" && std::filesystem::exists(run->header.input_name, unknown);
  const files::named_file written[] = {{"--ledger", *path}, {"--results", results}, {"--failed", failed}};
  return files::keep_apart({"the run's input", there ? run->header.input_name : std::string()}, written);
}

int run_export(console& out, const settings& from) {
  // A configured file is for the results of runs, not for the inventory.
  const auto given = from.flag("inventory") && !on_command_line(from, "results") ? std::string() : from.text("results");
  const auto failed = from.text("failed");
  const bool results_wanted = !given.empty() || failed.empty();
  const auto path = given.empty() ? std::string("-") : given;
  const auto as = export_format(from, path);
  if (!as) return complain(out, as.error());
  if (const auto possible = check_export(from); !possible) return complain(out, possible.error());
  auto reader = open_reader(out, from);
  if (!reader) return complain(out, reader.error());
  if (from.flag("inventory")) {
    if (const auto apart = keep_exports_apart(from, path, {}, nullptr); !apart) return complain(out, apart.error());
    const auto written = report::write_inventory(**reader, path, *as);
    return written ? 0 : complain(out, written.error());
  }
  const auto info = chosen_run(**reader, from);
  if (!info) return complain(out, info.error());
  if (const auto apart = keep_exports_apart(from, results_wanted ? path : std::string(), failed, &*info); !apart)
    return complain(out, apart.error());
  if (results_wanted)
    if (const auto written = report::write_results(**reader, *info, path, *as); !written) return complain(out, written.error());
  if (results_wanted && path != "-") out.say(fmt::format("Results: {}", core::escape_for_people(path)));
  if (!failed.empty()) {
    const auto rows = report::write_failed(**reader, *info, failed);
    if (!rows) return complain(out, rows.error());
    out.say(*rows == 0 ? "No row failed: no failed file was written."
                       : fmt::format("{} failed rows: {}", *rows, core::escape_for_people(failed)));
  }
  return 0;
}

int run_version(console& out) {
  out.print(fmt::format("convoke {}\ntzdata {}\n", version, files::tzdata_version()));
  return finish(out, 0);
}

}  // namespace

int refuse(const error& why) {
  write_text(STDERR_FILENO, "error: " + core::without_controls(why.message, core::shown_in::terminal) + "\n");
  return exit_code(why.code);
}

int run_command(const invocation& what) {
  if (what.command == "simulate") return simulate(what);
  if (what.command == "demo") return demo(what);
  const auto input = what.arguments.empty() ? std::string() : what.arguments.front();
  const bool reads_input = what.command == "check" || what.command == "plan" || what.command == "apply";
  if (const auto enough = reserve_open_files(reads_input ? files_of_a_job : files_of_a_look); !enough) return refuse(enough.error());
  const auto config = what.flags.find("config");
  if (names_standard_input(input) || (config != what.flags.end() && names_standard_input(config->second)))
    if (const auto there = check_standard_input(); !there) return refuse(there.error());
  // The version is told whatever the configuration says.
  const auto from = what.command == "version" ? settings::resolve({}, {}, "-")
                                              : settings::resolve(what.flags, process_environment(), reads_input ? input : std::string());
  if (!from) return refuse(from.error());
  auto out = console::create(*from, input);
  if (!out) return refuse(out.error());
  for (const auto& warning : from->warnings()) (*out)->warn(warning);
  if (from->flag("show-config")) {
    (*out)->print(from->show());
    return finish(**out, 0);
  }
  // A file that is not there is the core::nearest trouble: it is told before that of settings and credentials.
  if (reads_input)
    if (const auto there = files::input::look(input); !there) return complain(**out, there.error());
  // Signals stay caught until the process has ended, so the object is never deleted: a signal while the summary is printed, or while
  // the process exits, must not replace the exit code of a command that is done.
  [[maybe_unused]] static const auto* const caught = reads_input ? new run::signals : nullptr;
  if (what.command == "check") return run_check(**out, *from, input);
  if (what.command == "plan") return run_plan(**out, *from, input);
  if (what.command == "apply") return run_apply(**out, *from, input);
  if (what.command == "runs") return run_runs(**out, *from);
  if (what.command == "discard") return run_discard(**out, *from, input);
  if (what.command == "status") return run_status(**out, *from);
  if (what.command == "export") return run_export(**out, *from);
  return run_version(**out);
}

}  // namespace convoke::cli

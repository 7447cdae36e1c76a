#include "cli/commands.hpp"

#include <csignal>
#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include <convoke/job.hpp>
#include <convoke/version.hpp>

#include "cli/console.hpp"
#include "cli/credentials.hpp"
#include "cli/descriptors.hpp"
#include "cli/doctor.hpp"
#include "cli/job_builder.hpp"
#include "cli/ledger_commands.hpp"
#include "cli/lifecycle.hpp"
#include "cli/probe.hpp"
#include "cli/signals.hpp"
#include "core/text.hpp"
#include "files/input.hpp"
#include "files/zones.hpp"
#include "report/option_list.hpp"
#include "report/summary.hpp"

namespace convoke::cli {
namespace {

// Descriptors that a command needs at least: a job for its configuration, secret, input and event loop. Each part that gets none after
// these reports it by itself.
constexpr unsigned files_of_a_job = 5, files_of_a_look = 2;

// How the process ends that this signal interrupted; 0: none did.
report::interruption interruption_by(int signal) {
  if (signal == SIGTERM) return {.word = "terminated", .exit_code = 128 + SIGTERM};
  if (signal == SIGHUP) return {.word = "hung_up", .exit_code = 128 + SIGHUP};
  return {};
}

// A command that plans or calls: check, plan, apply or work.
struct job_command {
  console& out;
  const settings& from;
  const std::string& input;
  signals& caught;

  [[nodiscard]] int fail_with(const error& why) const {
    if (why.code != errc::interrupted) return out.fail_with(why);
    return out.fail_with(why, interruption_by(caught.first()).exit_code);
  }
  // Nothing was sent yet, but rows that --skip-invalid leaves out decide the exit code as they do after a run.
  // Before anything is planned, because the user who signs in may be the organizer.
  [[nodiscard]] result<void> sign_in_to(job& j, job_use use, const work_options& how = {}) const {
    return sign_in(j, use, out, caught.stop(), how);
  }
  [[nodiscard]] int finish(const plan_summary& made) const { return out.finish(made.rejected > 0 ? 3 : 0); }
};

int run_check(const job_command& c) {
  const auto j = build_job(c.from, c.input, {});
  if (!j) return c.fail_with(j.error());
  c.out.show_plan_as(console::plan_view::columns);
  const auto checked = check(*j, c.out, c.caught.stop());
  return checked ? c.finish(*checked) : c.fail_with(checked.error());
}

int run_plan(const job_command& c) {
  auto j = build_job(c.from, c.input, {.lane = true, .credentials_if_any = true});
  if (!j) return c.fail_with(j.error());
  if (const auto in = c.sign_in_to(*j, job_use::plan); !in) return c.fail_with(in.error());
  c.out.show_plan_as(console::plan_view::counts);
  const bool open = c.from.flag("open");
  const auto made = plan(*j, open, c.out, c.caught.stop());
  if (!made) return c.fail_with(made.error());
  c.out.say(open
                ? fmt::format("Run {} is open: `convoke work`, or `convoke apply` of the same file, carries it out.", made->run)
                : fmt::format(
                      "Run {} is planned. Nothing is sent until `convoke apply` of the same file opens it; `convoke discard {}` closes it.",
                      made->run, made->run));
  return c.finish(made->summary);
}

int run_dry(const job_command& c) {
  auto j = build_job(c.from, c.input, {.lane = true, .credentials_if_any = true});
  if (!j) return c.fail_with(j.error());
  // A saved sign-in is used; a new one would be something written.
  std::error_code ignored;
  for (auto& lane : j->lanes)
    if (!std::filesystem::exists(lane.sign_in_file, ignored)) lane.sign_in_file.clear();
  if (const auto in = c.sign_in_to(*j, job_use::plan); !in) return c.fail_with(in.error());
  c.out.show_plan_as(console::plan_view::counts);
  const auto made = dry_run(*j, c.out, c.caught.stop());
  return made ? c.finish(*made) : c.fail_with(made.error());
}

// apply, verify or remove.
int run_apply(const job_command& c, run_kind kind) {
  if (kind == run_kind::provision && c.from.flag("dry-run")) return run_dry(c);
  auto j = build_job_of_kind(c.from, c.input, kind);
  if (!j) return c.fail_with(j.error());
  if (const auto in = c.sign_in_to(*j, job_use::apply); !in) return c.fail_with(in.error());
  if (j->results == "-") c.out.results_on_stdout();
  const auto done = apply(*j, c.out, c.caught.stop(), c.caught.at_once());
  if (!done) return c.fail_with(done.error());
  const auto by = interruption_by(c.caught.first());
  c.out.print_summary(c.out.json() ? report::report_json(*done, by, c.out.reported()) : report::report_text(*done));
  return c.out.finish(done->end == ending::interrupted ? by.exit_code : done->exit_code());
}

int run_work(const job_command& c) {
  auto j = build_job(c.from, {}, {.lane = true, .credentials = true});
  if (!j) return c.fail_with(j.error());
  const work_options how{.follow = c.from.flag("follow")};
  if (const auto in = c.sign_in_to(*j, job_use::work, how); !in) return c.fail_with(in.error());
  const auto done = work(*j, how, c.out, c.caught.stop(), c.caught.at_once());
  if (!done) return c.fail_with(done.error());
  const auto by = interruption_by(c.caught.first());
  c.out.print_summary(c.out.json() ? report::work_json(*done, by, c.out.reported()) : report::work_text(*done));
  return c.out.finish(done->end == ending::interrupted ? by.exit_code : done->exit_code());
}

int run_job(console& out, const settings& from, const std::string& command, const std::string& input) {
  // A missing file is reported before wrong settings and credentials.
  const bool needs_input = command != "work" && !(command == "verify" && input.empty());
  if (needs_input)
    if (const auto there = files::input::look(input); !there) return out.fail_with(there.error());
  // Signals stay caught until the process has ended, so this is never deleted: a signal while the summary is printed, or while the process
  // exits, must not replace the exit code of a command that is done.
  static auto* const caught = new signals;
  out.report_phases_to(*caught);
  const job_command c{.out = out, .from = from, .input = input, .caught = *caught};
  if (command == "work") return run_work(c);
  if (command == "check") return run_check(c);
  if (command == "plan") return run_plan(c);
  return run_apply(c, command == "verify" ? run_kind::verify : command == "remove" ? run_kind::remove : run_kind::provision);
}

int run_ledger(console& out, const settings& from, const std::vector<std::string>& words) {
  static auto* const caught = new signals;  // as for a job
  const job_command c{.out = out, .from = from, .input = {}, .caught = *caught};
  const auto done = ledger_command(out, from, words, caught->stop());
  return done ? out.finish(0) : c.fail_with(done.error());
}

int run_doctor(console& out, const settings& from, const std::string& input) {
  static auto* const caught = new signals;  // as for a job
  const job_command c{.out = out, .from = from, .input = input, .caught = *caught};
  const auto done = doctor_command(out, from, input, caught->stop());
  return done ? out.finish(*done) : c.fail_with(done.error());
}

int run_probe(console& out, const settings& from) {
  static auto* const caught = new signals;  // as for a job
  const job_command c{.out = out, .from = from, .input = {}, .caught = *caught};
  const auto done = probe_command(out, from, caught->stop(), [] { return interruption_by(caught->first()).exit_code; });
  return done ? out.finish(*done) : c.fail_with(done.error());
}

int run_version(console& out) {
  out.print(fmt::format("convoke {}\ntzdata {}\n", version, files::tzdata_version()));
  return out.finish(0);
}

// The list is the same whatever a configuration says, and is wanted most where one is refused: none is read.
int list_options(const invocation& what) {
  std::map<std::string, std::string, std::less<>> flags, environment;
  for (const auto* name : {"output", "log-format"})
    if (const auto given = what.flags.find(name); given != what.flags.end()) flags.insert(*given);
  const auto all = process_environment();
  if (const auto set = all.find("CONVOKE_OUTPUT"); set != all.end()) environment.insert(*set);
  const auto from = settings::resolve(flags, environment, "-");
  if (!from) return refuse(from.error());
  auto out = console::create(*from, {});
  if (!out) return refuse(out.error());
  (*out)->print((*out)->json() ? report::option_list_json() : report::option_list_text());
  return (*out)->finish(0);
}

}  // namespace

int refuse(const error& why) {
  write_text(STDERR_FILENO, "error: " + core::without_controls(why.message, core::shown_in::terminal) + "\n");
  return exit_code(why.code);
}

int run_command(const invocation& what) {
  if (what.command == "simulate") return simulate(what);
  if (what.command == "demo") return demo(what);
  if (what.command == "check" && what.flags.contains("options")) return list_options(what);
  const auto input = what.arguments.empty() ? std::string() : what.arguments.front();
  // An empty word comes from a variable that is not set; all known meetings are verified only where no word is given.
  if (what.command == "verify" && input.empty() && !what.arguments.empty())
    return refuse({errc::usage, "verify: FILE is an empty word. Leave it out to verify all known meetings."});
  const bool reads_input =
      what.command == "check" || what.command == "plan" || what.command == "apply" || what.command == "verify" || what.command == "remove";
  const bool calls_without_input = what.command == "work" || what.command == "doctor" || what.command == "probe";
  if (const auto enough = reserve_open_files(reads_input || calls_without_input ? files_of_a_job : files_of_a_look); !enough)
    return refuse(enough.error());
  const auto config = what.flags.find("config");
  if (names_standard_input(input) || (config != what.flags.end() && names_standard_input(config->second)))
    if (const auto there = check_standard_input(); !there) return refuse(there.error());
  // The version is printed whatever the configuration is.
  const auto from = what.command == "version" ? settings::resolve({}, {}, "-")
                                              : settings::resolve(what.flags, process_environment(),
                                                                  reads_input || what.command == "doctor" ? input : std::string());
  if (!from && what.command == "doctor") return doctor_without_settings(what, from.error());
  if (!from) return refuse(from.error());
  auto out = console::create(*from, input);
  if (!out) return refuse(out.error());
  for (const auto& warning : from->warnings()) (*out)->caution(warning);
  if (from->flag("show-config")) {
    const bool signs_in = (reads_input && what.command != "check") || calls_without_input;
    (*out)->print(from->show() + (signs_in ? describe_credential(*from, is_azure_machine()) + describe_sign_ins(*from) : std::string()));
    return (*out)->finish(0);
  }
  if (reads_input || what.command == "work") return run_job(**out, *from, what.command, input);
  if (what.command == "doctor") return run_doctor(**out, *from, input);
  if (what.command == "probe") return run_probe(**out, *from);
  if (what.command == "runs") return runs_command(**out, *from);
  if (what.command == "discard") return discard_command(**out, *from, input);
  if (what.command == "status") return status_command(**out, *from);
  if (what.command == "export") return export_command(**out, *from);
  if (what.command == "ledger") return run_ledger(**out, *from, what.arguments);
  return run_version(**out);
}

}  // namespace convoke::cli

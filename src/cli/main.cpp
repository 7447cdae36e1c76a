// Parses the command line. The commands themselves are in commands.cpp.

#include <algorithm>
#include <csignal>
#include <deque>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/descriptors.hpp"
#include "cli/secret_files.hpp"
#include "cli/simulate_help.hpp"
#include "cli/simulator_flags.hpp"
#include "core/text.hpp"

namespace convoke::cli {
namespace {

struct command {
  std::string_view name, help, argument, argument_help;
  unsigned options;
  std::size_t most_arguments = 1;
  bool needs_argument = true;  // where it has one
};

constexpr command commands[] = {
    {"check", "Read and validate; no network, no ledger", "FILE", "CSV file, or - for standard input", on_check},
    {"plan", "Commit a plan; nothing is sent until apply or --open opens it", "FILE", "CSV file, or -", on_plan},
    {"apply", "Plan, open, carry out; the same command again resumes", "FILE", "CSV file, or -", on_apply},
    {"verify", "Read every known meeting (of FILE, or all), and report what differs, is lost or has expired", "FILE",
     "CSV file whose meetings are read, or -; all known meetings where it is left out", on_verify, 1, false},
    {"remove", "Delete the meetings of these rows, after a question", "FILE", "CSV file, or -", on_remove},
    {"work", "Carry out what open runs of this ledger owe, with other workers", "", "", on_work},
    {"runs", "The runs of this ledger", "", "", on_inventory},
    {"discard", "Close a run that is not wanted", "RUN", "the run's number", on_inventory},
    {"status", "The inventory and the current run; works while a run is going on", "", "", on_inventory},
    {"export", "Results as CSV or JSON lines", "", "", on_export},
    {"ledger", "Copy the inventory of a ledger into another one", "copy", "copy FROM TO, each the URL of a ledger", on_ledger, 3},
    {"doctor", "Check the set-up: files, ledger, network, token, permission, and one read per organizer", "FILE",
     "CSV file whose organizers are read, or -", on_doctor, 1, false},
    {"probe", "Find out on one's own tenant what Microsoft does not document, with a few meetings that are deleted again", "", "",
     on_probe},
    {"simulate", "A local Graph to rehearse against", "", "", 0},
    {"demo", "The guided tour", "", "", 0},
    {"version", "Print the version", "", "", 0},
};

constexpr std::string_view later_commands[] = {"bench", "completion"};

// An option of a command, and the value that the parser read for it; of a list its values, one a line.
struct taken {
  const CLI::Option* option;
  std::string name;
  std::string value;
  bool is_flag;
};

CLI::Option* add_list(CLI::App& sub, const std::string& names, const std::string& help, std::string& into) {
  const auto add = [&into](std::string value) {
    // Blanks do not count in the names of columns, and line ends are blanks.
    for (char& c : value)
      if (c == '\n' || c == '\r') c = ' ';
    into += (into.empty() ? "" : "\n") + value;
  };
  return sub.add_option_function<std::string>(names, add, help)->trigger_on_parse()->take_last();
}

void add_options(CLI::App& sub, const command& c, std::deque<taken>& into) {
  for (const auto& o : options()) {
    if ((o.commands & c.options) == 0) continue;
    auto& slot = into.emplace_back(taken{nullptr, std::string(o.name), {}, o.form == shape::flag});
    const auto names = o.letter.empty() ? fmt::format("--{}", o.name) : fmt::format("-{},--{}", o.letter, o.name);
    // `help` is const: CLI11 would take a mutable string as the place to store the flag's value.
    const auto help = o.fallback.empty() ? std::string(o.help) : fmt::format("{} (default {})", o.help, o.fallback);
    if (o.form == shape::flag)
      slot.option = sub.add_flag(names, help);
    else if (o.form == shape::list)
      slot.option = add_list(sub, names, help, slot.value)->type_name(std::string(o.metavar));
    else
      slot.option = sub.add_option(names, slot.value, help)->type_name(std::string(o.metavar))->take_last();
  }
}

// The simulator applies its switches in the order in which they are given, so every one is kept.
void add_simulator_options(CLI::App& sub, std::vector<std::pair<std::string, std::string>>& into) {
  for (const auto& f : simulator_flags()) {
    if (f.takes_value)
      sub.add_option_function<std::string>(
             f.name, [&into, name = f.name](const std::string& value) { into.emplace_back(name, value); }, f.help)
          ->type_name(f.value)
          ->trigger_on_parse()
          ->take_last();
    else
      sub.add_flag_callback(f.name, [&into, name = f.name] { into.emplace_back(name, ""); }, f.help)->trigger_on_parse();
  }
}

int unknown_flag(const CLI::App& sub, std::string_view word) {
  std::vector<std::string> names;
  for (const auto* o : sub.get_options())
    for (const auto& name : o->get_lnames()) names.push_back("--" + name);
  const std::vector<std::string_view> views(names.begin(), names.end());
  word = word.substr(0, word.find('='));
  const auto near = core::nearest(word, views);
  return refuse(
      {errc::usage, fmt::format("{} has no flag {}.{} `convoke {} --help` lists them.", sub.get_name(), core::escape_for_people(word),
                                near ? fmt::format(" Did you mean {}?{}", *near, secret_file_note(near->substr(2))) : "", sub.get_name())});
}

int unknown_command(std::string_view word) {
  if (std::ranges::find(later_commands, word) != std::end(later_commands))
    return refuse({errc::usage, fmt::format("`convoke {}` is not built yet. `convoke --help` lists what is.", word)});
  std::vector<std::string_view> names;
  for (const auto& c : commands) names.push_back(c.name);
  const auto near = core::nearest(word, names);
  return refuse({errc::usage, fmt::format("There is no command '{}'.{} `convoke --help` lists them.", core::escape_for_people(word),
                                          near ? fmt::format(" Did you mean '{}'?", *near) : "")});
}

struct parsed {
  std::deque<taken> options;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> in_order;
};

int take(const CLI::App& sub, const command& c, const parsed& words) {
  invocation what{.command = std::string(c.name), .arguments = words.arguments, .in_order = words.in_order};
  for (const auto& word : sub.remaining())
    if (word.size() > 1 && word.front() == '-') return unknown_flag(sub, word);
  auto left = sub.remaining();
  if (c.argument.empty()) left.insert(left.end(), words.arguments.begin(), words.arguments.end());
  if (!left.empty()) return refuse({errc::usage, fmt::format("{} takes no argument '{}'.", c.name, core::escape_for_people(left.front()))});
  if (words.arguments.size() > c.most_arguments)
    return refuse({errc::usage, fmt::format("{} takes one {}, and '{}' is another.", c.name, c.argument,
                                            core::escape_for_people(words.arguments[c.most_arguments]))});
  for (const auto& o : words.options)
    if (o.option->count() > 0) what.flags.insert_or_assign(o.name, o.is_flag ? "true" : o.value);
  if (!c.argument.empty() && c.needs_argument && words.arguments.empty() && !what.flags.contains("options"))
    return refuse({errc::usage, fmt::format("{} needs {}: convoke {} {}", c.name, c.argument_help, c.name, c.argument)});
  return run_command(what);
}

// `convoke simulate --help [TOPIC]`.
int help_of_simulator(const CLI::App& sub) {
  const auto left = sub.remaining();
  const auto text = simulate_help(left.empty() ? std::string_view() : std::string_view(left.front()));
  if (text.empty())
    return refuse({errc::usage, fmt::format("simulate --help has no topic '{}'. There are {}.", core::escape_for_people(left.front()),
                                            simulate_topics())});
  return write_text(STDOUT_FILENO, text) ? 0 : exit_code(errc::output);
}

// Prints what --help requests. The parser writes to streams only.
int help(const CLI::App& app, const CLI::ParseError& asked) {
  std::ostringstream out, other;
  app.exit(asked, out, other);
  return write_text(STDOUT_FILENO, out.str()) ? 0 : exit_code(errc::output);
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("Provisions Microsoft Teams online meetings in bulk: the same command again never makes a second meeting.", "convoke");
  app.allow_extras();
  app.set_version_flag("--version", [] { return std::string("convoke"); });
  std::deque<parsed> words;
  std::vector<CLI::App*> subs;
  for (const auto& c : commands) {
    auto* sub = app.add_subcommand(std::string(c.name), std::string(c.help));
    sub->allow_extras();
    auto& own = words.emplace_back();
    if (c.name == "simulate")
      add_simulator_options(*sub, own.in_order);
    else
      add_options(*sub, c, own.options);
    if (!c.argument.empty()) sub->add_option(std::string(c.argument), own.arguments, std::string(c.argument_help))->expected(0, -1);
    subs.push_back(sub);
  }
  // Every word after `--` is an argument.
  char** const end = std::find_if(argv, argv + argc, [](const char* word) { return std::string_view(word) == "--"; });
  const std::vector<std::string> behind(end == argv + argc ? end : end + 1, argv + argc);
  try {
    app.parse(static_cast<int>(end - argv), argv);
  } catch (const CLI::CallForVersion&) {
    return run_command({.command = "version"});
  } catch (const CLI::CallForHelp& e) {
    const auto* const sub = app.get_subcommand("simulate");
    return sub->parsed() ? help_of_simulator(*sub) : help(app, e);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return help(app, e);
    return refuse({errc::usage, fmt::format("{}. `convoke --help` lists commands and flags.", e.what())});
  }
  for (std::size_t i = 0; i < subs.size(); ++i) {
    if (!subs[i]->parsed()) continue;
    words[i].arguments.insert(words[i].arguments.end(), behind.begin(), behind.end());
    return take(*subs[i], commands[i], words[i]);
  }
  if (!behind.empty()) return refuse({errc::usage, "There is no command in front of `--`. `convoke --help` lists them."});
  const auto left = app.remaining();
  if (!left.empty() && left.front().front() == '-') return unknown_flag(app, left.front());
  if (!left.empty()) return unknown_command(left.front());
  write_text(STDERR_FILENO, app.help());
  return exit_code(errc::usage);
}

// A closed pipe and a file-size limit are errors of a write; they do not end the process. Secrets are in this process's memory: it leaves
// no core file, other processes may not read its memory, and the files that it creates are readable by their owner only.
void harden() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  ::umask(077);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
#ifdef NDEBUG
  ::prctl(PR_SET_DUMPABLE, 0);
#endif
}

}  // namespace
}  // namespace convoke::cli

int main(int argc, char** argv) {
  convoke::cli::open_standard_descriptors();
  convoke::cli::harden();
  try {
    return convoke::cli::parse_and_run(argc, argv);
  } catch (const std::exception& bug) {
    return convoke::cli::refuse({convoke::errc::internal, std::string("internal error, please report it: ") + bug.what()});
  }
}

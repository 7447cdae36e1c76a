// The guided tour: a run against a simulated Graph is killed, the same command finishes it, and the simulator's counters show that each
// meeting was created once.

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/json.hpp>
#include <convoke/job.hpp>

#include "cli/commands.hpp"
#include "cli/descriptors.hpp"
#include "cli/sample.hpp"
#include "core/text.hpp"
#include "report/progress.hpp"
#include "sim/server/simulator.hpp"

namespace convoke::cli {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct counts {
  std::int64_t requests = 0, meetings = 0, created = 0, got = 0, throttled = 0, early = 0, duplicates = 0, lost = 0;
};

counts read_counts(sim::simulator& graph) {
  const auto stats = boost::json::parse(graph.stats_json()).as_object();
  const auto at = [&](std::string_view name) -> std::int64_t {
    const auto* found = stats.if_contains(name);
    return found != nullptr && found->is_number() ? found->to_number<std::int64_t>() : 0;
  };
  return {at("requests"), at("meetings"), at("created"), at("got"), at("throttled"), at("early"), at("duplicates"), at("lost_reply")};
}

// The environment without what is only for convoke: the tour's own configuration is complete, and a secret of the caller is not passed on.
std::vector<char*> environment_of_child() {
  std::vector<char*> kept;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view variable = *one;
    const bool own = std::ranges::any_of(
        std::array<std::string_view, 6>{"CONVOKE_", "AZURE_", "IDENTITY_", "PGPASSWORD=", "HTTPS_PROXY=", "https_proxy="},
        [&](std::string_view prefix) { return variable.starts_with(prefix); });
    if (!own) kept.push_back(*one);
  }
  kept.push_back(nullptr);
  return kept;
}

// A child process that runs this program's own file. Its output goes to this process's output, or to /dev/null.
class child {
 public:
  child(const std::vector<std::string>& arguments, bool silent) {
    std::vector<std::string> words{"convoke"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> raw;
    for (auto& word : words) raw.push_back(word.data());
    raw.push_back(nullptr);
    auto environment = environment_of_child();
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    if (silent) {
      posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
      posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    if (posix_spawn(&pid_, "/proc/self/exe", &files, nullptr, raw.data(), environment.data()) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&files);
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    if (pid_ > 0) kill_now();
  }

  [[nodiscard]] bool ended() {
    if (pid_ <= 0) return true;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == 0) return false;
    keep(status);
    return true;
  }
  void kill_now() {
    ::kill(pid_, SIGKILL);
    wait();
  }
  // The exit code; 128 + signal for a killed child, as in shells.
  int wait() {
    int status = 0;
    if (pid_ > 0 && ::waitpid(pid_, &status, 0) == pid_) keep(status);
    return code_;
  }

 private:
  void keep(int status) {
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
  }
  pid_t pid_ = -1;
  int code_ = 127;
};

std::string bold(const std::string& text) {
  const char* plain = std::getenv("NO_COLOR");
  const bool wanted = ::isatty(STDOUT_FILENO) == 1 && (plain == nullptr || *plain == '\0');
  return wanted ? "\x1b[1m" + text + "\x1b[0m" : text;
}

void step(int number, const std::string& text) {
  write_text(STDOUT_FILENO, fmt::format("\n{}\n", bold(fmt::format("{}. {}", number, text))));
}

void say(const std::string& text) {
  write_text(STDOUT_FILENO, fmt::format("   {}\n", core::without_controls(text, core::shown_in::terminal)));
}

result<fs::path> make_folder() {
  std::error_code failed;
  auto name = (fs::temp_directory_path(failed) / "convoke-demo-XXXXXX").string();
  if (failed || ::mkdtemp(name.data()) == nullptr)
    return fail(errc::storage, "No temporary folder can be made: set TMPDIR to a folder that can be written.");
  return fs::path(name);
}

sim::options modest_graph() {
  sim::options o;
  o.service.seed = 7;
  o.service.throttle.lane = {.rate = 40, .burst = 10};
  o.service.faults[sim::fault::lost_reply] = 0.05;
  return o;
}

// Kills the first run once it has created `after` meetings.
counts kill_part_way(sim::simulator& graph, const std::vector<std::string>& command, std::int64_t after) {
  child first(command, true);
  const auto give_up = std::chrono::steady_clock::now() + 30s;
  while (!first.ended() && read_counts(graph).created < after && std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(5ms);
  if (!first.ended()) first.kill_now();
  return read_counts(graph);
}

int prove(sim::simulator& graph, const fs::path& results, std::int64_t keys) {
  const auto end = read_counts(graph);
  say(fmt::format("The simulated Graph counted {} calls: {} meetings were created, {} calls found an existing meeting,", end.requests,
                  end.created, end.got));
  say(fmt::format("{} were answered \"too many requests\", and {} came before the wait that it had asked for was over.", end.throttled,
                  end.early));
  say(fmt::format("Keys with more than one meeting: {}.", end.duplicates));
  const bool proven = end.duplicates == 0 && end.meetings == keys && end.created == keys;
  write_text(STDOUT_FILENO, fmt::format("\n{}\n", bold(proven ? fmt::format("Every one of the {} meetings was created exactly once.", keys)
                                                              : fmt::format("The counts do not agree: {} keys, {} meetings, {} created.",
                                                                            keys, end.meetings, end.created))));
  write_text(STDOUT_FILENO, fmt::format("Results, with join links: {}\n", core::escape_for_people(results.string())));
  return proven ? 0 : 1;
}

}  // namespace

int demo(const invocation&) {
  const auto folder = make_folder();
  if (!folder) return refuse(folder.error());
  const auto input = *folder / "classes.csv", config = *folder / "convoke.toml", results = *folder / "results.csv";
  if (!(std::ofstream(input, std::ios::binary) << sample_csv() << std::flush))
    return refuse({errc::storage, fmt::format("{} cannot be written: is the disk full?", input.string())});

  write_text(STDOUT_FILENO,
             "convoke makes Microsoft Teams meetings in bulk. This tour needs no Microsoft account: Graph is simulated here.\n");
  step(1, "A week of university classes, of which some repeat");
  observer ignores;
  job look;
  look.input = input.string();
  const auto plan = check(look, ignores);
  if (!plan) return refuse(plan.error());
  const auto keys = static_cast<std::int64_t>(plan->calls);
  say(fmt::format("{} rows for {} meetings of {} organizers: {}", plan->records, keys, plan->organizers.size(), input.string()));

  step(2, "A simulated Graph that takes 40 calls per second, refuses what comes faster, and loses 5 % of its replies");
  auto graph = sim::simulator::start(modest_graph());
  if (!graph) return refuse(graph.error());
  if (const auto written = (*graph)->write_config(config.string()); !written) return refuse(written.error());
  say((*graph)->graph_url());

  const std::vector<std::string> command{"apply",          input.string(), "--config", config.string(),     "--results",
                                         results.string(), "--rate",       "60",       "--attempt-timeout", "5s"};
  step(3, "convoke apply classes.csv, killed part-way (SIGKILL: it cannot save anything)");
  const auto at_kill = kill_part_way(**graph, command, 110);
  say(fmt::format("Killed. Graph has {} meetings; for some of them convoke has received no answer.", at_kill.created));

  step(4, "The same command again");
  const int code = child(command, false).wait();
  if (code != 0) return refuse({errc::internal, fmt::format("the run ended with exit code {}.", code)});

  step(5, "The same command once more: every row is done");
  const auto before = read_counts(**graph).requests;
  const int again = child(command, true).wait();
  const auto calls = read_counts(**graph).requests - before;
  say(fmt::format("Exit code {}, {} calls.", again, calls));
  if (again != 0 || calls != 0) return refuse({errc::internal, "the same command should have made no call and ended with 0."});

  step(6, "What the simulated Graph counted");
  return prove(**graph, results, keys);
}

}  // namespace convoke::cli

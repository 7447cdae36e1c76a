// What another program does with the installed library: it checks, plans and applies a file against a simulated Graph, reads the ledger and
// exports from it. The argument is the installed program, which simulates Graph. The exit code is the number of the first check that
// failed.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <convoke/error.hpp>
#include <convoke/export.hpp>
#include <convoke/job.hpp>
#include <convoke/key.hpp>
#include <convoke/ledger.hpp>
#include <convoke/spec.hpp>
#include <convoke/time.hpp>

namespace {

constexpr auto organizer = "11111111-2222-3333-4444-555555555555";

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Prints an error that was not expected.
template <class T>
bool succeeded(const convoke::result<T>& r) {
  if (!r) std::printf("%s\n", r.error().message.c_str());
  return r.has_value();
}

// A simulated Graph in a process of its own, and the configuration that it wrote.
class simulator {
 public:
  explicit simulator(char* program) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    std::string command = "simulate", flag = "--write-config", file = "rehearsal.toml";
    char* words[] = {program, command.data(), flag.data(), file.data(), nullptr};
    if (posix_spawn(&pid_, program, &files, nullptr, words, environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&files);
    ::close(ends[1]);
    // It prints "Stop with Ctrl-C." once it is ready and its files are written.
    std::string printed;
    char part[256];
    for (ssize_t n = 0; printed.find("Stop with") == std::string::npos && (n = ::read(ends[0], part, sizeof part)) > 0;)
      printed.append(part, static_cast<std::size_t>(n));
    output_ = ends[0];
    std::istringstream lines(content(file));
    for (std::string line; std::getline(lines, line);)
      if (const auto equals = line.find(" = \""); equals != std::string::npos)
        settings_[line.substr(0, equals)] = line.substr(equals + 4, line.rfind('"') - equals - 4);
  }
  ~simulator() {
    if (pid_ > 0) ::kill(pid_, SIGTERM);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    if (output_ >= 0) ::close(output_);
  }
  simulator(const simulator&) = delete;
  simulator& operator=(const simulator&) = delete;

  std::string setting(const std::string& name) { return settings_[name]; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::map<std::string, std::string> settings_;
};

struct recorder : convoke::observer {
  void wrong_row(std::uint32_t line, const std::string&) override { wrong_lines += std::to_string(line) + ' '; }
  void planned(std::uint32_t run, const convoke::plan_summary&) override { planned_run = run; }
  std::string wrong_lines;
  std::uint32_t planned_run = 0;
};

// A payload survives being stored.
bool encodes_specs() {
  const auto start = convoke::parse_utc("2026-09-01T10:15:00+02:00");
  if (!start || convoke::format_utc(*start) != "2026-09-01T08:15:00Z") return false;
  convoke::meeting_spec wanted;
  wanted.organizer = convoke::parse_guid("11111111-2222-3333-4444-55555555AAAA").value_or("");
  wanted.external_id = "course-101-1";
  wanted.subject = "Algebra I";
  wanted.start = *start;
  wanted.end = *start + std::chrono::hours(1);
  const auto again = convoke::decode_spec(convoke::encode_spec(wanted));
  const auto refused = convoke::decode_spec("no payload");
  return again && *again == wanted && !refused && !refused.error().message.empty();
}

// A file of two rows, of which the second is wrong.
bool checks_a_file() {
  std::ofstream("wrong.csv") << "organizer,external_id,start\n"
                             << organizer << ",a-1,2026-09-01T10:15:00+02:00\n"
                             << organizer << ",a-2,01/09/2026\n";
  convoke::job job;
  job.input = "wrong.csv";
  recorder watch;
  const auto checked = convoke::check(job, watch);
  return !checked && checked.error().code == convoke::errc::input && watch.wrong_lines == "3 ";
}

convoke::job make_job(simulator& graph) {
  std::ofstream("classes.csv") << "organizer,external_id,subject,start\n"
                               << organizer << ",a-1,Algebra,2026-09-01T10:15:00+02:00\n"
                               << organizer << ",a-2,Biology,2026-09-02T10:15:00+02:00\n";
  convoke::job job;
  job.input = "classes.csv";
  job.ledger = "sqlite:ledger.db";
  job.results = "results.csv";
  auto& lane = job.lanes.front();
  lane.graph_url = graph.setting("graph_url");
  lane.authority_url = graph.setting("authority_url");
  lane.tenant = graph.setting("tenant");
  lane.client_id = graph.setting("client_id");
  lane.client_secret = convoke::secret(content(graph.setting("client_secret_file")));
  lane.ca_file = graph.setting("ca_file");
  return job;
}

bool validates(const convoke::job& job) {
  if (!succeeded(convoke::validate(job))) return false;
  auto wrong = convoke::job();
  wrong.ledger = job.ledger;
  wrong.pace.connections = 0;
  const auto refused = convoke::validate(wrong);
  return !refused && refused.error().code == convoke::errc::usage;
}

// Plans and applies; the same job again makes no call.
bool applies(const convoke::job& job, std::uint32_t& run) {
  recorder watch;
  const auto planned = convoke::plan(job, false, watch);
  if (!succeeded(planned) || planned->summary.new_keys != 2 || watch.planned_run != planned->run) return false;
  const std::stop_source stop, at_once;
  const auto done = convoke::apply(job, watch, stop.get_token(), at_once.get_token());
  if (!succeeded(done) || done->exit_code() != 0 || done->run != planned->run || done->counts.created != 2) return false;
  run = done->run;
  const auto again = convoke::apply(job, watch);
  return succeeded(again) && again->exit_code() == 0 && again->calls == 0;
}

bool reads_the_ledger(const convoke::job& job, std::uint32_t run) {
  auto ledger = convoke::ledger_reader::open(job.ledger);
  if (!succeeded(ledger)) return false;
  const auto status = ledger->status(run);
  if (!succeeded(status) || status->run.state != convoke::run_state::finished || status->calls_left != 0) return false;
  unsigned rows = 0;
  const auto read = ledger->for_each_result(run, [&](const convoke::result_row& row) -> convoke::result<void> {
    rows += row.wanted && row.result == convoke::outcome::created && !row.join_web_url.empty() ? 1U : 0U;
    return {};
  });
  if (!succeeded(read) || rows != 2) return false;
  const auto written = convoke::export_run(*ledger, run, {.results = "export.csv", .failed = "failed.csv"});
  if (!succeeded(written) || written->failed_rows != 0) return false;
  return content("export.csv") == content("results.csv") &&
         succeeded(convoke::export_inventory(*ledger, "inventory.jsonl", convoke::export_format::jsonl));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  for (const auto* left : {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock"}) std::filesystem::remove(left);
  if (!encodes_specs()) return 1;
  if (!checks_a_file()) return 2;
  simulator graph(argv[1]);
  const auto job = make_job(graph);
  std::uint32_t run = 0;
  if (!validates(job)) return 3;
  if (!applies(job, run)) return 4;
  if (!reads_the_ledger(job, run)) return 5;
  std::printf("run %u of the installed library is done\n", run);
  return 0;
}

#include "cli/lifecycle.hpp"

#include <cerrno>
#include <cstddef>
#include <string_view>

#include <poll.h>
#include <unistd.h>

#include "cli/job_builder.hpp"
#include "core/text.hpp"

namespace convoke::cli {
namespace {

constexpr int poll_every = 100;                // ms: a signal ends the question within this time
constexpr std::size_t longest_answer = 1'024;  // bytes

bool is_flag(const settings& from, std::string_view name) {
  const auto* given = from.find(name);
  return given != nullptr && given->kind == source_kind::flag;
}

}  // namespace

result<job> build_job_of_kind(const settings& from, const std::string& input, run_kind kind) {
  auto j = build_job(from, input, {.lane = true, .credentials = true, .provisions = kind == run_kind::provision});
  if (!j || kind == run_kind::provision) return j;
  auto& plan = j->plan;
  plan.kind = kind;
  plan.vanished = on_vanished::report;
  plan.max_new.reset();
  plan.keep_alive.reset();
  plan.longest_external_id.reset();  // what is known already was not too long
  plan.roles = attendee_roles::send;
  // Those of a configuration or of the environment describe the file of `apply`, and what that writes.
  if (!is_flag(from, "expect-rows")) plan.expect_rows.reset();
  if (!is_flag(from, "limit")) plan.limit.reset();
  if (!is_flag(from, "only")) plan.only.clear();
  if (!is_flag(from, "failed")) j->failed.clear();
  if (kind == run_kind::verify) {
    plan.repair = from.flag("repair");
    j->feed.reset();
  } else {
    plan.drift = on_drift::report;
    // A consent is given to one command, not to all that read a configuration.
    plan.confirmed = is_flag(from, "yes") && from.flag("yes");
  }
  return j;
}

bool at_terminal() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

result<bool> read_yes(const std::stop_token& stop) {
  std::string line;
  for (;;) {
    if (stop.stop_requested()) return fail(errc::interrupted, "Interrupted before the question was answered: nothing is deleted.");
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&input, 1, poll_every);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    if (ready < 0) return false;
    char byte = 0;
    const auto got = ::read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || line.size() == longest_answer) return false;
    if (byte == '\n') return core::equal_ignoring_case(core::trim(line), "yes");
    line += byte;
  }
}

}  // namespace convoke::cli

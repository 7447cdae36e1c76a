#include "cli/descriptors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "files/file.hpp"

namespace convoke::cli {
namespace {

constexpr rlim_t plenty = 4096;  // more than what 1,000 connections and the ledger need

bool is_open(int descriptor) noexcept {
  return ::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF;
}

}  // namespace

void open_standard_descriptors() noexcept {
  for (const int d : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (is_open(d)) continue;
    // open() returns the lowest free number, which is this one.
    [[maybe_unused]] const int opened = ::open("/dev/null", d == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

bool names_standard_input(std::string_view path) noexcept {
  constexpr std::array<std::string_view, 4> names{"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"};
  return std::ranges::find(names, path) != names.end();
}

result<void> check_standard_input() {
  const int how = ::fcntl(STDIN_FILENO, F_GETFL);
  if (how >= 0 && (how & O_ACCMODE) != O_WRONLY) return {};
  return fail(errc::usage,
              "There is no standard input: it is closed, or open for writing only. Name a file, or redirect one to this command.");
}

result<void> reserve_open_files(unsigned needed) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  const auto wanted = std::min(limit.rlim_max, plenty);
  if (limit.rlim_cur < wanted) {
    const rlimit raised{wanted, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  if (limit.rlim_cur >= plenty) return {};
  rlim_t open = 0;
  for (rlim_t d = 0; d < limit.rlim_cur; ++d) open += is_open(static_cast<int>(d)) ? 1 : 0;
  if (limit.rlim_cur - open >= needed) return {};
  return fail(errc::resources,
              fmt::format("This process may have only {} files open (ulimit -n), and has {} of them open already: this command "
                          "needs {} more. Raise the limit. Nothing was sent.",
                          limit.rlim_cur, open, needed));
}

bool write_text(int descriptor, std::string_view text) noexcept {
  return files::write_all(descriptor, text);
}

}  // namespace convoke::cli

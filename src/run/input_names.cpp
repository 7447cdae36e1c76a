// What the name of an input says: its feed, and where its failed rows go.

#include <array>
#include <string_view>

#include "run/planner.hpp"

namespace convoke::run {
namespace {

// A run that verifies or removes has a failed file of its own: that of `apply` may be under correction.
constexpr std::array<std::string_view, 3> failed_endings{".verify.failed.csv", ".remove.failed.csv", ".failed.csv"};
constexpr std::string_view piped = "stdin";

std::string_view ending_of(run_kind kind) noexcept {
  switch (kind) {
    case run_kind::verify:
      return failed_endings[0];
    case run_kind::remove:
      return failed_endings[1];
    case run_kind::provision:
      break;
  }
  return failed_endings[2];
}

}  // namespace

bool is_pipe(std::string_view input) noexcept {
  return input == "-" || input == "/dev/stdin" || input.starts_with("/dev/fd/") || input.starts_with("/proc/");
}

std::string failed_path(const job& j) {
  if (!j.failed.empty() || j.input.empty()) return j.failed;
  return (is_pipe(j.input) ? std::string(piped) : j.input) + std::string(ending_of(j.plan.kind));
}

files::naming failed_naming(const job& j) {
  return j.failed.empty() ? files::naming::derived : files::naming::given;
}

std::string feed_of(const job& j) {
  if (j.feed) return *j.feed;
  if (is_pipe(j.input) || j.plan.kind != run_kind::provision) return {};
  auto name = j.input.substr(j.input.rfind('/') + 1);
  // A failed file has rows of the file beside which it lies.
  for (const auto ending : failed_endings) {
    if (name.size() <= ending.size() || !name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    return name == piped ? std::string() : name;
  }
  return name;
}

}  // namespace convoke::run

#include "files/same_file.hpp"

#include <filesystem>
#include <system_error>

#include "core/text.hpp"

namespace convoke::files {

namespace {

namespace fs = std::filesystem;

result<void> refuse(const named_file& other, const named_file& written) {
  return fail(errc::usage, std::string(written.what) + " and " + std::string(other.what) + " are the same file (" +
                               core::escape_for_people(written.path) + "), which would be overwritten. Nothing was done: give " +
                               std::string(written.what) + " another name.");
}

}  // namespace

bool same_file(const std::string& a, const std::string& b) {
  std::error_code failed;
  const auto first = fs::status(a, failed), second = fs::status(b, failed);
  if ((fs::exists(first) && !fs::is_regular_file(first)) || (fs::exists(second) && !fs::is_regular_file(second))) return false;
  if (fs::exists(first) && fs::exists(second)) return fs::equivalent(a, b, failed);
  if (fs::exists(first) != fs::exists(second)) return false;
  const auto one = fs::weakly_canonical(fs::absolute(a, failed), failed);
  if (failed) return a == b;
  const auto two = fs::weakly_canonical(fs::absolute(b, failed), failed);
  return failed ? a == b : one == two;
}

result<void> keep_apart(const named_file& read, std::span<const named_file> written) {
  const std::string source = read.path == "-" ? "/dev/stdin" : read.path;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const auto& path = written[i].path;
    if (path.empty() || path == "-") continue;
    if (!source.empty() && same_file(source, path)) return refuse(read, written[i]);
    for (std::size_t k = 0; k < i; ++k) {
      const auto& earlier = written[k].path;
      if (!earlier.empty() && earlier != "-" && same_file(earlier, path)) return refuse(written[k], written[i]);
    }
  }
  return {};
}

}  // namespace convoke::files

// A configuration file of any content becomes settings, or one error that names the file; settings become a job or an error. Lists of an
// environment variable have no empty value.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "cli/job_builder.hpp"
#include "cli/lists.hpp"
#include "cli/options.hpp"

namespace {

// A file that does not exist on disk.
class memory_file {
 public:
  memory_file() : descriptor_(::memfd_create("configuration", 0)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {
    if (descriptor_ < 0) std::abort();
  }
  const std::string& path() const { return path_; }
  void hold(std::string_view text) const {
    if (::ftruncate(descriptor_, 0) != 0) std::abort();
    if (::pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) std::abort();
  }

 private:
  int descriptor_;
  std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const memory_file file;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  file.hold(text);
  const std::map<std::string, std::string, std::less<>> flags{{"config", file.path()}};
  const auto settings = convoke::cli::settings::resolve(flags, {}, "input.csv");
  if (!settings) {
    if (settings.error().message.find(file.path()) == std::string::npos) std::abort();
    return 0;
  }
  if (settings->text("config") != file.path() || settings->show().empty()) std::abort();
  // No secrets are read: a file of any content may name any file.
  const auto job = convoke::cli::build_job(*settings, "input.csv", {.lane = true, .credentials = false});
  if (!job && job.error().message.empty()) std::abort();
  if (job && job->plan.columns.size() != settings->lists().column.size()) std::abort();
  for (const auto& value : convoke::cli::values_of_variable(text))
    if (value.empty() || (value.contains(';') && !text.contains('\n'))) std::abort();
  if (const auto wait = convoke::cli::parse_duration(text); wait && wait->count() < 0) std::abort();
  return 0;
}

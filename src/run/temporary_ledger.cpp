#include "run/temporary_ledger.hpp"

#include <filesystem>
#include <utility>

#include <unistd.h>

#include <convoke/version.hpp>

#include "run/signals.hpp"

namespace convoke::run {

result<temporary_ledger> temporary_ledger::create(const std::function<bool()>& interrupted) {
  std::error_code failed;
  auto folder = (std::filesystem::temp_directory_path(failed) / "convoke-XXXXXX").string();
  if (failed || ::mkdtemp(folder.data()) == nullptr)
    return fail(errc::storage, "No temporary folder can be made: set TMPDIR to a folder that can be written.");
  temporary_ledger out(folder);
  auto store = ledger::open_sqlite({.path = folder + "/check.db", .program_version = version, .interrupted = interrupted});
  if (!store) return std::unexpected(store.error());
  out.store_ = std::move(*store);
  return out;
}

temporary_ledger::temporary_ledger(std::string folder) : folder_(std::move(folder)) {
  signals::remove_when_leaving(folder_);
}

temporary_ledger::temporary_ledger(temporary_ledger&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), store_(std::move(other.store_)) {}

temporary_ledger::~temporary_ledger() {
  store_.reset();
  std::error_code ignored;
  if (folder_.empty()) return;
  std::filesystem::remove_all(folder_, ignored);
  signals::forget(folder_);
}

}  // namespace convoke::run

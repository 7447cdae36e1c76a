#include "run/temporary_ledger.hpp"

#include <filesystem>
#include <utility>

#include <unistd.h>

#include <convoke/version.hpp>

namespace convoke::run {

result<temporary_ledger> temporary_ledger::create() {
  std::error_code failed;
  auto folder = (std::filesystem::temp_directory_path(failed) / "convoke-XXXXXX").string();
  if (failed || ::mkdtemp(folder.data()) == nullptr)
    return fail(errc::storage, "No temporary folder can be made: set TMPDIR to a folder that can be written.");
  temporary_ledger out(folder);
  auto store = ledger::open_sqlite({.path = folder + "/check.db", .program_version = version});
  if (!store) return std::unexpected(store.error());
  out.store_ = std::move(*store);
  return out;
}

temporary_ledger::temporary_ledger(std::string folder) noexcept : folder_(std::move(folder)) {}

temporary_ledger::temporary_ledger(temporary_ledger&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), store_(std::move(other.store_)) {}

temporary_ledger::~temporary_ledger() {
  store_.reset();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

}  // namespace convoke::run

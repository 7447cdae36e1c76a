#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ledger/ledger.hpp"

namespace convoke::run {

// A ledger that lives as long as one command: checking and rehearsing need its sorting and its rules, not its memory.
class temporary_ledger {
 public:
  // In a folder of its own under TMPDIR, which goes with it. errc::storage where none can be made. `interrupted`: as of a ledger.
  [[nodiscard]] static result<temporary_ledger> create(const std::function<bool()>& interrupted);
  temporary_ledger(temporary_ledger&& other) noexcept;
  temporary_ledger& operator=(temporary_ledger&&) = delete;
  ~temporary_ledger();
  [[nodiscard]] ledger::store& store() noexcept { return *store_; }

 private:
  explicit temporary_ledger(std::string folder);
  std::string folder_;
  std::unique_ptr<ledger::store> store_;
};

}  // namespace convoke::run

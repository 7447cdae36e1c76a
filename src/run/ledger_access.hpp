#pragma once

// What stands behind a public ledger_reader.

#include <memory>
#include <string>

#include <convoke/ledger.hpp>

#include "ledger/ledger.hpp"

namespace convoke {

struct ledger_reader::impl {
  std::string path;          // of `sqlite:PATH`; empty: no file
  bool for_several = false;  // several processes may write it
  std::unique_ptr<ledger::reader> from;
};

struct ledger_access {
  [[nodiscard]] static ledger_reader::impl& of(ledger_reader& public_one) noexcept { return *public_one.impl_; }
};

namespace run {

// errc::usage where there is no run of that number.
[[nodiscard]] result<ledger::run_info> find_run(ledger::reader& from, ledger::run_id id);

}  // namespace run
}  // namespace convoke

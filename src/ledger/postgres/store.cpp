#include "ledger/ledger.hpp"

namespace convoke::ledger {

result<std::unique_ptr<store>> open_postgres(const open_options&) {
  return fail(errc::internal, "the PostgreSQL ledger is not complete yet");
}

}  // namespace convoke::ledger

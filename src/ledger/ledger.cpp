#include "ledger/ledger.hpp"

namespace convoke::ledger {
namespace {

std::unexpected<error> no_leases() {
  return fail(errc::internal, "this ledger has no leases: one process at a time carries out its runs");
}

}  // namespace

result<opened_run> store::join(const session_request& wanted) {
  if (wanted.run != all_runs && wanted.lanes.empty()) return resume(wanted.run);
  if (wanted.run != all_runs) return fail(errc::internal, "this ledger has no sessions of some lanes of a run");
  return fail(errc::usage, "this ledger is for one process at a time: carry out each run with `convoke apply`, or use a PostgreSQL ledger");
}

void store::renew(renewal_request, renewed_handler done) {
  done(no_leases());
}

void store::survey(lease_token, surveyed_handler done) {
  done(no_leases());
}

result<void> store::leave(lease_token) {
  return {};
}

}  // namespace convoke::ledger

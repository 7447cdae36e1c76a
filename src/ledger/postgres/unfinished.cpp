// Stands for the run side of the store until its files are there: not built any more once sessions.cpp is.

#include "ledger/postgres/exchange.hpp"
#include "ledger/postgres/memory.hpp"
#include "ledger/postgres/run_writer.hpp"
#include "ledger/postgres/sessions.hpp"

namespace convoke::ledger::postgres {
namespace {
std::unexpected<failure> none() {
  return std::unexpected(failure{.kind = fault::wrong, .state = {}, .message = "the PostgreSQL ledger cannot carry out runs yet"});
}
}  // namespace

lease_token random_token() {
  return 1;
}
std::vector<lease_token> session_list::all() const {
  return {};
}
outcome_of<result<renewal>> renew(connection&, session_list&, const renewal_request&) {
  return none();
}
outcome_of<opened_run> session_writer::join(connection&, const session_request&, run_info, lease_token) {
  return none();
}
outcome_of<void> session_writer::leave(connection&, lease_token) {
  return none();
}
outcome_of<void> session_writer::leave_all(connection&) {
  return none();
}
outcome_of<result<rows_in_store>> session_writer::survey(connection&, lease_token) {
  return none();
}
outcome_of<void> run_writer::commit(connection&, group&) {
  return none();
}
outcome_of<result<run_state>> run_writer::finish_run(connection&, run_id) {
  return none();
}
outcome_of<std::uint64_t> forget_cooldowns(connection&, const lane_name&) {
  return none();
}
void memory_writer::learnt(run_id, lane_id, const lane_pace&, utc_time) {}
bool memory_writer::pending() {
  return false;
}
outcome_of<void> memory_writer::write(connection&) {
  return none();
}

}  // namespace convoke::ledger::postgres

#include "ledger/sqlite/call_writer.hpp"

#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

result<void> call_writer::write(call_rows& calls, const inheritance& inherited) {
  calls.finish();
  std::uint32_t number = 0;
  for (call_row call; calls.next(call) && db_.ok();) {
    ++number;
    write_call(call, number, call.key != 0 ? inherited.of(call.key) : inheritance::entry{});
  }
  write_new_keys();
  write_decisions();
  if (auto sorted = calls.status(); !sorted) return sorted;
  if (auto sorted = new_keys_.status(); !sorted) return sorted;
  if (auto sorted = placed_.status(); !sorted) return sorted;
  return db_.status();
}

void call_writer::write_call(const call_row& call, std::uint32_t number, const inheritance::entry& heir) {
  const digest_bytes hash(call.payload);
  const auto key = call.key != 0 ? call.key : make_row(run_, number);
  if (call.key == 0) {
    inventory_.with(key, call.organizer, make_row(run_, call.line), blob(hash.view())).run();
    new_keys_.push({.hash = call.hash, .id = key});
  }
  owe_.with(run_, call.organizer, call.line, key, heir.token, heir.strikes, call.duplicates, number, blob(hash.view())).run();
  placed_.push({.key = key, .organizer = call.organizer, .line = call.line, .call = number});
}

void call_writer::write_new_keys() {
  new_keys_.finish();
  for (new_key key; new_keys_.next(key) && db_.ok();) {
    const digest_bytes hash(key.hash);
    key_.with(blob(hash.view()), key.id).run();
  }
}

void call_writer::write_decisions() {
  placed_.finish();
  for (placed_row row; placed_.next(row) && db_.ok();) {
    decision_.with(make_row(run_, row.line), row.key, row.organizer, outcome_id_of_call(run_, row.call)).run();
  }
  statement duplicates(
      db_,
      "INSERT INTO decision(id, key, organizer) SELECT t.id, d.key, d.organizer FROM duplicate t JOIN decision d ON d.id = t.first "
      "WHERE t.first BETWEEN ? AND ? ORDER BY t.id");
  duplicates.with(first_row(run_), last_row(run_)).run();
}

}  // namespace convoke::ledger::sqlite

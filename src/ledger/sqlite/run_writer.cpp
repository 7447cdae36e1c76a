#include "ledger/sqlite/run_writer.hpp"

#include <utility>

#include "ledger/session_lanes.hpp"
#include "ledger/strikes.hpp"

namespace convoke::ledger::sqlite {
namespace {

error wrong_state(const stored_run& run, std::string_view wanted) {
  return {errc::usage,
          "run " + std::to_string(run.info.id) + " is " + std::string(to_string(run.info.state)) + ", not " + std::string(wanted)};
}

std::unexpected<error> session_over(run_id run) {
  return fail(errc::busy, "the session of run " + std::to_string(run) + " is over: another one has begun. Run the same command again");
}

}  // namespace

result<opened_run> run_writer::join(const session_request& wanted, lease_token lease) {
  const auto id = wanted.run;
  auto found = runs_.find(id);
  if (!db_.ok()) return std::unexpected(db_.failure());
  if (!found) return no_such_run(id);
  const auto state = found->info.state;
  if (state != run_state::open && state != run_state::finished) return std::unexpected(wrong_state(*found, "open"));
  opened_run out;
  out.lease = lease;
  out.info = std::move(found->info);
  const auto lanes = take_session_lanes(out.info, wanted.lanes);
  if (!lanes) return std::unexpected(lanes.error());
  release_waiting(id, out.info.header.drift_fails);
  out.organizers = owing(id);
  keep_session_lanes(out.organizers, *lanes);
  out.waiting = count_waiting(id, *lanes);
  settle_cooldowns(db_, wall_now());
  out.cooldowns = cooldowns(id);
  keep_session_lanes(out.cooldowns, *lanes);
  const auto learnt = learnt_by_run(db_, id);
  if (!db_.ok()) return std::unexpected(db_.failure());
  for (const auto lane : *lanes) out.learnt.push_back(learnt.at(lane));
  for (const auto& o : out.organizers) out.unclean = out.unclean || o.stale > 0;
  session begun{.lease = lease, .organizers = {}, .claimed = {}};
  for (const auto& o : out.organizers) begun.organizers.emplace(o.id, progress{.lane = o.lane});
  sessions_.insert_or_assign(id, std::move(begun));
  memory_.begin_session(id, *lanes);
  return out;
}

std::vector<organizer_rows> run_writer::owing(run_id id) {
  statement owing(
      db_,
      "SELECT o.organizer, r.position, p.object_id, sum(o.token = 0), sum(o.token <> 0) FROM owed o JOIN organizer p ON p.id = o.organizer "
      "JOIN run_lane r ON r.run = o.run AND r.lane = p.lane WHERE o.run = ? AND o.operation <> 6 GROUP BY o.organizer ORDER BY "
      "o.organizer");
  std::vector<organizer_rows> out;
  for (owing.with(id); owing.step();) {
    out.push_back({.id = owing.as<organizer_id>(0),
                   .lane = owing.as<lane_id>(1),
                   .organizer = std::string(owing.text(2)),
                   .fresh = owing.as<std::uint32_t>(3),
                   .stale = owing.as<std::uint32_t>(4)});
  }
  return out;
}

std::vector<saved_cooldown> run_writer::cooldowns(run_id id) {
  statement running(db_,
                    "SELECT r.position, c.organizer, c.until, c.saved_at FROM run_lane r JOIN cooldown c ON c.lane = r.lane "
                    "WHERE r.run = ? AND c.until > ? ORDER BY r.position, c.organizer");
  std::vector<saved_cooldown> out;
  for (running.with(id, to_stored(wall_now())); running.step();) {
    const auto organizer = running.as<organizer_id>(1);
    out.push_back({running.as<lane_id>(0), organizer == 0 ? std::nullopt : std::optional(organizer), from_stored(running.integer(2)),
                   from_stored(running.integer(3))});
  }
  return out;
}

run_writer::session* run_writer::session_of(run_id run, lease_token lease) {
  const auto found = sessions_.find(run);
  return found != sessions_.end() && found->second.lease == lease ? &found->second : nullptr;
}

result<claim_answer> run_writer::claim(const claim_request& wanted) {
  auto* const in = session_of(wanted.run, wanted.lease);
  if (in == nullptr) return session_over(wanted.run);
  claim_answer out;
  out.pages.reserve(wanted.pages.size());
  for (const auto& page : wanted.pages) out.pages.push_back(claim_page(wanted, page, *in));
  return out;
}

claimed_page run_writer::claim_page(const claim_request& wanted, const page_wanted& page, session& in) {
  const auto found = in.organizers.find(page.organizer);
  if (found == in.organizers.end() || found->second.lane != wanted.lane) {
    return {.organizer = page.organizer, .rows = {}, .exhausted = true};
  }
  auto& last = wanted.stale ? found->second.last_stale : found->second.last_fresh;
  auto out = read_page(wanted, page, in, last);
  if (out.rows.empty()) return out;
  const auto until = number_of(out.rows.back().row);
  (wanted.stale ? claim_stale_ : claim_fresh_).with(in.lease, wanted.run, page.organizer, last, until).run();
  if (db_.ok() && db_.changes() != static_cast<std::int64_t>(out.rows.size())) db_.fail_with("a claim met other rows than it had read");
  last = until;
  return out;
}

// Reads one row more than requested, which shows whether this page is the last.
claimed_page run_writer::read_page(const claim_request& wanted, const page_wanted& page, session& in, std::int64_t after) {
  claimed_page out{.organizer = page.organizer, .rows = {}, .exhausted = true};
  const auto limit = std::int64_t{page.count} + 1;
  auto& from = wanted.stale ? stale_.with(wanted.run, page.organizer, after, in.lease, limit)
                            : fresh_.with(wanted.run, page.organizer, after, limit);
  while (from.step()) {
    if (out.rows.size() == page.count) {
      out.exhausted = false;
      from.reset();
      break;
    }
    auto& row = out.rows.emplace_back(read_row(from, wanted, in));
    row.organizer = page.organizer;
    if (row.op != operation::create_or_get) add_observed(row);
  }
  return out;
}

claimed_row run_writer::read_row(statement& from, const claim_request& wanted, session& in) {
  claimed_row row{};
  row.row = make_row(wanted.run, from.as<std::uint32_t>(0));
  row.key = from.as<key_id>(1);
  row.op = operation_from_stored(from.as<int>(2));
  row.extends = from.as<int>(2) == stored_extension;
  row.repairs = from.as<int>(2) == stored_repairing;
  row.token = in.lease;
  row.strikes = from.as<std::uint8_t>(3);
  row.duplicates = from.as<std::uint32_t>(4);
  row.payload = from.text(7);
  row.update = static_cast<update_rule>(from.as<std::uint8_t>(8));
  row.line = from.as<std::uint32_t>(9);
  const owed_call call{.row = row.row,
                       .outcome_id = outcome_id_of_call(wanted.run, from.as<std::uint32_t>(5)),
                       .key = row.key,
                       .duplicates = row.duplicates,
                       .hash = read_digest(from.text(6))};
  in.claimed.insert_or_assign(row.row, claimed_call{call, row.op});
  return row;
}

void run_writer::add_observed(claimed_row& row) {
  if (observed_.with(row.key).step()) {
    row.meeting_id = observed_.text(0);
    row.drift = observed_.text(1);
  }
  observed_.reset();
}

void run_writer::write(const row_writes& rows, committed_rows& out) {
  const auto note = [&](row_id row, std::optional<std::uint64_t> ended) {
    (ended ? out.calls : out.lost).push_back(row);
    out.ended += ended.value_or(0);
  };
  out.calls.reserve(rows.size());
  for (const auto& row : rows.finished) note(row.row, finish(row));
  for (const auto& row : rows.advanced) note(row.row, advance(row) ? std::optional<std::uint64_t>(0) : std::nullopt);
  for (const auto& row : rows.released) note(row.row, release(row));
}

std::optional<std::uint64_t> run_writer::finish(const finished_row& row) {
  const auto taken = take({row.row, row.organizer, row.token});
  if (!taken) return std::nullopt;
  auto call = taken->call;
  call.reads = taken->op == operation::get;
  const auto rows = outcomes_.answered(call, row);
  // A meeting that an earlier operation of the row made was counted when the row advanced.
  if (row.result == outcome::created && taken->op == operation::create_or_get) memory_.made(row.organizer, row.finished_at);
  return rows;
}

bool run_writer::advance(const advanced_row& row) {
  const held_row held{row.row, row.organizer, row.token};
  const auto found = find(held);
  if (!found) return false;
  advance_.with(static_cast<int>(row.next), run_of(row.row), row.organizer, number_of(row.row)).run();
  if (!db_.ok() || db_.changes() != 1) return false;
  if (auto* const claimed = find_claimed(held)) claimed->op = row.next;
  outcomes_.advanced(found->call, row);
  if (row.created) memory_.made(row.organizer, row.finished_at);
  return db_.ok();
}

std::optional<std::uint64_t> run_writer::release(const released_row& row) {
  const auto run = run_of(row.row);
  const auto number = number_of(row.row);
  if (row.strike && strikes_.with(run, row.organizer, number, row.token).step()) {
    const bool third = strikes_.integer(0) + 1 >= strikes_to_fail;
    strikes_.reset();
    if (third) return finish(third_strike(row));
  }
  const auto found = find({row.row, row.organizer, row.token});
  forget_claimed(row.row);
  if (!found) return std::nullopt;
  release_.with(row.strike ? 1 : 0, run, row.organizer, number, row.token).run();
  if (!db_.ok() || db_.changes() != 1) return std::nullopt;
  if (row.http_status == no_such_organizer) forget_user_.with(row.organizer).run();
  if (row.attempts > 0) outcomes_.failed_last(found->call, row);
  return 0;
}

run_writer::claimed_call* run_writer::find_claimed(const held_row& held) {
  auto* const in = session_of(run_of(held.row), held.token);
  if (in == nullptr) return nullptr;
  const auto found = in->claimed.find(held.row);
  return found == in->claimed.end() ? nullptr : &found->second;
}

void run_writer::forget_claimed(row_id row) {
  const auto in = sessions_.find(run_of(row));
  if (in != sessions_.end()) in->second.claimed.erase(row);
}

std::optional<run_writer::claimed_call> run_writer::find(const held_row& held) {
  if (const auto* const claimed = find_claimed(held)) return *claimed;
  // A claim of a session that has ended, of a row that was not claimed since.
  std::optional<claimed_call> out;
  if (find_.with(run_of(held.row), held.organizer, number_of(held.row), held.token).step()) {
    const owed_call call{.row = held.row,
                         .outcome_id = outcome_id_of_call(run_of(held.row), find_.as<std::uint32_t>(0)),
                         .key = find_.as<key_id>(1),
                         .duplicates = find_.as<std::uint64_t>(2),
                         .hash = read_digest(find_.text(3))};
    out = claimed_call{call, operation_from_stored(find_.as<int>(4))};
  }
  find_.reset();
  return out;
}

std::optional<run_writer::claimed_call> run_writer::take(const held_row& held) {
  auto found = find(held);
  if (!found) return std::nullopt;
  forget_claimed(held.row);
  drop_one_.with(run_of(held.row), held.organizer, number_of(held.row)).run();
  if (!db_.ok() || db_.changes() != 1) return std::nullopt;
  return found;
}

result<closed_rows> run_writer::close_organizer(const close_request& closing) {
  auto* const in = session_of(closing.run, closing.lease);
  if (in == nullptr) return session_over(closing.run);
  closed_rows closed;
  const auto found = in->organizers.find(closing.organizer);
  if (found == in->organizers.end() || found->second.lane != closing.lane) return closed;
  auto like = closing.like;
  like.result = outcome::failed;
  std::vector<owed_call> page;
  do {
    page.clear();
    for (page_.with(closing.run, closing.organizer); page_.step();) {
      page.push_back({.row = make_row(closing.run, page_.as<std::uint32_t>(0)),
                      .outcome_id = outcome_id_of_call(closing.run, page_.as<std::uint32_t>(1)),
                      .key = page_.as<key_id>(2),
                      .duplicates = page_.as<std::uint64_t>(3),
                      .hash = read_digest(page_.text(4)),
                      .reads = operation_from_stored(page_.as<int>(5)) == operation::get});
    }
    for (const auto& call : page) {
      in->claimed.erase(call.row);
      closed.rows += outcomes_.answered(call, like);
    }
    if (!page.empty()) drop_.with(closing.run, closing.organizer, number_of(page.back().row)).run();
    closed.calls += static_cast<std::uint32_t>(page.size());
  } while (!page.empty() && db_.ok());
  if (like.http_status == no_such_organizer) forget_user_.with(closing.organizer).run();
  return closed;
}

result<run_state> run_writer::finish_run(run_id id) {
  auto found = runs_.find(id);
  if (!db_.ok()) return std::unexpected(db_.failure());
  if (!found) return fail(errc::usage, "there is no run " + std::to_string(id) + " in this ledger");
  if (found->info.state != run_state::open) return found->info.state;
  end_waiting(id, found->info.header.drift_fails);
  statement owes(db_, "SELECT EXISTS(SELECT 1 FROM owed WHERE run = ?)");
  const bool owed = owes.with(id).step() && owes.integer(0) != 0;
  owes.reset();
  if (owed) return run_state::open;
  statement finish(db_, "UPDATE run SET state = 3, finished_at = ? WHERE id = ?");
  finish.with(to_stored(wall_now()), id).run();
  if (!db_.ok()) return std::unexpected(db_.failure());
  return run_state::finished;
}

}  // namespace convoke::ledger::sqlite

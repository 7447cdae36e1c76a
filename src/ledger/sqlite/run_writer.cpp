#include "ledger/sqlite/run_writer.hpp"

#include <utility>

namespace convoke::ledger::sqlite {
namespace {

constexpr int strikes_to_fail = 3;

error wrong_state(const stored_run& run, std::string_view wanted) {
  return {errc::usage,
          "run " + std::to_string(run.info.id) + " is " + std::string(to_string(run.info.state)) + ", not " + std::string(wanted)};
}

}  // namespace

result<opened_run> run_writer::resume(run_id id, lease_token lease) {
  auto found = runs_.find(id);
  if (!db_.ok()) return std::unexpected(db_.failure());
  if (!found) return fail(errc::usage, "there is no run " + std::to_string(id) + " in this ledger; `convoke runs` lists them");
  const auto state = found->info.state;
  if (state != run_state::open && state != run_state::finished) return std::unexpected(wrong_state(*found, "open"));
  lease_ = lease;
  std::erase_if(held_, [&](const auto& entry) { return run_of(entry.first) == id; });
  std::erase_if(claimed_, [&](const auto& entry) { return entry.first >> 32 == id; });
  opened_run out;
  out.lease = lease;
  out.info = std::move(found->info);
  out.organizers = owing(id);
  settle_cooldowns(db_, wall_now());
  out.cooldowns = cooldowns(id);
  out.learnt = learnt_by_run(db_, id);
  for (const auto& o : out.organizers) out.unclean = out.unclean || o.stale > 0;
  if (!db_.ok()) return std::unexpected(db_.failure());
  return out;
}

std::vector<organizer_rows> run_writer::owing(run_id id) {
  statement owing(
      db_,
      "SELECT o.organizer, r.position, p.object_id, sum(o.token = 0), sum(o.token <> 0) FROM owed o JOIN organizer p ON p.id = o.organizer "
      "JOIN run_lane r ON r.run = o.run AND r.lane = p.lane WHERE o.run = ? GROUP BY o.organizer ORDER BY o.organizer");
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
                    "SELECT r.position, f.organizer, f.until, f.saved_at FROM run_lane r JOIN cooldown f ON f.lane = r.lane WHERE r.run = "
                    "? AND f.until > ? "
                    "ORDER BY r.position, f.organizer");
  std::vector<saved_cooldown> out;
  for (running.with(id, to_stored(wall_now())); running.step();) {
    const auto organizer = running.as<organizer_id>(1);
    out.push_back({running.as<lane_id>(0), organizer == 0 ? std::nullopt : std::optional(organizer), from_stored(running.integer(2)),
                   from_stored(running.integer(3))});
  }
  return out;
}

// One row more than asked for tells whether this page is the last.
claimed_page run_writer::read_page(run_id run, const page_wanted& wanted, bool stale, std::int64_t after) {
  const auto [organizer, count] = wanted;
  claimed_page out{.organizer = organizer, .rows = {}, .exhausted = true};
  const auto limit = std::int64_t{count} + 1;
  auto& page = stale ? stale_.with(run, organizer, after, lease_, limit) : fresh_.with(run, organizer, after, limit);
  while (page.step()) {
    if (out.rows.size() == count) {
      out.exhausted = false;
      page.reset();
      break;
    }
    const auto id = make_row(run, page.as<std::uint32_t>(0));
    const auto key = page.as<key_id>(1);
    const owed_call call{id, outcome_id_of_call(run, page.as<std::uint32_t>(5)), key, page.as<std::uint64_t>(4), read_digest(page.text(6))};
    held_.insert_or_assign(id, held_row{call, lease_});
    out.rows.push_back({.row = id,
                        .key = key,
                        .organizer = organizer,
                        .token = lease_,
                        .strikes = page.as<std::uint8_t>(3),
                        .duplicates = page.as<std::uint32_t>(4),
                        .payload = std::string(page.text(7)),
                        .op = static_cast<operation>(page.as<std::uint8_t>(2)),
                        .update = static_cast<update_rule>(page.as<std::uint8_t>(8))});
  }
  return out;
}

claimed_page run_writer::claim(run_id run, const page_wanted& wanted, bool stale) {
  auto& state = claimed_[std::uint64_t{run} << 32 | wanted.organizer];
  auto& last = stale ? state.stale : state.fresh;
  auto out = read_page(run, wanted, stale, last);
  if (out.rows.empty()) return out;
  const auto until = line_of(out.rows.back().row);
  (stale ? claim_stale_ : claim_fresh_).with(lease_, run, wanted.organizer, last, until).run();
  if (db_.ok() && db_.changes() != static_cast<std::int64_t>(out.rows.size())) db_.fail_with("a claim met other rows than it had read");
  last = until;
  return out;
}

std::optional<std::uint64_t> run_writer::finish(const finished_row& row) {
  owed_call call;
  if (!take_held(row, call) && !take_stored(row, call)) return std::nullopt;
  const auto rows = outcomes_.answered(call, row);
  if (row.result == outcome::created) memory_.made(row.organizer, row.finished_at);
  return rows;
}

bool run_writer::take_held(const finished_row& row, owed_call& out) {
  const auto found = held_.find(row.row);
  if (found == held_.end() || found->second.token != row.token) return false;
  out = found->second.row;
  held_.erase(found);
  drop_one_.with(run_of(row.row), row.organizer, line_of(row.row)).run();
  return db_.ok() && db_.changes() == 1;
}

// A claim of an earlier session, which nobody has claimed since.
bool run_writer::take_stored(const finished_row& row, owed_call& out) {
  if (!take_.with(run_of(row.row), row.organizer, line_of(row.row), row.token).step()) return false;
  out = {row.row, outcome_id_of_call(run_of(row.row), take_.as<std::uint32_t>(0)), take_.as<key_id>(1), take_.as<std::uint64_t>(2),
         read_digest(take_.text(3))};
  take_.reset();
  return true;
}

std::optional<std::uint64_t> run_writer::release(const released_row& row) {
  const auto run = run_of(row.row);
  const auto line = line_of(row.row);
  if (row.strike && strikes_.with(run, row.organizer, line, row.token).step()) {
    const bool third = strikes_.integer(0) + 1 >= strikes_to_fail;
    strikes_.reset();
    if (third) return third_strike(row);
  }
  const auto held = held_.extract(row.row);
  release_.with(row.strike ? 1 : 0, run, row.organizer, line, row.token).run();
  if (!db_.ok() || db_.changes() != 1) return std::nullopt;
  if (row.attempts > 0 && !held.empty()) outcomes_.failed_last(held.mapped().row, row);
  return 0;
}

bool run_writer::advance(const advanced_row& row) {
  advance_.with(static_cast<int>(row.next), run_of(row.row), row.organizer, line_of(row.row), row.token).run();
  return db_.ok() && db_.changes() == 1;
}

std::optional<std::uint64_t> run_writer::third_strike(const released_row& row) {
  finished_row out;
  out.row = row.row;
  out.key = row.key;
  out.organizer = row.organizer;
  out.token = row.token;
  out.result = outcome::failed;
  out.attempts = row.attempts;
  out.http_status = row.http_status;
  out.error_code = "retries";
  out.error_message =
      "attempts were used up in three runs in a row; the last fault was " + (row.error_code.empty() ? "unnamed" : row.error_code);
  if (!row.error_message.empty()) out.error_message += ": " + row.error_message;
  out.request_id = row.request_id;
  out.client_request_id = row.client_request_id;
  out.finished_at = row.finished_at;
  return finish(out);
}

closed_rows run_writer::close_organizer(run_id run, organizer_id organizer, const finished_row& like) {
  closed_rows closed;
  std::vector<owed_call> page;
  do {
    page.clear();
    for (page_.with(run, organizer); page_.step();) {
      page.push_back({make_row(run, page_.as<std::uint32_t>(0)), outcome_id_of_call(run, page_.as<std::uint32_t>(1)), page_.as<key_id>(2),
                      page_.as<std::uint64_t>(3), read_digest(page_.text(4))});
    }
    for (const auto& row : page) {
      held_.erase(row.row);
      closed.rows += outcomes_.answered(row, like);
    }
    if (!page.empty()) drop_.with(run, organizer, line_of(page.back().row)).run();
    closed.calls += static_cast<std::uint32_t>(page.size());
  } while (!page.empty() && db_.ok());
  return closed;
}

result<run_state> run_writer::finish_run(run_id id) {
  auto found = runs_.find(id);
  if (!db_.ok()) return std::unexpected(db_.failure());
  if (!found) return fail(errc::usage, "there is no run " + std::to_string(id) + " in this ledger");
  if (found->info.state != run_state::open) return found->info.state;
  statement owes(db_, "SELECT EXISTS(SELECT 1 FROM owed WHERE run = ?)");
  const bool still = owes.with(id).step() && owes.integer(0) != 0;
  owes.reset();
  if (still) return run_state::open;
  statement finish(db_, "UPDATE run SET state = 3, finished_at = ? WHERE id = ?");
  finish.with(to_stored(wall_now()), id).run();
  if (!db_.ok()) return std::unexpected(db_.failure());
  return run_state::finished;
}

}  // namespace convoke::ledger::sqlite

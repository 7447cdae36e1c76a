#include "ledger/postgres/run_writer.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <span>
#include <thread>

#include "ledger/planning/kinds.hpp"
#include "ledger/postgres/claims.hpp"
#include "ledger/postgres/outcome_statements.hpp"
#include "ledger/postgres/users.hpp"
#include "ledger/postgres/waiting_rows.hpp"
#include "ledger/postgres/write_arrays.hpp"
#include "ledger/stored.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

// The first statement of a group. The values of a group drive its statements: with the other kinds of joins and scans the planner, which
// knows nothing of how few rows a page has, can choose to read the whole table. A connection that is cut between two messages must not keep
// its locks for long. A group that has to wait for a plan is rolled back and given again: in a pool of few connections, groups that wait
// would keep the renewals of all workers from the server until their leases are over.
constexpr const char* settings =
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', "
    "true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true), "
    "set_config('idle_in_transaction_session_timeout', '20000', true), set_config('lock_timeout', '1000', true)";
constexpr const char* try_writes_lock = "SELECT pg_try_advisory_xact_lock_shared(1668247158, 1)::int";
constexpr const char* own_lock = "SELECT pg_advisory_xact_lock($1)";
constexpr const char* live_sessions = "SELECT id FROM convoke.session WHERE id = ANY($1) AND NOT ended AND expires_at > clock_timestamp()";
constexpr const char* finish_empty =
    "UPDATE convoke.run SET state = 3, finished_at = $2 WHERE id IN (SELECT r.id FROM convoke.run r WHERE (r.id = $1 OR $1 = 0) "
    "AND r.state = 2 AND NOT EXISTS(SELECT FROM convoke.owed o WHERE o.run = r.id) ORDER BY r.id FOR UPDATE) AND state = 2";
constexpr const char* state_of = "SELECT state FROM convoke.run WHERE id = $1";
constexpr const char* any_open = "SELECT EXISTS(SELECT FROM convoke.run WHERE state = 2)";

template <class T>
std::unexpected<failure> failed(const outcome_of<T>& from) {
  return std::unexpected(from.error());
}

void begin_group(pipeline& to, lease_token lock) {
  to.add(begin_transaction);
  to.add(settings);
  to.add(own_lock).with(lock);
  to.add(share_writes_lock);
}

// The session under whose lease a request was made; nullptr where it is not of this run.
std::shared_ptr<session> session_for(const session_list& list, run_id run, lease_token lease) {
  auto found = list.find(lease);
  return found && found->run == run ? found : nullptr;
}

std::optional<row_id> first_of(const row_writes& writes) {
  if (!writes.finished.empty()) return writes.finished.front().row;
  if (!writes.advanced.empty()) return writes.advanced.front().row;
  if (!writes.released.empty()) return writes.released.front().row;
  return std::nullopt;
}

}  // namespace

// Which statement answers what. The index 0 is that of BEGIN.
struct run_writer::layout {
  struct claim {
    std::shared_ptr<session> of;
    std::optional<claim_pages> pages;
    std::size_t at = 0;
  };
  struct close {
    std::shared_ptr<session> of;
    std::size_t at = 0, before = 0;  // before: what a commit in doubt has closed
  };
  std::optional<write_set> writes;
  std::size_t live = 0, writes_at = 0;
  std::deque<claim> claims;
  std::vector<close> closes;
  struct announcement {
    std::shared_ptr<session> of;
    std::size_t write = 0, at = 0;
  };
  std::vector<announcement> announced;
};

outcome_of<void> run_writer::commit(connection& db, group& all) {
  layout at;
  for (auto& one : all.claims) at.claims.push_back({.of = session_for(list_, one.wanted.run, one.wanted.lease), .pages = {}, .at = 0});
  if (all.in_doubt) {
    if (auto found = find_claimed(db, all, at); !found) return found;
  }
  pipeline statements;
  begin_group(statements, own_lock_);
  add_live(statements, all, at);
  add_writes(statements, all, at);
  add_closes(statements, all, at);
  add_claims(statements, all, at);
  for (const auto& one : all.cooldowns) {
    const auto of = list_.of_run(one.run);
    if (one.until && one.app) {
      add_app_cooldown(statements, of.get(), one.run, one.lane, *one.until);
    } else if (one.until) {
      add_cooldown(statements, of.get(), one.run, one.lane, one.organizer, *one.until);
    } else {
      add_forget_cooldown(statements, of.get(), one.run, one.lane, one.organizer);
    }
  }
  memory_.add(statements, false);
  add_reads(statements, all, at);
  statements.add(commit_transaction);
  auto answers = statements.run(db);
  if (!answers) {
    if (answers.error().kind == fault::lost) {
      all.in_doubt = true;
      memory_.forget_taken();
    } else {
      memory_.put_back();
    }
    return failed(answers);
  }
  memory_.forget_taken();
  // The first, because it can fail: the group is given again then, with nothing of it answered.
  if (auto settled = settle_writes(db, *answers, all, at); !settled) return settled;
  read_live(*answers, all, at);
  read_claims(*answers, all, at);
  read_closes(*answers, all, at);
  return {};
}

// The claims of a commit in doubt. When this has its locks, the server is done with that one, or has not begun it: then it claims nothing.
outcome_of<void> run_writer::find_claimed(connection& db, group& all, layout& at) {
  pipeline statements;
  begin_group(statements, own_lock_);
  for (std::size_t i = 0; i < all.claims.size(); ++i) {
    auto& claim = at.claims[i];
    if (!claim.of || all.claims[i].answered) continue;
    statements.add(raise_attempt).with(claim.of->id).with(++claim.of->attempt);
    claim.pages.emplace(all.claims[i].wanted, *claim.of, all.claims[i].token, std::span<const row_id>());
    claim.at = statements.size();
    claim.pages->add_find(statements);
  }
  statements.add(commit_transaction);
  auto answers = statements.run(db);
  if (!answers) return failed(answers);
  for (std::size_t i = 0; i < all.claims.size(); ++i) {
    auto& claim = at.claims[i];
    if (claim.at == 0 || (*answers)[claim.at].empty()) continue;
    all.claims[i].answer = claim.pages->read((*answers)[claim.at]);
    all.claims[i].answered = true;
  }
  for (auto& claim : at.claims) claim.at = 0;
  return {};
}

void run_writer::add_live(pipeline& to, const group& all, layout& at) {
  std::vector<std::int64_t> leases;
  for (const auto& one : all.claims) leases.push_back(static_cast<std::int64_t>(one.wanted.lease));
  for (const auto& one : all.closes) leases.push_back(static_cast<std::int64_t>(one.wanted.lease));
  if (leases.empty()) return;
  if (!all.closes.empty()) to.add(end_expired_sessions);
  at.live = to.size();
  to.add(live_sessions).integers(leases);
}

void run_writer::read_live(const std::vector<rows>& answers, group& all, const layout& at) {
  if (at.live == 0) return;
  const auto& live = answers[at.live];
  const auto over = [&](const std::shared_ptr<session>& of) {
    for (int i = 0; of && i < live.size(); ++i) {
      if (live.as<lease_token>(i, 0) == of->id) return false;
    }
    return true;
  };
  for (std::size_t i = 0; i < all.claims.size(); ++i) {
    if (!over(at.claims[i].of) || all.claims[i].answered) continue;
    all.claims[i].answer = std::unexpected(session_over());
    all.claims[i].answered = true;
  }
  for (std::size_t i = 0; i < all.closes.size(); ++i) {
    if (over(at.closes[i].of)) all.closes[i].answer = std::unexpected(session_over());
  }
}

void run_writer::add_writes(pipeline& to, const group& all, layout& at) const {
  if (all.writes.empty()) return;
  std::vector<const row_writes*> requests;
  for (const auto& one : all.writes) requests.push_back(&one.rows);
  at.writes.emplace(requests);
  at.writes_at = to.size();
  at.writes->add(to, slot_);
  for (const auto* one : requests)
    for (const auto& row : one->released)
      if (row.http_status == no_such_organizer) add_forget_user(to, row.organizer);
}

// What other sessions found goes to the first write of each session.
void run_writer::add_reads(pipeline& to, const group& all, layout& at) const {
  for (std::size_t i = 0; i < all.writes.size(); ++i) {
    const auto row = first_of(all.writes[i].rows);
    const auto of = row ? list_.of_run(run_of(*row)) : nullptr;
    if (!of || std::ranges::any_of(at.announced, [&](const auto& one) { return one.of == of; })) continue;
    at.announced.push_back({.of = of, .write = i, .at = to.size()});
    add_announced(to, *of);
  }
}

void run_writer::add_closes(pipeline& to, const group& all, layout& at) const {
  for (const auto& [wanted, answer, token] : all.closes) {
    auto& close = at.closes.emplace_back();
    close.of = session_for(list_, wanted.run, wanted.lease);
    if (!close.of) continue;
    const auto found = close.of->organizers.find(wanted.organizer);
    if (found != close.of->organizers.end() && found->second.lane != wanted.lane) continue;
    if (all.in_doubt) {
      close.before = to.size();
      to.add(ending::find_closed).with(token);
    }
    close.at = to.size();
    auto like = wanted.like;
    like.result = outcome::failed;
    const auto mode = observation_after(like.result, like.stored.has_value()).mode;
    auto& values = to.add(ending::close()).with(slot_).with(wanted.run).with(wanted.organizer).with(wanted.lease).with(token);
    values.with(like.attempts).with(like.http_status).with(text_or_null(like.error_code)).with(text_or_null(like.error_message));
    values.with(text_or_null(like.request_id)).with(text_or_null(like.client_request_id)).with(text_or_null(like.drift));
    values.with(to_stored(like.finished_at)).with(static_cast<int>(mode));
    meeting seen = like.stored.value_or(meeting{});
    values.with(seen.id).with(seen.join_web_url).with(seen.join_meeting_id).with(seen.passcode).with(seen.dial_in_number);
    values.with(seen.conference_id).with(seen.options_url).with(to_stored(seen.expires_at));
    if (like.http_status == no_such_organizer) add_forget_user(to, wanted.organizer);
  }
}

void run_writer::read_closes(const std::vector<rows>& answers, group& all, const layout& at) {
  for (std::size_t i = 0; i < all.closes.size(); ++i) {
    auto& answer = all.closes[i].answer;
    if (!answer) continue;
    closed_rows out;
    for (const auto index : {at.closes[i].before, at.closes[i].at}) {
      if (index == 0) continue;
      out.calls += answers[index].as<std::uint32_t>(0, 0);
      out.rows += answers[index].as<std::uint64_t>(0, 1);
    }
    answer = out;
  }
}

void run_writer::add_claims(pipeline& to, const group& all, layout& at) {
  std::vector<row_id> releasing;
  for (const auto& one : all.writes)
    for (const auto& row : one.rows.released) releasing.push_back(row.row);
  for (std::size_t i = 0; i < all.claims.size(); ++i) {
    auto& claim = at.claims[i];
    if (!claim.of || all.claims[i].answered) continue;
    claim.pages.emplace(all.claims[i].wanted, *claim.of, all.claims[i].token, releasing);
    if (claim.pages->empty()) continue;
    claim.at = to.size();
    claim.pages->add(to);
  }
}

void run_writer::read_claims(const std::vector<rows>& answers, group& all, layout& at) {
  const rows none;
  for (std::size_t i = 0; i < all.claims.size(); ++i) {
    auto& claim = at.claims[i];
    if (all.claims[i].answered || !claim.pages) continue;
    all.claims[i].answer = claim.pages->read(claim.at == 0 ? none : answers[claim.at]);
  }
}

outcome_of<void> run_writer::settle_writes(connection& db, const std::vector<rows>& answers, group& all, layout& at) {
  if (!at.writes) return {};
  at.writes->read(answers, at.writes_at);
  const auto done = [&]() -> outcome_of<void> {
    if (all.in_doubt) {
      if (auto found = at.writes->find_done(db); !found) return found;
    }
    return at.writes->free_inherited(db);
  }();
  // What was committed is found again when the group is given again.
  if (!done) {
    all.in_doubt = true;
    return done;
  }
  auto each = at.writes->answers(memory_);
  for (std::size_t i = 0; i < each.size(); ++i) all.writes[i].answer = std::move(each[i]);
  for (const auto& one : at.announced) all.writes[one.write].answer.cooldowns = read_announced(answers[one.at], *one.of);
  for (const auto row : at.writes->released()) {
    if (const auto of = list_.of_run(run_of(row))) of->released.insert_or_assign(row, os::boot_now());
  }
  return {};
}

// A plan that is under way may end the same rows: like every write this needs the lock, and does not wait for it, because a session must
// not wait longer than its lease lasts. What is left then is for a later call.
outcome_of<result<run_state>> run_writer::finish_run(connection& db, run_id id) {
  constexpr std::chrono::milliseconds patience{1'000}, pause{100};
  const auto give_up = std::chrono::steady_clock::now() + patience;
  for (;;) {
    bool locked = false;
    auto state = try_to_finish(db, id, locked);
    const bool left = state && *state && **state == run_state::open && !locked;
    if (!left || std::chrono::steady_clock::now() >= give_up) return state;
    std::this_thread::sleep_for(pause);
  }
}

outcome_of<result<run_state>> run_writer::try_to_finish(connection& db, run_id id, bool& locked) {
  pipeline all;
  all.add(begin_transaction);
  const auto lock_at = all.size();
  all.add(try_writes_lock);
  all.add(end_waiting()).with(id).with(to_stored(os::wall_now())).with(planning::not_removed).with(not_removed_why);
  all.add(finish_empty).with(id).with(to_stored(os::wall_now()));
  const auto at = all.size();
  if (id == all_runs) {
    all.add(any_open);
  } else {
    all.add(state_of).with(id);
  }
  memory_.add(all, true);
  all.add(commit_transaction);
  auto answers = all.run(db);
  if (!answers) {
    answers.error().kind == fault::lost ? memory_.forget_taken() : memory_.put_back();
    return failed(answers);
  }
  memory_.forget_taken();
  locked = (*answers)[lock_at].integer(0, 0) != 0;
  const auto& state = (*answers)[at];
  if (id == all_runs) return result<run_state>(state.integer(0, 0) != 0 ? run_state::open : run_state::finished);
  if (state.empty()) return result<run_state>(fail(errc::usage, "there is no run " + std::to_string(id) + " in this ledger"));
  return result<run_state>(static_cast<run_state>(state.integer(0, 0)));
}

}  // namespace convoke::ledger::postgres

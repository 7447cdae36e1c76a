#include "ledger/postgres/sessions.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>

#include "ledger/postgres/exchange.hpp"
#include "ledger/postgres/memory.hpp"
#include "ledger/postgres/owing.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger::postgres {
namespace {

constexpr const char* add_session =
    "INSERT INTO convoke.session(id, host, process, run, started_at, expires_at) VALUES($1, $2, $3, $4, clock_timestamp(), "
    "clock_timestamp() + $5::float8 * interval '1 second') ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at";
constexpr const char* end_sessions =
    "UPDATE convoke.session SET ended = true, expires_at = least(expires_at, clock_timestamp()) WHERE id = ANY($1) AND NOT ended";
constexpr const char* lanes_of_run =
    "SELECT l.id, l.graph_root, l.tenant, l.app FROM convoke.run_lane r JOIN convoke.lane l ON l.id = r.lane WHERE r.run = $1 "
    "ORDER BY r.position";
constexpr const char* add_lane =
    "INSERT INTO convoke.lane(graph_root, tenant, app) SELECT $1, $2, $3 WHERE NOT EXISTS(SELECT FROM convoke.lane WHERE graph_root = $1 "
    "AND tenant = $2 AND app = $3) ON CONFLICT DO NOTHING";
constexpr const char* find_lane = "SELECT id FROM convoke.lane WHERE graph_root = $1 AND tenant = $2 AND app = $3";

// A session that joins is settled unless the lane is learning. Sessions that join a lane at the same time do so one after the other.
constexpr const char* add_lane_rates =
    "INSERT INTO convoke.lane_rate(lane, leader, rate, pace_rate, refused, credit, active_since) "
    "SELECT l, $2, 0, 0, 0, 0, clock_timestamp() FROM unnest($1::bigint[]) l ORDER BY l ON CONFLICT DO NOTHING";
constexpr const char* lock_lane_rates = "SELECT lane FROM convoke.lane_rate WHERE lane = ANY($1) ORDER BY lane FOR UPDATE";
constexpr const char* begin_activity =
    "UPDATE convoke.lane_rate r SET active_since = clock_timestamp(), leader = $2, rate = 0, pace_rate = 0, refused = 0, credit = 0, "
    "published_at = NULL WHERE r.lane = ANY($1) AND NOT EXISTS(SELECT FROM convoke.session_lane l JOIN convoke.session s ON s.id = "
    "l.session "
    "WHERE l.lane = r.lane AND l.session <> $2 AND NOT s.ended AND s.expires_at > clock_timestamp())";
constexpr const char* add_session_lanes =
    "INSERT INTO convoke.session_lane(session, lane, position, part, safe_part, seen_at, settled) "
    "SELECT $2, i.lane, i.position - 1, CASE WHEN x.others THEN 0 ELSE 1 END, CASE WHEN x.others THEN 0 ELSE 1 END, clock_timestamp(), "
    "NOT x.others OR clock_timestamp() >= r.active_since + $3::float8 * interval '1 second' "
    "FROM unnest($1::bigint[]) WITH ORDINALITY AS i(lane, position) JOIN convoke.lane_rate r ON r.lane = i.lane "
    "CROSS JOIN LATERAL (SELECT EXISTS(SELECT FROM convoke.session_lane l JOIN convoke.session s ON s.id = l.session "
    "WHERE l.lane = i.lane AND l.session <> $2 AND NOT s.ended AND s.expires_at > clock_timestamp()) AS others) x "
    "ON CONFLICT DO NOTHING";
// Rows of a session that is missing are stale as well; it is kept while it has some, so that a status can name it.
constexpr const char* drop_sessions =
    "WITH gone AS (DELETE FROM convoke.session WHERE id IN (SELECT id FROM convoke.session WHERE (ended OR expires_at < clock_timestamp()) "
    "AND id <> ALL(ARRAY(SELECT DISTINCT session FROM convoke.owed WHERE token <> 0)) FOR UPDATE SKIP LOCKED) RETURNING id) "
    "DELETE FROM convoke.session_lane WHERE session IN (SELECT id FROM gone)";
constexpr const char* open_sums = "SELECT coalesce(sum(rows), 0)::bigint, coalesce(min(planned_at), 0) FROM convoke.run WHERE state = 2";
constexpr const char* open_counts =
    "SELECT t.outcome, sum(t.n)::bigint FROM convoke.tally t JOIN convoke.run r ON r.id = t.run WHERE r.state = 2 GROUP BY t.outcome";
constexpr const char* left_of_lease =
    "SELECT (extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::bigint FROM convoke.session "
    "WHERE id = $1 AND NOT ended AND expires_at > clock_timestamp()";

double seconds_of_lease() {
  return std::chrono::duration<double>(lease_time).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

template <class T>
std::unexpected<failure> failed(const outcome_of<T>& from) {
  return std::unexpected(from.error());
}

outcome_of<std::vector<std::int64_t>> lane_ids(connection& db, const session_request& wanted) {
  std::vector<std::int64_t> out;
  if (wanted.run != all_runs) {
    auto found = db.run(lanes_of_run, params().with(wanted.run));
    if (!found) return failed(found);
    for (int i = 0; i < found->size(); ++i) {
      const lane_name lane{std::string(found->text(i, 1)), std::string(found->text(i, 2)), std::string(found->text(i, 3))};
      if (wanted.lanes.empty() || std::ranges::find(wanted.lanes, lane) != wanted.lanes.end()) out.push_back(found->integer(i, 0));
    }
    return out;
  }
  for (const auto& lane : wanted.lanes) {
    const auto name = params().with(lane.graph_root).with(lane.tenant).with(lane.app);
    if (auto added = db.run(add_lane, name); !added) return failed(added);
    auto found = db.run(find_lane, name);
    if (!found) return failed(found);
    if (found->empty()) return std::unexpected(failure{.kind = fault::again, .state = {}, .message = "a lane was not found"});
    out.push_back(found->integer(0, 0));
  }
  return out;
}

outcome_of<void> enter_lanes(connection& db, const session& begun) {
  const auto lanes = params().integers(begun.lanes), with_session = params().integers(begun.lanes).with(begun.id),
             with_lease = params().integers(begun.lanes).with(begun.id).with(seconds_of_lease());
  const connection::step steps[] = {
      {add_lane_rates, &with_session}, {lock_lane_rates, &lanes}, {begin_activity, &with_session}, {add_session_lanes, &with_lease}};
  if (auto done = db.run_all(steps); !done) return failed(done);
  return {};
}

// Of a session of all runs.
outcome_of<run_info> sums(connection& db, const session_request& wanted) {
  run_info out;
  out.state = run_state::open;
  out.header.lanes = wanted.lanes;
  auto all = db.run(open_sums);
  if (!all) return failed(all);
  out.rows = all->as<std::uint64_t>(0, 0);
  out.planned_at = from_stored(all->integer(0, 1));
  auto counts = db.run(open_counts);
  if (!counts) return failed(counts);
  for (int i = 0; i < counts->size(); ++i) count(out.counts, static_cast<outcome>(counts->integer(i, 0)), counts->as<std::uint64_t>(i, 1));
  const auto over = ended(out.counts);
  out.counts.owed = out.rows > over ? out.rows - over : 0;
  return out;
}

}  // namespace

lease_token random_token() {
  std::random_device device;
  return ((std::uint64_t{device()} << 32 | device()) >> 1) | 1;
}

error session_over() {
  return {
      errc::busy,
      "the session of this process on the ledger is over: its lease has ended, or another session has begun. Run the same command again"};
}

std::optional<std::int64_t> microseconds(const std::optional<std::chrono::nanoseconds>& d) {
  if (!d) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::microseconds>(*d).count();
}

std::int64_t cooldown_watch::floor() const {
  const std::scoped_lock lock(mutex_);
  return std::max<std::int64_t>(highest_ - window, 0);
}

bool cooldown_watch::is_new(std::int64_t serial, std::int64_t until) {
  const std::scoped_lock lock(mutex_);
  const auto [known, added] = reported_.try_emplace(serial, until);
  if (!added && known->second == until) return false;
  known->second = until;
  highest_ = std::max(highest_, serial);
  if (reported_.size() > 4 * window) std::erase_if(reported_, [&](const auto& old) { return old.first <= highest_ - window; });
  return true;
}

std::shared_ptr<session> session_list::find(lease_token id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

std::shared_ptr<session> session_list::of_run(run_id run) const {
  const std::scoped_lock lock(mutex_);
  std::shared_ptr<session> of_all;
  for (const auto& [id, one] : sessions_) {
    if (one->run == run) return one;
    if (one->run == all_runs) of_all = one;
  }
  return of_all;
}

std::vector<lease_token> session_list::all() const {
  const std::scoped_lock lock(mutex_);
  std::vector<lease_token> out;
  out.reserve(sessions_.size());
  for (const auto& [id, one] : sessions_) out.push_back(id);
  return out;
}

void session_list::add(std::shared_ptr<session> begun) {
  const std::scoped_lock lock(mutex_);
  const auto id = begun->id;
  sessions_.insert_or_assign(id, std::move(begun));
}

void session_list::remove(lease_token id) {
  const std::scoped_lock lock(mutex_);
  sessions_.erase(id);
}

outcome_of<opened_run> session_writer::join(connection& db, const session_request& wanted, run_info info, lease_token id) {
  if (auto begun = db.begin(); !begun) return failed(begun);
  std::shared_ptr<session> made;
  auto answer = begin_session(db, wanted, std::move(info), id, made);
  if (answer) {
    if (auto done = db.commit(); !done) answer = failed(done);
  }
  if (!answer) {
    db.roll_back();
    return answer;
  }
  // The sessions of this run that the store had before were ended by this one.
  while (const auto before = list_.of_run(wanted.run)) {
    if (before->run != wanted.run) break;
    list_.remove(before->id);
  }
  list_.add(std::move(made));
  return answer;
}

outcome_of<opened_run> session_writer::begin_session(connection& db, const session_request& wanted, run_info info, lease_token id,
                                                     std::shared_ptr<session>& made) {
  auto lanes = lane_ids(db, wanted);
  if (!lanes) return failed(lanes);
  made = std::make_shared<session>();
  made->id = id;
  made->run = wanted.run;
  made->give_again_after = wanted.give_again_after;
  made->lanes = std::move(*lanes);
  made->exchange.resize(made->lanes.size());
  const auto before = list_.of_run(wanted.run);
  if (before && before->run == wanted.run) {
    const std::int64_t ids[] = {static_cast<std::int64_t>(before->id)};
    if (auto done = db.run(end_sessions, params().integers(ids)); !done) return failed(done);
  }
  if (auto done = db.run(drop_sessions); !done) return failed(done);
  auto added = db.run(add_session, params().with(id).with(host_name()).with(::getpid()).with(wanted.run).with(seconds_of_lease()));
  if (!added) return failed(added);

  opened_run out;
  out.lease = id;
  out.info = std::move(info);
  if (wanted.run == all_runs) {
    auto of_all = sums(db, wanted);
    if (!of_all) return failed(of_all);
    out.info = std::move(*of_all);
  }
  auto owed = count_owed(db, *made);
  if (!owed) return failed(owed);
  out.organizers = std::move(owed->organizers);
  out.waiting = owed->waiting;
  out.unclean = std::ranges::any_of(out.organizers, [](const organizer_rows& o) { return o.stale > 0; });
  auto cooldowns = running_cooldowns(db, *made);
  if (!cooldowns) return failed(cooldowns);
  out.cooldowns = std::move(*cooldowns);
  auto learnt = learnt_of(db, *made);
  if (!learnt) return failed(learnt);
  out.learnt = std::move(*learnt);
  // This locks what the leader of a lane publishes, so it comes last: to count a million rows takes a second.
  if (auto done = enter_lanes(db, *made); !done) return failed(done);
  auto terms = first_terms(db, *made);
  if (!terms) return failed(terms);
  out.shared = renewal{.left = lease_time, .lanes = std::move(*terms), .cooldowns = {}};
  return out;
}

outcome_of<void> session_writer::leave(connection& db, lease_token id) {
  const std::int64_t ids[] = {static_cast<std::int64_t>(id)};
  auto done = db.run(end_sessions, params().integers(ids));
  if (!done) return failed(done);
  list_.remove(id);
  return {};
}

outcome_of<void> session_writer::leave_all(connection& db) {
  for (const auto id : list_.all()) {
    if (auto done = leave(db, id); !done) return done;
  }
  return {};
}

outcome_of<result<rows_in_store>> session_writer::survey(connection& db, lease_token id) {
  const auto of = list_.find(id);
  if (!of) return result<rows_in_store>(std::unexpected(session_over()));
  auto live = db.run(left_of_lease, params().with(id));
  if (!live) return failed(live);
  if (live->empty()) return result<rows_in_store>(std::unexpected(session_over()));
  if (auto done = db.run(drop_sessions); !done) return failed(done);
  auto owed = count_owed(db, *of);
  if (!owed) return failed(owed);
  return result<rows_in_store>(std::move(*owed));
}

}  // namespace convoke::ledger::postgres

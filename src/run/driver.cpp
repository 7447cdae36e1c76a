#include "run/driver.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/executor_work_guard.hpp>

#include "core/text.hpp"
#include "engine/classify.hpp"
#include "run/driver_state.hpp"
#include "run/lane_parts.hpp"

namespace convoke::run {

using namespace std::chrono_literals;

namespace {

// The engine and the ledger have an enumeration each, with the same numbers.
static_assert(std::to_underlying(engine::update_rule::never) == std::to_underlying(ledger::update_rule::never) &&
              std::to_underlying(engine::update_rule::if_different) == std::to_underlying(ledger::update_rule::if_different) &&
              std::to_underlying(engine::update_rule::always) == std::to_underlying(ledger::update_rule::always) &&
              std::to_underlying(engine::update_rule::both) == std::to_underlying(ledger::update_rule::both));

constexpr auto progress_interval = 200ms;
constexpr auto end_waiting_interval = 60s;      // a row of another lane can be the last one, or a plan was under way
constexpr std::uint64_t seeds_per_lane = 1024;  // a lane has 1,000 connections at most

std::vector<std::optional<lane_pace_options>> paces_of(std::span<const lane_parts> lanes) {
  std::vector<std::optional<lane_pace_options>> out;
  for (const auto& one : lanes) out.push_back(one.pace);
  return out;
}

}  // namespace

driver::driver(const surroundings& with, const stop_tokens& stops, const ledger::opened_run& opened, const job& j, std::uint64_t seed,
               std::vector<lane_parts> lanes)
    : io_(with.io),
      clock_(with.time),
      store_(with.store),
      watch_(with.watch),
      stops_(stops),
      shared_(with.shared),
      opened_(opened),
      job_(j),
      engine_(engine_settings(j, seed, {.shared = opened.shared.has_value(), .follow = shared_.follow, .spent = shared_.spent}),
              lane_setups(opened, j, clock_.now(), clock_.wall_now(), paces_of(lanes)), clock_.now()),
      commits_(io_, store_, [this](auto done) { on_commit(std::move(done)); }),
      engine_timer_(clock_.make_timer([this] { on_time(); })),
      progress_timer_(clock_.make_timer([this] { on_progress_due(); })),
      mail_(io_, *this),
      keeper_(make_keeper()),
      meter_(opened.info.rows, opened.info.rows - opened.info.counts.owed, calls_owed(opened), clock_.now()) {
  session_events& events = *this;
  waiting_ = opened.waiting;
  for (auto& parts : lanes) {
    const session_settings settings{.lane = static_cast<engine::lane_id>(lanes_.size()),
                                    .connect_timeout = j.pace.connect_timeout,
                                    .attempt_timeout = j.pace.attempt_timeout};
    const auto connections = parts.pace ? parts.pace->connections : j.pace.connections;
    lanes_.push_back(
        {.session = std::make_unique<lane_session>(io_, clock_, settings, std::move(parts), events), .connections = connections});
  }
}

void driver::start() {
  // The thread that requests a stop may be any: what it does is to post. A stop that was requested before is posted here, and so comes
  // before the first step of a session: nothing is sent.
  on_drain_.emplace(stops_.drain, [address = mail_.here()] { address.post([](driver& self) { self.drain(); }); });
  on_leave_.emplace(stops_.at_once, [address = mail_.here()] { address.post([](driver& self) { self.leave_at_once(); }); });
  for (engine::lane_id id = 0; id < lanes_.size(); ++id) {
    const auto owed = calls_owed(opened_, id);
    // Where more rows may come, what is owed now says only whether connections are needed yet.
    const auto allowed = lanes_[id].connections;
    const auto most = keeper_ && owed > 0 ? allowed : owed;
    open_connections(id, static_cast<unsigned>(std::min<std::uint64_t>(allowed, most)));
  }
  if (keeper_) keeper_->start();
  progress_timer_->expire_at(clock_.now() + progress_interval);
  pump();
}

void driver::open_connections(engine::lane_id lane, unsigned count) {
  auto& to = lanes_[lane];
  if (!to.calls.empty() || count == 0) return;
  to.calls.resize(count);
  to.batches.resize(count);
  to.session->start(count);
}

bool driver::over() const noexcept {
  return ended_ && ledger_jobs_ == 0 && !commits_.busy() && std::ranges::all_of(lanes_, [](const lane& l) { return l.session->closed(); });
}

driven driver::ending() {
  on_drain_.reset();
  on_leave_.reset();
  driven out{.reason = ended_->reason,
             .detail = ended_->detail,
             .come_back = ended_->come_back,
             .lanes = std::move(ended_->lanes),
             .session_over = std::move(session_over_),
             .numbers = engine_.numbers(),
             .rows_ended = rows_ended_,
             .waiting = waiting_};
  if (first_send_ && last_commit_) out.call_time = *last_commit_ - *first_send_;
  return out;
}

driven driver::run() {
  try {
    // The end of an earlier session has stopped the io_context, which then runs nothing.
    io_.restart();
    start();
    const auto work = boost::asio::make_work_guard(io_);
    while (!over()) io_.run_one();
  } catch (...) {
    // An observer threw: the ledger keeps what is known by now, and no answer is delivered any more.
    commits_.flush_all();
    throw;
  }
  return ending();
}

// ---- events of the sessions

mono_time driver::may_connect_at(engine::lane_id lane) const {
  return engine_.may_connect_at(lane);
}

void driver::connection_ready(engine::lane_id lane, engine::connection_id c, bool reused) {
  engine_.connection_ready(lane, c, reused, clock_.now());
  pump();
}

void driver::connection_lost(engine::lane_id lane, engine::connection_id c) {
  engine_.connection_lost(lane, c, clock_.now());
  pump();
}

void driver::connect_failed(engine::lane_id lane, engine::connection_id c, const engine::answer& why) {
  engine_.connect_failed(lane, c, why, clock_.now());
  pump();
}

void driver::answered(engine::lane_id lane, engine::connection_id c, engine::answer&& a) {
  auto& call = lanes_[lane].calls[c];
  const auto row = call.row.key();
  rows_.insert(std::move(call.row));
  if (engine::classify(call.op, a).what != engine::answer_class::success) report_attempt(row, call.attempt, a);
  engine_.answered(row, std::move(a), clock_.now());
  pump();
}

void driver::batch_answered(engine::lane_id lane, engine::connection_id c, engine::batch_answer&& a) {
  auto calls = std::exchange(lanes_[lane].batches[c], {});
  for (std::size_t i = 0; i < calls.size(); ++i) {
    auto& one = a.items[i];
    one.row = calls[i].row.key();
    rows_.insert(std::move(calls[i].row));
    const auto& got = a.envelope && one.got.sent ? *a.envelope : one.got;
    if (engine::classify(calls[i].op, got).what != engine::answer_class::success) report_attempt(one.row, calls[i].attempt, got);
  }
  engine_.batch_answered(lane, std::move(a), clock_.now());
  pump();
}

void driver::token_ready(engine::lane_id lane, std::uint32_t number) {
  engine_.token_ready(lane, number, clock_.now());
  pump();
}

void driver::token_failed(engine::lane_id lane, const error& why, bool fatal, std::optional<mono_time> again) {
  engine_.token_failed(lane, why, fatal, again, clock_.now());
  pump();
}

void driver::note(engine::lane_id lane, const std::string& line) {
  watch_.note(lanes_.size() > 1 ? name_of(lane) + ": " + line : line);
}

// ---- events of the ledger

void driver::on_claimed(engine::lane_id lane, bool stale, result<ledger::claim_answer> answer, std::vector<meeting_spec> specs) {
  --ledger_jobs_;
  if (!answer) return on_storage_failure(answer.error());
  if (closing_) return;
  std::vector<engine::claimed_page> pages;
  pages.reserve(answer->pages.size());
  auto wanted = specs.begin();
  for (auto& page : answer->pages) {
    auto& to = pages.emplace_back(page.organizer, std::vector<engine::owed_row>(), page.exhausted);
    to.rows.reserve(page.rows.size());
    for (auto& row : page.rows) {
      to.rows.push_back({.row = row.row,
                         .key = row.key,
                         .organizer = row.organizer,
                         .token = row.token,
                         .strikes = row.strikes,
                         .op = ledger::planning::operation_now(row),
                         .update = static_cast<engine::update_rule>(row.update),
                         .repairs = row.repairs,
                         .beta = !wanted->chat_thread_id.empty()});
      rows_.insert_or_assign(row.row, claimed_row(std::move(row), std::move(*wanted++)));
    }
  }
  engine_.rows_arrived(lane, stale, pages, clock_.now());
  pump();
}

void driver::on_organizer_closed(engine::lane_id lane, engine::organizer_id organizer, const result<ledger::closed_rows>& closed) {
  --ledger_jobs_;
  if (!closed) return on_storage_failure(closed.error());
  const auto now = clock_.now();
  last_commit_ = now;
  meter_.ended(closed->calls, closed->rows, now);
  rows_ended_ += closed->rows;
  unreported_end_ = true;
  // Those that were claimed before the closing, and came after it was requested, are among them.
  std::erase_if(rows_, [&](const auto& row) { return row.second.organizer == organizer; });
  if (closing_) return;
  engine_.organizer_closed(lane, organizer, closed->calls, now);
  pump();
}

void driver::on_commit(const result<ledger::committed_rows>& done) {
  if (!done) return on_storage_failure(done.error());
  const auto now = clock_.now();
  last_commit_ = now;
  // Rows that owe their next operation are still in rows_, and are still left.
  const auto over = std::ranges::count_if(done->calls, [this](engine::row_id row) { return !rows_.contains(row); });
  meter_.ended(static_cast<std::uint64_t>(over) + done->lost.size(), done->ended, now);
  rows_ended_ += done->ended;
  unreported_end_ = true;
  for (const auto row : done->lost) rows_.erase(row);
  if (!done->lost.empty()) report_lost(done->lost.size());
  if (closing_) return;
  if (keeper_) keeper_->announce(done->cooldowns);
  engine_.committed(std::span<const engine::row_id>(done->calls), std::span<const engine::row_id>(done->lost), now);
  pump();
}

void driver::on_storage_failure(const error& why) {
  if (why.code == errc::busy && !session_over_) session_over_ = why;
  if (closing_) {
    // Too late for the engine; the exit code must say it all the same.
    if (ended_) ended_ = engine::finished{engine::stop_reason::storage, why.message, std::nullopt};
    return;
  }
  watch_.note(why.message);
  engine_.storage_failed(why, clock_.now());
  pump();
}

// ---- several workers

std::unique_ptr<lease_keeper> driver::make_keeper() {
  if (!opened_.shared) return nullptr;
  return std::make_unique<lease_keeper>(lease_keeper::parts{.io = io_, .time = clock_, .store = store_, .informs = engine_}, opened_,
                                        shared_.joined, job_.pace.max_cooldown,
                                        lease_keeper::events{.holds_nothing = [this] { return holds_nothing(); },
                                                             .surveyed = [this](const ledger::rows_in_store& rows) { on_surveyed(rows); },
                                                             .changed = [this] { pump(); },
                                                             .ended = [this](const error& why) { on_storage_failure(why); },
                                                             .note = [this](const std::string& line) { watch_.note(line); }});
}

bool driver::holds_nothing() const {
  return rows_.empty() && engine_.numbers().in_flight == 0 && ledger_jobs_ == 0 && !commits_.busy();
}

void driver::on_surveyed(const ledger::rows_in_store& rows) {
  waiting_ = rows.waiting;
  std::uint64_t left = rows.held_elsewhere + rows_.size() + engine_.numbers().in_flight;
  for (const auto& one : rows.organizers) {
    left += one.fresh + one.stale;
    new_organizers_.try_emplace(one.id, one.organizer);
    open_connections(one.lane, lanes_[one.lane].connections);
  }
  // What is being claimed or written now is counted on neither side, or on both.
  if (ledger_jobs_ > 0 || commits_.busy()) return;
  const auto now = clock_.now();
  meter_.found(left, now);
  if (left == 0 && shared_.nothing_left && (std::exchange(unreported_end_, false) || may_end_waiting(rows, now))) shared_.nothing_left();
}

// Rows that wait end with the last other row of their run where one of these failed. Another worker may have ended that one, and may have
// been killed before it saw that nothing is left.
bool driver::may_end_waiting(const ledger::rows_in_store& rows, mono_time now) {
  if (rows.waiting == 0 || (rows.waiting == tried_to_end_ && now < try_again_at_)) return false;
  tried_to_end_ = rows.waiting;
  try_again_at_ = now + end_waiting_interval;
  return true;
}

// ---- time and stops

void driver::on_time() {
  if (closing_) return;
  engine_.tick(clock_.now());
  pump();
}

void driver::on_progress_due() {
  if (closing_) return;
  const auto now = clock_.now();
  progress_timer_->expire_at(now + progress_interval);
  watch_.advanced(meter_.report(engine_.numbers(), now, clock_.wall_now()));
}

void driver::drain() {
  if (closing_ || std::exchange(draining_, true)) return;
  std::string line = "Stopping: no new calls; those in flight may finish.";
  if (stops_.at_once.stop_possible()) line += " A second signal leaves at once.";
  watch_.note(line);
  engine_.stop(engine::stop_reason::interrupted, clock_.now());
  pump();
}

void driver::leave_at_once() {
  if (closing_) return;
  ended_ = engine::finished{engine::stop_reason::interrupted, "Left at once; what was known is saved.", std::nullopt};
  commits_.flush_all();
  close();
}

void driver::close() {
  if (std::exchange(closing_, true)) return;
  engine_timer_->cancel();
  progress_timer_->cancel();
  if (keeper_) keeper_->stop();
  for (const auto& l : lanes_) l.session->close();
}

// ---- for people

void driver::report_attempt(engine::row_id row, unsigned attempt, const engine::answer& got) {
  auto text = fmt::format("attempt {}:", attempt);
  if (got.status != 0) text += fmt::format(" {}", got.status);
  if (!got.error_code.empty()) text += fmt::format(" {}", core::escape_for_people(got.error_code));
  if (!got.error_message.empty()) text += fmt::format(" {}", core::escape_for_people(got.error_message));
  if (got.retry_after) text += fmt::format(", retry after {:.3f} s", std::chrono::duration<double>(*got.retry_after).count());
  if (!got.request_id.empty()) text += fmt::format(", request id {}", core::escape_for_people(got.request_id));
  // A session of all runs has rows of several inputs.
  if (opened_.info.id == ledger::all_runs) text = fmt::format("run {}, {}", ledger::run_of(row), text);
  const auto found = rows_.find(row);
  if (found != rows_.end() && found->second.line == 0)
    text = fmt::format("the meeting {}, which is not in the input: {}", core::escape_for_people(found->second.wanted.external_id), text);
  watch_.trouble(found != rows_.end() ? found->second.line : ledger::number_of(row), text);
}

void driver::report_lost(std::size_t rows) {
  if (std::exchange(lost_reported_, true)) return;
  watch_.note(
      fmt::format("Another process holds {} that this one had claimed, or has ended {}: what this process observed of {} is not recorded. "
                  "Further ones are not reported.",
                  rows == 1 ? std::string("1 row") : fmt::format("{} rows", rows), rows == 1 ? "it" : "them", rows == 1 ? "it" : "them"));
}

std::string driver::name_of_organizer(engine::organizer_id organizer) const {
  const auto named = std::ranges::find(opened_.organizers, organizer, &ledger::organizer_rows::id);
  if (named != opened_.organizers.end()) return named->organizer;
  const auto later = new_organizers_.find(organizer);
  return later != new_organizers_.end() ? later->second : std::to_string(organizer);
}

std::string driver::name_of(engine::lane_id lane) const {
  const auto& name = opened_.info.header.lanes[lane];
  return fmt::format("Tenant {}, application {}", core::escape_for_people(name.tenant), core::escape_for_people(name.app));
}

// ---- the way in

result<driven> drive(boost::asio::io_context& io, const stop_tokens& stops, tls_contexts& tls, ledger::store& store,
                     const ledger::opened_run& opened, const job& j, std::uint64_t seed, observer& watch, const shared_session& shared) {
  const auto options = options_of_lanes(opened.info.header, j);
  if (!options) return std::unexpected(options.error());
  std::vector<lane_parts> lanes;
  for (const auto* const lane : *options) {
    auto parts = make_lane_parts(io, tls, *lane, j.pace, seed + 1 + seeds_per_lane * lanes.size());
    if (!parts) return std::unexpected(parts.error());
    if (!parts->warning.empty()) watch.note(parts->warning);
    lanes.push_back(std::move(*parts));
  }
  machine_clock time(io);
  driver one({.io = io, .time = time, .store = store, .watch = watch, .shared = shared}, stops, opened, j, seed, std::move(lanes));
  return one.run();
}

}  // namespace convoke::run

#pragma once

// A ledger for tests of the driver: each of its jobs waits until the test carries it out, on the io_context's thread. It checks what
// the driver hands in, and notes what should not have been.

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ledger/ledger.hpp"

namespace convoke::testing {

class fake_ledger final : public ledger::store {
 public:
  enum class row_state : std::uint8_t { unclaimed, claimed, recorded, released, taken_over, elsewhere };  // elsewhere: never ours yet
  struct row {
    ledger::row_id id = 0;
    ledger::lane_id lane = 0;
    ledger::organizer_id organizer = 0;
    meeting_spec wanted;
    operation op = operation::create_or_get;
    ledger::update_rule update = ledger::update_rule::never;
    std::string meeting_id, drift;
    row_state state = row_state::unclaimed;
    ledger::lease_token token = 0;
    std::optional<outcome> result;
    unsigned writes = 0;  // that ended it: recorded or released
  };

  // `rows` of each lane, spread over its organizers. Their external ids are `K-INDEX`.
  fake_ledger(unsigned lanes, unsigned organizers, unsigned rows) {
    for (ledger::lane_id lane = 0; lane < lanes; ++lane) {
      opened_.info.header.lanes.push_back({"https://graph.test", fmt::format("tenant-{}", lane), fmt::format("app-{}", lane)});
      opened_.learnt.emplace_back();
      for (unsigned o = 0; o < organizers; ++o) {
        const auto id = lane * organizers + o + 1;
        opened_.organizers.push_back({.id = id, .lane = lane, .organizer = fmt::format("organizer-{}", id), .fresh = 0, .stale = 0});
      }
      for (unsigned i = 0; i < rows; ++i) add_row(lane, lane * organizers + i % organizers);
    }
    opened_.info.id = 1;
    opened_.info.rows = opened_.info.counts.owed = rows_.size();
    opened_.lease = 1;
  }

  // What its rows owed is done by an earlier run.
  void empty_lane(ledger::lane_id lane) {
    std::erase_if(opened_.organizers, [&](const auto& o) { return o.lane == lane; });
    for (auto& r : rows_)
      if (r.lane == lane) r.state = row_state::recorded, --opened_.info.counts.owed;
  }

  [[nodiscard]] const ledger::opened_run& opened() const noexcept { return opened_; }
  [[nodiscard]] std::vector<row>& rows() noexcept { return rows_; }

  // ---- what the test decides
  [[nodiscard]] bool waiting() const noexcept { return !jobs_.empty(); }
  void carry_out_one() {
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
  }
  // From now on everything fails.
  void fail_with(std::string message, errc code = errc::storage) { failure_ = error{code, std::move(message)}; }
  // Another process holds this row from now on.
  void take_over(row& r) { r.token = ++tokens_, r.state = row_state::taken_over; }

  // ---- a ledger for several processes
  struct sharing {
    bool answers = true;                                                            // false: renewals wait
    std::function<result<ledger::renewal>(const ledger::renewal_request&)> answer;  // empty: the lease is extended
    std::vector<ledger::announced_cooldown> cooldowns{};                            // for the next answer to a write
    std::vector<ledger::renewal_request> requests{};                                // so far
    unsigned surveys = 0;
    std::uint64_t waiting = 0;  // rows that wait for all others, which no session claims
  };
  sharing shared;
  // Before the driver begins: its session has a lease.
  void begin_sharing() { opened_.shared = terms(); }
  [[nodiscard]] ledger::renewal terms() const {
    ledger::renewal out{.left = ledger::lease_time, .lanes = {}, .cooldowns = {}};
    for (ledger::lane_id lane = 0; lane < opened_.info.header.lanes.size(); ++lane) {
      out.lanes.push_back({.lane = lane});
      out.lanes.back().members = {{.session = opened_.lease, .wants = 1, .part = 1}};
    }
    return out;
  }
  // Another process holds this row, and it was not this one's before: the count of what is owed does not name it.
  void hold_elsewhere(row& r) {
    r.state = row_state::elsewhere;
    for (auto& o : opened_.organizers)
      if (o.id == r.organizer) --o.fresh;
  }
  [[nodiscard]] bool renewal_waits() const noexcept { return shared.answers && !renewals_.empty(); }
  void answer_renewal() {
    const auto job = std::move(renewals_.front());
    renewals_.pop_front();
    job();
  }

  std::vector<std::string> complaints;
  unsigned advances = 0;

  // ---- ledger::store, as far as a driver uses it
  void renew(ledger::renewal_request wanted, ledger::renewed_handler done) override;
  void survey(ledger::lease_token lease, ledger::surveyed_handler done) override;
  void claim(ledger::claim_request wanted, ledger::claimed_handler done) override;
  void write(ledger::row_writes writes, ledger::committed_handler done) override;
  void close_organizer(ledger::close_request closing, ledger::closed_handler done) override;
  void save_cooldown(ledger::run_id, ledger::lane_id, std::optional<ledger::organizer_id>, utc_time) override {}
  void save_app_cooldown(ledger::run_id, ledger::lane_id, utc_time) override {}
  void forget_cooldown(ledger::run_id, ledger::lane_id, std::optional<ledger::organizer_id>) override {}
  void save_pace(ledger::run_id, ledger::lane_id, const ledger::lane_pace&, utc_time) override {}

  result<std::unique_ptr<ledger::plan_builder>> begin_plan(const ledger::run_header&) override { return not_here(); }
  result<std::unique_ptr<ledger::plan_builder>> begin_open(ledger::run_id) override { return not_here(); }
  result<void> discard(ledger::run_id) override { return not_here(); }
  result<void> prune(unsigned) override { return not_here(); }
  result<ledger::opened_run> resume(ledger::run_id) override { return not_here(); }
  result<std::uint64_t> forget_cooldowns(const ledger::lane_name&) override { return not_here(); }
  result<ledger::remembered_users> users(const ledger::lane_name&, utc_time) override { return ledger::remembered_users(); }
  result<void> save_users(const ledger::lane_name&, const ledger::learnt_users&, utc_time) override { return {}; }
  result<ledger::run_state> finish_run(ledger::run_id) override { return not_here(); }
  std::unique_ptr<ledger::reader> read() override { return nullptr; }

 private:
  static std::unexpected<error> not_here() { return fail(errc::internal, "a driver does not call this"); }
  void add_row(ledger::lane_id lane, std::size_t organizer) {
    auto& r = rows_.emplace_back();
    auto& o = opened_.organizers[organizer];
    r.id = ledger::make_row(1, static_cast<std::uint32_t>(rows_.size()));
    r.lane = lane;
    r.organizer = o.id;
    r.wanted.organizer = o.organizer;
    r.wanted.external_id = fmt::format("K-{}", rows_.size() - 1);
    r.wanted.start = utc_time(std::chrono::sys_days(std::chrono::year(2026) / 10 / 19).time_since_epoch());
    r.wanted.end = r.wanted.start + std::chrono::hours(1);
    ++o.fresh;
  }
  [[nodiscard]] row* held(ledger::row_id id, ledger::lease_token token) {
    auto& r = rows_.at(ledger::number_of(id) - 1);
    if (r.state == row_state::taken_over) return nullptr;
    if (r.state != row_state::claimed || r.token != token) complaints.push_back(fmt::format("row {} is not held", r.wanted.external_id));
    return &r;
  }
  void end(row& r, row_state how) {
    r.state = how;
    if (++r.writes > 1) complaints.push_back(fmt::format("row {} is written twice", r.wanted.external_id));
  }
  [[nodiscard]] ledger::claimed_page take(const ledger::page_wanted& page);
  [[nodiscard]] ledger::committed_rows apply(const ledger::row_writes& writes);

  ledger::opened_run opened_;
  std::vector<row> rows_;
  std::deque<std::function<void()>> jobs_, renewals_;
  std::optional<error> failure_;
  ledger::lease_token tokens_ = 100;
};

inline ledger::claimed_page fake_ledger::take(const ledger::page_wanted& page) {
  ledger::claimed_page out{.organizer = page.organizer, .exhausted = true};
  for (auto& r : rows_) {
    if (r.organizer != page.organizer || r.state != row_state::unclaimed) continue;
    if (out.rows.size() == page.count) {
      out.exhausted = false;
      break;
    }
    r.state = row_state::claimed;
    r.token = ++tokens_;
    out.rows.push_back({.row = r.id,
                        .key = ledger::number_of(r.id),
                        .organizer = r.organizer,
                        .token = r.token,
                        .strikes = 0,
                        .duplicates = 0,
                        .payload = encode_spec(r.wanted),
                        .line = ledger::number_of(r.id),
                        .op = r.op,
                        .update = r.update,
                        .meeting_id = r.meeting_id,
                        .drift = r.drift});
  }
  return out;
}

inline void fake_ledger::renew(ledger::renewal_request wanted, ledger::renewed_handler done) {
  if (wanted.lease != opened_.lease) complaints.emplace_back("a renewal names another lease");
  if (!renewals_.empty()) complaints.emplace_back("two renewals at once");
  shared.requests.push_back(wanted);
  renewals_.emplace_back([this, wanted = std::move(wanted), done = std::move(done)] {
    done(shared.answer ? shared.answer(wanted) : result<ledger::renewal>(terms()));
  });
}

inline void fake_ledger::survey(ledger::lease_token, ledger::surveyed_handler done) {
  ++shared.surveys;
  jobs_.emplace_back([this, done = std::move(done)] {
    if (failure_) return done(std::unexpected(*failure_));
    ledger::rows_in_store out;
    out.waiting = shared.waiting;
    for (const auto& o : opened_.organizers) {
      auto found = o;
      found.fresh = found.stale = 0;
      for (const auto& r : rows_)
        if (r.organizer == o.id && r.state == row_state::unclaimed) ++found.fresh;
      if (found.fresh > 0) out.organizers.push_back(std::move(found));
    }
    for (const auto& r : rows_) {
      if (r.state == row_state::elsewhere) ++out.held_elsewhere;
      if (r.state == row_state::released) ++out.released;
    }
    done(std::move(out));
  });
}

inline void fake_ledger::claim(ledger::claim_request wanted, ledger::claimed_handler done) {
  jobs_.emplace_back([this, wanted = std::move(wanted), done = std::move(done)] {
    if (failure_) return done(std::unexpected(*failure_));
    ledger::claim_answer out;
    for (const auto& page : wanted.pages) out.pages.push_back(wanted.stale ? ledger::claimed_page{page.organizer, {}, true} : take(page));
    done(std::move(out));
  });
}

inline ledger::committed_rows fake_ledger::apply(const ledger::row_writes& writes) {
  ledger::committed_rows out;
  const auto each = [&](const auto& list, const auto& change) {
    for (const auto& one : list) {
      auto* const r = held(one.row, one.token);
      (r ? out.calls : out.lost).push_back(one.row);
      if (r) change(*r, one);
    }
  };
  each(writes.finished, [&](row& r, const ledger::finished_row& f) {
    r.result = f.result;
    end(r, row_state::recorded);
    ++out.ended;
  });
  each(writes.advanced, [&](row& r, const ledger::advanced_row& a) {
    r.op = a.next;
    if (a.stored) r.meeting_id = a.stored->id;
    ++advances;
  });
  each(writes.released, [&](row& r, const ledger::released_row&) { end(r, row_state::released); });
  return out;
}

inline void fake_ledger::write(ledger::row_writes writes, ledger::committed_handler done) {
  jobs_.emplace_back([this, writes = std::move(writes), done = std::move(done)] {
    if (failure_) return done(std::unexpected(*failure_));
    auto out = apply(writes);
    out.cooldowns = std::exchange(shared.cooldowns, {});
    done(std::move(out));
  });
}

inline void fake_ledger::close_organizer(ledger::close_request closing, ledger::closed_handler done) {
  const auto organizer = closing.organizer;
  jobs_.emplace_back([this, organizer, done = std::move(done)] {
    if (failure_) return done(std::unexpected(*failure_));
    ledger::closed_rows closed;
    for (auto& r : rows_) {
      if (r.organizer != organizer || (r.state != row_state::unclaimed && r.state != row_state::claimed)) continue;
      r.result = outcome::failed;
      end(r, row_state::recorded);
      ++closed.calls;
      ++closed.rows;
    }
    done(closed);
  });
}

}  // namespace convoke::testing

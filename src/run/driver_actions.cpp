#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include "run/cooldowns.hpp"
#include "run/driver_state.hpp"

namespace convoke::run {

void driver::pump() {
  // Carrying an action out may tell the engine something; what follows from that is taken up by the loop that is running.
  if (pumping_) return;
  pumping_ = true;
  for (;;) {
    engine_.take_actions(actions_);
    if (actions_.empty()) break;
    for (auto& a : actions_) std::visit([this](auto& one) { carry_out(one); }, a);
  }
  commits_.flush();
  pumping_ = false;
}

namespace {

// The wanted meetings of a claim's rows, in their order.
result<std::vector<meeting_spec>> decode(const ledger::claim_answer& claim) {
  std::vector<meeting_spec> specs;
  specs.reserve(claim.rows());
  for (const auto& page : claim.pages) {
    for (const auto& row : page.rows) {
      auto decoded = decode_spec(row.payload);
      if (!decoded) return std::unexpected(std::move(decoded.error()));
      specs.push_back(std::move(*decoded));
    }
  }
  return specs;
}

}  // namespace

void driver::carry_out(engine::fetch_rows& a) {
  ++asked_;
  std::vector<ledger::page_wanted> pages;
  pages.reserve(a.pages.size());
  for (const auto& page : a.pages) pages.push_back({.organizer = page.organizer, .count = page.count});
  store_.claim({.run = run_, .lane = a.lane, .lease = lease_, .stale = a.stale, .pages = std::move(pages)},
               [back = mail_.here(), lane = a.lane, stale = a.stale](result<ledger::claim_answer> answer) {
                 // Still the ledger's thread: the payloads are decoded here, off the thread that sends.
                 std::vector<meeting_spec> specs;
                 if (answer) {
                   auto decoded = decode(*answer);
                   if (decoded) {
                     specs = std::move(*decoded);
                   } else {
                     answer = std::unexpected(std::move(decoded.error()));
                   }
                 }
                 back.post([lane, stale, moved = std::move(answer), wanted = std::move(specs)](driver& self) mutable {
                   self.on_claimed(lane, stale, std::move(moved), std::move(wanted));
                 });
               });
}

void driver::on_claimed(engine::lane_id lane, bool stale, result<ledger::claim_answer> answer, std::vector<meeting_spec> specs) {
  --asked_;
  if (!answer) return storage_failed(answer.error());
  if (closing_) return;
  std::vector<engine::claimed_page> pages;
  pages.reserve(answer->pages.size());
  auto wanted = specs.begin();
  for (const auto& page : answer->pages) {
    auto& to = pages.emplace_back(page.organizer, std::vector<engine::owed_row>(), page.exhausted);
    to.rows.reserve(page.rows.size());
    for (const auto& row : page.rows) {
      rows_.insert_or_assign(row.row, claimed{std::move(*wanted++), row.key, row.organizer, row.meeting_id});
      to.rows.push_back({.row = row.row,
                         .key = row.key,
                         .organizer = row.organizer,
                         .token = row.token,
                         .strikes = row.strikes,
                         .op = row.op,
                         .update = static_cast<engine::update_rule>(row.update)});
    }
  }
  engine_.rows_arrived(lane, stale, pages, net::boot_now());
  pump();
}

void driver::carry_out(engine::send_call& a) {
  if (!first_send_) first_send_ = net::boot_now();
  slot& s = *slots_[a.connection];
  s.grant = a;
  s.row = rows_.extract(a.row);
  if (s.waiting) s.wake.cancel();
  rouse_one();
}

claimed driver::take(engine::row_id row) {
  auto node = rows_.extract(row);
  return node.empty() ? claimed{} : std::move(node.mapped());
}

void driver::carry_out(engine::record_outcome& a) {
  const auto row = take(a.row);
  commits_.add(finished_row(std::move(a), row.organizer));
}

void driver::carry_out(engine::advance_row& a) {
  const auto found = rows_.find(a.row);
  if (found == rows_.end()) return;
  if (a.last.stored) found->second.meeting_id = a.last.stored->id;
  commits_.add(advanced_row(std::move(a), found->second.organizer));
}

void driver::carry_out(engine::release_row& a) {
  const auto row = take(a.row);
  commits_.add(released_row(std::move(a), row.key, row.organizer));
}

void driver::carry_out(engine::close_organizer& a) {
  commits_.flush_all();
  ++asked_;
  std::erase_if(rows_, [&](const auto& row) { return row.second.organizer == a.organizer; });
  store_.close_organizer(
      {.run = run_, .lane = a.lane, .lease = lease_, .organizer = a.organizer, .like = like_answer(std::move(a.last))},
      [back = mail_.here(), lane = a.lane, organizer = a.organizer](result<ledger::closed_rows> closed) {
        back.post([lane, organizer, closed = std::move(closed)](driver& self) { self.on_closed(lane, organizer, closed); });
      });
}

void driver::on_closed(engine::lane_id lane, engine::organizer_id organizer, const result<ledger::closed_rows>& closed) {
  --asked_;
  if (!closed) return storage_failed(closed.error());
  last_commit_ = net::boot_now();
  meter_.ended(closed->calls, closed->rows, *last_commit_);
  engine_.organizer_closed(lane, organizer, closed->calls, net::boot_now());
  pump();
}

void driver::carry_out(engine::save_cooldown& a) {
  const auto left = std::chrono::duration_cast<ticks>(a.until - net::boot_now());
  store_.save_cooldown(run_, a.lane, a.organizer, net::wall_now() + left);
}

void driver::carry_out(engine::forget_cooldown& a) {
  store_.forget_cooldown(run_, a.lane, a.organizer);
}

void driver::carry_out(engine::cooldown_cut& a) {
  std::string scope = a.app ? "the application" : "the lane";
  if (a.organizer) {
    const auto named = std::ranges::find(organizers_, *a.organizer, &ledger::organizer_rows::id);
    scope = "organizer " + (named == organizers_.end() ? std::to_string(*a.organizer) : named->organizer);
  }
  watch_.note(cooldown_cut_note(a.retry_after_text, a.announced, scope, job_.pace.max_cooldown));
}

void driver::carry_out(engine::save_pace& a) {
  const auto& [rate, refused, credit] = a.pace;
  store_.save_pace(run_, a.lane, {.rate = rate, .refused = refused, .credit = credit}, net::wall_now());
}

void driver::carry_out(engine::refresh_token& a) {
  tokens_->rejected(a.rejected);
}

void driver::carry_out(engine::set_connections& a) {
  enabled_ = a.count;
}

void driver::carry_out(engine::drop_connection& a) {
  slot& s = *slots_[a.connection];
  s.drop = true;
  if (s.waiting) s.wake.cancel();
}

void driver::carry_out(engine::wake_at& a) {
  const auto now = net::boot_now();
  timer_.expires_after(std::max(a.when - now, std::chrono::nanoseconds(0)));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || closing_) return;
    engine_.tick(net::boot_now());
    pump();
  });
}

void driver::carry_out(engine::finished& a) {
  if (!ended_) ended_ = std::move(a);
  commits_.flush_all();
  close_all();
}

void driver::close_all() {
  if (closing_) return;
  closing_ = true;
  timer_.cancel();
  progress_timer_.cancel();
  tokens_->stop();
  for (auto& s : slots_) {
    s->wake.cancel();
    s->connection.close();
  }
}

void driver::on_commit(const result<ledger::committed_rows>& done) {
  if (!done) return storage_failed(done.error());
  const auto now = net::boot_now();
  last_commit_ = now;
  meter_.ended(done->calls.size(), done->ended, now);
  if (closing_) return;
  engine_.committed(std::span<const engine::row_id>(done->calls), std::span<const engine::row_id>(done->lost), now);
  pump();
}

void driver::on_token(std::uint32_t number) {
  if (closing_) return;
  may_connect_ = true;
  wake_those_that_wait();
  engine_.token_ready(0, number, net::boot_now());
  pump();
}

void driver::on_no_token(const error& why, bool fatal, std::optional<mono_time> again) {
  if (closing_) return;
  watch_.note(why.message);
  // Without a token no call is made: its request gets the descriptor that an idle connection has.
  may_connect_ = why.code != errc::resources;
  wake_those_that_wait();
  engine_.token_failed(0, why, fatal, again, net::boot_now());
  pump();
}

void driver::storage_failed(const error& why) {
  if (closing_) {
    // Too late for the engine; the exit code must still tell.
    if (ended_) ended_ = engine::finished{engine::stop_reason::storage, why.message, std::nullopt};
    return;
  }
  watch_.note(why.message);
  engine_.storage_failed(why, net::boot_now());
  pump();
}

void driver::on_signal(int count) {
  if (closing_ || count <= signals_heard_) return;
  signals_heard_ = count;
  if (count == 1) {
    watch_.note("Stopping: no new calls; those in flight may finish. A second signal leaves at once.");
    engine_.stop(engine::stop_reason::interrupted, net::boot_now());
    pump();
    return;
  }
  ended_ = engine::finished{engine::stop_reason::interrupted, "Left at once; what was known is saved.", std::nullopt};
  commits_.flush_all();
  close_all();
}

}  // namespace convoke::run

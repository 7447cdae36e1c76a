#include <utility>
#include <variant>

#include <fmt/format.h>

#include "core/text.hpp"
#include "run/cooldowns.hpp"
#include "run/driver_state.hpp"

namespace convoke::run {

void driver::pump() {
  // Carrying an action out may cause an event; what follows from that is taken up by the loop that is running.
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

// ---- rows

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
  ++ledger_jobs_;
  std::vector<ledger::page_wanted> pages;
  pages.reserve(a.pages.size());
  for (const auto& page : a.pages) pages.push_back({.organizer = page.organizer, .count = page.count});
  store_.claim({.run = opened_.info.id, .lane = a.lane, .lease = opened_.lease, .stale = a.stale, .pages = std::move(pages)},
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

void driver::carry_out(engine::look_for_rows& a) {
  if (keeper_) keeper_->look(a.lane);
}

claimed_row driver::take(engine::row_id row) {
  auto node = rows_.extract(row);
  return node.empty() ? claimed_row{} : std::move(node.mapped());
}

void driver::carry_out(engine::record_outcome& a) {
  auto row = take(a.row);
  // Nothing differs any more: what is reported of an updated row is what did.
  if (a.result == outcome::updated && a.last.drift.empty() && !row.extends) a.last.drift = std::move(row.changed);
  commits_.add(finished_row(std::move(a), row.organizer));
}

void driver::carry_out(engine::advance_row& a) {
  const auto found = rows_.find(a.row);
  if (found == rows_.end()) return;
  auto& row = found->second;
  row.advance(a.last);
  commits_.add(advanced_row(std::move(a), row.organizer));
}

void driver::carry_out(engine::release_row& a) {
  const auto row = take(a.row);
  commits_.add(released_row(std::move(a), row.key, row.organizer));
}

void driver::carry_out(engine::close_organizer& a) {
  commits_.flush_all();
  ++ledger_jobs_;
  store_.close_organizer(
      {.run = opened_.info.id, .lane = a.lane, .lease = opened_.lease, .organizer = a.organizer, .like = like_answer(std::move(a.last))},
      [back = mail_.here(), lane = a.lane, organizer = a.organizer](result<ledger::closed_rows> closed) {
        back.post([lane, organizer, closed = std::move(closed)](driver& self) { self.on_organizer_closed(lane, organizer, closed); });
      });
}

// ---- calls and connections

void driver::carry_out(engine::send_call& a) {
  if (!first_send_) first_send_ = clock_.now();
  auto& lane = lanes_[a.lane];
  auto& call = lane.calls[a.connection];
  call.row = rows_.extract(a.row);
  call.attempt = a.attempt;
  call.op = a.op;
  lane.session->send(a.connection, call.row.mapped().request(a.op));
}

void driver::carry_out(engine::send_batch& a) {
  if (!first_send_) first_send_ = clock_.now();
  auto& lane = lanes_[a.lane];
  auto& together = lane.batches[a.connection];
  together.clear();
  std::vector<graph::request> requests;
  for (const auto& one : a.calls) {
    auto& call = together.emplace_back(call_in_flight{.row = rows_.extract(one.row), .attempt = one.attempt, .op = one.op});
    requests.push_back(call.row.mapped().request(one.op));
  }
  lane.session->send_batch(a.connection, std::move(requests));
}

void driver::carry_out(engine::batch_limited& a) {
  const auto from_now_on = a.size > 1 ? fmt::format("at most {} calls go into one request from now on", a.size)
                                      : std::string("every call is a request of its own from now on");
  note(a.lane, fmt::format("Batches of this size fail ({}): {}.", core::escape_for_people(a.reason), from_now_on));
}

void driver::carry_out(engine::refresh_token& a) {
  lanes_[a.lane].session->refresh_token(a.rejected);
}

void driver::carry_out(engine::set_connections& a) {
  lanes_[a.lane].session->limit_connections(a.count);
}

void driver::carry_out(engine::drop_connection& a) {
  lanes_[a.lane].session->replace(a.connection);
}

// ---- what a lane remembers

void driver::carry_out(engine::save_cooldown& a) {
  const auto until = clock_.wall_now() + std::chrono::duration_cast<ticks>(a.until - clock_.now());
  a.app ? store_.save_app_cooldown(opened_.info.id, a.lane, until) : store_.save_cooldown(opened_.info.id, a.lane, a.organizer, until);
}

void driver::carry_out(engine::forget_cooldown& a) {
  store_.forget_cooldown(opened_.info.id, a.lane, a.organizer);
}

void driver::carry_out(engine::cooldown_cut& a) {
  std::string scope = a.app ? "the application" : "the lane";
  if (a.organizer) scope = "organizer " + name_of_organizer(*a.organizer);
  note(a.lane, cooldown_cut_note(a.retry_after_text, a.announced, scope, job_.pace.max_cooldown));
}

void driver::carry_out(engine::save_pace& a) {
  const auto& [rate, refused, credit] = a.pace;
  store_.save_pace(opened_.info.id, a.lane, {.rate = rate, .refused = refused, .credit = credit}, clock_.wall_now());
}

// ---- time and end

void driver::carry_out(engine::wake_at& a) {
  engine_timer_->expire_at(a.when);
}

void driver::carry_out(engine::finished& a) {
  if (!ended_) ended_ = std::move(a);
  commits_.flush_all();
  close();
}

}  // namespace convoke::run

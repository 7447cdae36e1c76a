// Calls that are sent together on one connection. The service carries each of them out as if it came alone; their answers reach the process
// together, when the last of them is there.

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "simulation/world.hpp"

namespace convoke::simulation {

using engine::attempt_error;
using namespace std::chrono_literals;

namespace {

constexpr std::array refusals = {413, 429, 413, 429, 400, 404, 500};

}  // namespace

void world::send_batch(const engine::send_batch& order) {
  auto& one = lanes_[order.lane];
  auto& link = one.links[order.connection];
  std::set<engine::organizer_id> organizers;
  for (const auto& item : order.calls) {
    checker_->sent(item, one.token, link.reused, now_, engine_->numbers());
    if (!organizers.insert(ledger_.rows()[ledger::index_of(item.row)].organizer).second) violated("an organizer is twice in a batch");
    if (item.lane != order.lane || item.connection != order.connection) violated("a call of a batch belongs to another connection");
  }
  if (order.calls.size() < 2 || order.calls.size() > one.batch_limit) violated("a batch of a wrong size");
  if (!std::exchange(link.idle, false)) violated("sent on a connection that is not ready");
  link.awaits = 0;
  ++link.uses;
  const bool looks_first = one.pool->check_before_call(order.connection, now_);
  if (const auto next = one.pool->granted(order.connection)) await(order.lane, *next, now_, event_kind::turn);

  const auto number = ++latest_batch_;
  batch all;
  for (const auto& item : order.calls) {
    const auto id = new_call();
    auto& c = calls_[id];
    describe_call(c, item, link);
    c.batch = number;
    c.stray = 0;
    c.cut = c.unnamed = false;
    all.calls.push_back(id);
  }
  all.awaited = all.calls.size();

  // The request arrives as a whole or not at all.
  const bool closed = std::exchange(link.server_closed, false);
  auto broken = closed ? (looks_first || link.reused ? attempt_error::stale : attempt_error::closed)
                       : failure_before_arrival(calls_[all.calls.front()]);
  const bool carried_out = !closed && broken == attempt_error::stale && !scenario_.net.single_use && network_random_.chance(0.3);
  auto wait = broken == attempt_error::timeout ? settings_of(order.lane).attempt_timeout : nanoseconds(2 * scenario_.net.one_way);
  if (closed && looks_first) wait = 0ms;
  if (!closed && broken == attempt_error::none && network_random_.chance(scenario_.net.batch_refused))
    all.refused = refusals[network_random_.below(refusals.size())];
  batches_.emplace(number, all);
  for (const auto id : all.calls) {
    auto& c = calls_[id];
    c.broken = broken;
    c.unsent = closed && looks_first;
    if ((broken != attempt_error::none && !carried_out) || all.refused != 0) {
      of_world(now_ + wait, event_kind::receive, id);
      continue;
    }
    of_world(now_ + scenario_.net.one_way, event_kind::arrive, id);
    if (network_random_.chance(scenario_.net.duplicated)) deliver_twice(id);
  }
}

void world::receive_of_batch(std::uint32_t id) {
  const auto found = batches_.find(calls_[id].batch);
  if (--found->second.awaited > 0) return;
  const auto all = std::move(found->second);
  batches_.erase(found);
  const bool lives = calls_[id].process == process_ && engine_ && !ended_ && !killed_;
  if (lives) deliver_batch(all);
  for (const auto one : all.calls) release_call(one);
}

// Delivers one answer for all calls of the batch.
void world::deliver_envelope(const batch& all, engine::answer whole, const std::optional<throttle>& closed, bool usable) {
  const auto& first = calls_[all.calls.front()];
  const auto lane = first.lane;
  const auto connection = first.connection;
  whole.token = first.token;
  whole.finished_at = wall();
  whole.client_request_id = first.name;
  result_.digest =
      (result_.digest ^ static_cast<std::uint64_t>(whole.status) ^ static_cast<std::uint64_t>(whole.error) << 10U) * 0x100000001b3U;
  // What is refused for what the batch is, and what is too large together, is sent again at once and costs nothing.
  const bool as_a_batch = whole.too_large || whole.status == 413 || whole.status == 400 || whole.status == 404;
  auto& limit = lanes_[lane].batch_limit;
  if (as_a_batch) limit = whole.too_large || whole.status == 413 ? std::min(limit, std::max<std::size_t>(1, all.calls.size() / 2)) : 1;
  engine::batch_answer answers;
  for (const auto id : all.calls) {
    if (as_a_batch) {
      checker_->batch_refused(calls_[id].row);
    } else {
      checker_->answered(calls_[id].row, whole, closed, now_);
    }
    answers.items.push_back({calls_[id].row, {}});
  }
  answers.envelope = std::move(whole);
  log("  a batch has one answer: " + std::to_string(answers.envelope->status));
  engine_->batch_answered(lane, std::move(answers), now_);
  pump();
  if (!ended_) free_connection(lane, connection, usable);
}

void world::deliver_refusal(const batch& all) {
  engine::answer whole;
  whole.status = all.refused;
  whole.error_code = "OfTheBatch";
  if (all.refused != 429) return deliver_envelope(all, std::move(whole), std::nullopt, true);
  // It names no scope: what throttles a whole batch is no organizer.
  const auto most = settings_of(calls_[all.calls.front()].lane).max_cooldown;
  whole.retry_after = std::min<nanoseconds>(1s + network_random_.upto(10s), most);
  whole.retry_after_text = "some";
  const throttle closed{sim::scope_kind::lane, whole.retry_after, true};
  deliver_envelope(all, std::move(whole), closed, true);
}

// The calls were carried out. True where nothing of their answers arrives.
bool world::damage_batch(const batch& all) {
  for (const auto id : all.calls)
    if (calls_[id].broken != attempt_error::none) return false;
  if (!network_random_.chance(scenario_.net.batch_damaged)) return false;
  engine::answer whole;
  switch (network_random_.below(3)) {
    case 0:
      whole.error = calls_[all.calls.front()].reused ? attempt_error::stale : attempt_error::closed;
      break;
    case 1:
      whole.error = attempt_error::truncated;
      whole.status = 200;
      break;
    default:
      whole.error = attempt_error::truncated;
      whole.status = 200;
      whole.whole = false;
      whole.too_large = true;
      break;
  }
  deliver_envelope(all, std::move(whole), std::nullopt, false);
  return true;
}

void world::deliver_batch(const batch& all) {
  if (all.refused != 0) return deliver_refusal(all);
  if (damage_batch(all)) return;
  const auto lane = calls_[all.calls.front()].lane;
  const auto connection = calls_[all.calls.front()].connection;
  engine::batch_answer answers;
  bool usable = true;
  for (const auto id : all.calls) {
    bool sound = false;
    auto a = receive_answer(calls_[id], sound);
    usable = usable && sound;
    answers.items.push_back({calls_[id].row, std::move(a)});
  }
  engine_->batch_answered(lane, std::move(answers), now_);
  pump();
  if (!ended_) free_connection(lane, connection, usable);
}

}  // namespace convoke::simulation

// Calls that are sent together on one connection. The service carries each of them out as if it came alone; their answers reach the process
// together, when the last of them is there.

#include <set>
#include <utility>

#include "simulation/world.hpp"

namespace convoke::simulation {

using engine::attempt_error;
using namespace std::chrono_literals;

void world::send_batch(const engine::send_batch& order) {
  auto& one = lanes_[order.lane];
  auto& link = one.links[order.connection];
  std::set<engine::organizer_id> organizers;
  for (const auto& item : order.calls) {
    checker_->sent(item, one.token, link.reused, now_, engine_->numbers());
    if (!organizers.insert(ledger_.rows()[ledger::index_of(item.row)].organizer).second) violated("an organizer is twice in a batch");
    if (item.lane != order.lane || item.connection != order.connection) violated("a call of a batch belongs to another connection");
  }
  if (order.calls.size() < 2 || order.calls.size() > settings_of(order.lane).batch_size) violated("a batch of a wrong size");
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
  batches_.emplace(number, all);

  // The request arrives as a whole or not at all.
  const bool closed = std::exchange(link.server_closed, false);
  auto broken = closed ? (looks_first || link.reused ? attempt_error::stale : attempt_error::closed)
                       : failure_before_arrival(calls_[all.calls.front()]);
  const bool carried_out = !closed && broken == attempt_error::stale && !scenario_.net.single_use && network_random_.chance(0.3);
  auto wait = broken == attempt_error::timeout ? settings_of(order.lane).attempt_timeout : nanoseconds(2 * scenario_.net.one_way);
  if (closed && looks_first) wait = 0ms;
  for (const auto id : all.calls) {
    auto& c = calls_[id];
    c.broken = broken;
    c.unsent = closed && looks_first;
    if (broken != attempt_error::none && !carried_out) {
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

void world::deliver_batch(const batch& all) {
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

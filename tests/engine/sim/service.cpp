#include "engine/sim/service.hpp"

#include <algorithm>
#include <optional>

namespace convoke::engine::sim {

using namespace std::chrono_literals;

namespace {

answer http(int status, std::string code) {
  answer a;
  a.status = status;
  a.error_code = std::move(code);
  return a;
}

answer broken(attempt_error e) {
  answer a;
  a.error = e;
  return a;
}

answer stored(int status) {
  auto a = http(status, {});
  a.stored.emplace().id = "m";
  return a;
}

}  // namespace

std::chrono::nanoseconds service::between(std::chrono::nanoseconds a, std::chrono::nanoseconds b) {
  return std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(a.count(), b.count())(dice_));
}

void service::caller_died(mono_time now) {
  for (auto& [key, spans] : worked_) {
    for (auto& s : spans) s.to = std::min(s.to, now + 20s);
  }
}

std::uint32_t service::new_token(mono_time now) {
  const auto number = static_cast<std::uint32_t>(tokens_.size() + 1);
  tokens_[number] = now + temper_.token_life;
  return number;
}

unsigned service::creations(key_id k) const {
  const auto found = created_.find(k);
  return found == created_.end() ? 0 : found->second;
}

// A service that is not atomic per key makes a second meeting where two calls of one key overlap.
int service::work(key_id k, span s) {
  bool there = false, raced = false;
  for (const auto& other : worked_[k]) {
    if (other.to <= s.from) there = true;
    if (other.from < s.to && s.from < other.to) raced = true;
  }
  worked_[k].push_back(s);
  if (raced) ++overlaps_;
  if (there) return 200;
  ++created_[k];
  return 201;
}

service::reply service::throttled(std::chrono::nanoseconds after) {
  auto a = http(chance(0.8) ? 429 : 509, "TooManyRequests");
  static constexpr const char* scopes[] = {"", "", "Tenant_Application/ReadWrite/a/t", "Application/x", "User/x", "Weather"};
  a.throttle_scope = scopes[dice_() % std::size(scopes)];
  if (chance(0.7)) {
    a.retry_after = chance(0.7) ? between(500ms, 3s) : between(3s, 9min);
    if (temper_.long_waits && chance(0.05)) a.retry_after = between(10min, 2h);
  }
  if (chance(0.1) && a.retry_after) a.status = 503;
  return {std::move(a), after, true};
}

service::reply service::misbehave(const wanted& w, span s) {
  const bool made = chance(0.5);
  if (made) work(w.key, s);
  const auto after = s.to - s.from;
  switch (dice_() % 6) {
    case 0:
      return {broken(attempt_error::closed), after, false};
    case 1:
      return {broken(attempt_error::truncated), after, false};
    case 2:
      return {broken(attempt_error::not_believed), after, true};
    case 3:
      return {broken(attempt_error::tls), after, false};
    default:
      static constexpr int statuses[] = {500, 502, 503, 504, 408, 425};
      return {http(statuses[dice_() % std::size(statuses)], "Oops"), after, true};
  }
}

service::reply service::refuse_or_serve(const wanted& w, span s, mono_time now) {
  if (w.bad_organizer) return {http(403, "Forbidden"), s.to - now, true};
  if (w.bad_row) return {http(400, "BadRequest"), s.to - now, true};
  return {stored(work(w.key, s)), s.to - now, chance(0.95)};
}

service::reply service::call(const wanted& w, std::uint32_t token, mono_time now) {
  ++calls_;
  const span s{now + between(1ms, 20ms), now + between(21ms, 300ms)};
  if (chance(temper_.free)) {
    static constexpr attempt_error kinds[] = {attempt_error::stale, attempt_error::connect, attempt_error::local_resources};
    return {broken(kinds[dice_() % std::size(kinds)]), 1ms, false};
  }
  const auto life = tokens_.find(token);
  if (life == tokens_.end() || now > life->second) {
    auto a = http(401, "InvalidAuthenticationToken");
    a.token = token;
    return {std::move(a), s.to - now, true};
  }
  if (chance(temper_.throttle)) return throttled(s.to - now);
  if (chance(temper_.hang)) {
    if (chance(0.7)) work(w.key, {s.from, now + between(20s, 24900ms)});
    return {broken(attempt_error::timeout), 20s, false};
  }
  if (chance(temper_.fault)) return misbehave(w, s);
  return refuse_or_serve(w, s, now);
}

}  // namespace convoke::engine::sim

#include "engine/lookups.hpp"

#include <algorithm>
#include <utility>

namespace convoke::engine {

using std::chrono::nanoseconds;

namespace {

constexpr double slowest = 0.2;      // envelopes per second
constexpr double faster = 1.25;      // after an envelope without throttles
constexpr unsigned most_unsent = 5;  // in a row, before it counts as a failure to connect
constexpr unsigned most_refused = 3;
// How long to stay away, as after a run: where attempts were used up, and after an outage, which is expected to last as long again.
constexpr std::chrono::minutes rest_after_attempts{10}, shortest_absence{5}, longest_absence{60};

std::string in_brackets(const std::string& text) {
  return text.empty() ? text : " (" + text + ")";
}

}  // namespace

user_lookups::user_lookups(const lookup_settings& how, std::size_t users, mono_time now)
    : how_(how), random_(how.seed), pace_(how.rate), announced_until_(now), users_(users), left_(users), progress_(now) {
  for (std::uint32_t i = 0; i < users; ++i) ready_.push_back(i);
  if (how.closed_for <= nanoseconds::zero()) return;
  announced_until_ = now + std::min(how.closed_for, how.max_cooldown);
  closed_.close_until(now + pacing::with_jitter(announced_until_ - now, random_));
}

user_lookups::step user_lookups::wait(mono_time until) {
  return {.what = step::kind::wait, .users = {}, .until = until};
}

// True where all that is left is not worth waiting for.
bool user_lookups::give_up(mono_time now) {
  if (closed_.closed(now) && closed_.end() - now > how_.longest_wait) {
    stop(errc::network, "The service throttles look-ups of users" + in_brackets(trouble_) + ".", announced_for(now));
  } else if (token_again_ && in_flight_ == 0 && *token_again_ - now > how_.longest_wait) {
    stop(errc::network, "The token endpoint gives no token, which look-ups of users need" + in_brackets(trouble_) + ".",
         announced_for(now));
  } else if (now - progress_ >= how_.max_outage) {
    stop(errc::network, "Users cannot be looked up" + in_brackets(trouble_) + ".",
         std::max(std::clamp<nanoseconds>(how_.max_outage, shortest_absence, longest_absence), announced_for(now)));
  }
  return ended_.has_value();
}

mono_time user_lookups::patience(mono_time now) {
  if (!over()) give_up(now);
  return progress_ + how_.max_outage;
}

user_lookups::step user_lookups::next(mono_time now, bool token) {
  if (token) token_again_.reset();
  if (over() || give_up(now)) return {};
  const auto patience = progress_ + how_.max_outage;
  if (!token || in_flight_ >= how_.most_in_flight) return wait(patience);
  if (closed_.closed(now)) return wait(std::min(closed_.end(), patience));
  for (auto due = waiting_.pop_due(now); due != no_row; due = waiting_.pop_due(now)) ready_.push_back(due);
  if (ready_.empty()) return wait(std::min(waiting_.next().value_or(patience), patience));
  if (const auto turn = pace_.next(now); turn > now) return wait(std::min(turn, patience));
  pace_.take(now);
  ++in_flight_;
  step out{.what = step::kind::send, .users = {}, .until = now};
  while (!ready_.empty() && out.users.size() < most_users) {
    out.users.push_back(ready_.front());
    users_[ready_.front()].is = user::state::in_flight;
    ready_.pop_front();
  }
  return out;
}

void user_lookups::answered(std::span<const std::uint32_t> users, lookup_answer&& a, mono_time now) {
  --in_flight_;
  if (!a.sent) {
    for (const auto i : users) {
      users_[i].is = user::state::pending;
      ready_.push_front(i);
    }
    if (++unsent_in_row_ > most_unsent) connect_failed(std::move(a.envelope.text), false, now);
    return;
  }
  unsent_in_row_ = failed_connects_ = 0;
  if (a.items.size() != users.size()) a.items.assign(users.size(), a.envelope);
  take_refusal(a, a.token, now);
  take_throttles(a, now);
  for (std::size_t i = 0; i < users.size(); ++i) take(users[i], std::move(a.items[i]), now);
}

void user_lookups::take(std::uint32_t index, lookup_item&& item, mono_time now) {
  auto& one = users_[index];
  one.is = user::state::pending;
  switch (item.what) {
    case lookup_item::kind::found:
      return know(one, user::state::found, std::move(item.object_id), now);
    case lookup_item::kind::unknown:
      return know(one, user::state::unknown, {}, now);
    case lookup_item::kind::refused:
      return know(one, user::state::refused, std::move(item.text), now);
    case lookup_item::kind::throttled:
    case lookup_item::kind::unauthorized:
      ready_.push_back(index);
      return;
    case lookup_item::kind::fault:
      return take_fault(index, item, now);
    case lookup_item::kind::denied:
      return stop(errc::credentials,
                  "The app may not look up users" + in_brackets(item.text) +
                      ". Grant it the application permission User.Read.All with an administrator's consent, or name organizers by their "
                      "Entra object ids in place of UPNs.");
    case lookup_item::kind::broken:
      return stop(errc::protocol, "Users cannot be looked up" + in_brackets(item.text) + ".");
  }
}

void user_lookups::know(user& of, user::state as, std::string text, mono_time now) {
  of.is = as;
  of.text = std::move(text);
  --left_;
  progress_ = now;
  refused_in_row_ = 0;
}

void user_lookups::take_fault(std::uint32_t index, const lookup_item& item, mono_time now) {
  auto& one = users_[index];
  trouble_ = item.text;
  const auto announced = std::min(item.retry_after.value_or(nanoseconds::zero()), how_.max_cooldown);
  if (++one.attempts >= how_.max_attempts) {
    one.text = item.text;
    return stop(errc::network, "Users cannot be looked up, in " + std::to_string(one.attempts) + " attempts" + in_brackets(item.text) + ".",
                std::max<nanoseconds>({rest_after_attempts, announced, announced_for(now)}));
  }
  waiting_.push(index, now + std::max(pacing::backoff(one.attempts, random_), pacing::with_jitter(announced, random_)));
}

// The items of an envelope are throttled each on its own; all wait for the longest of their cooldowns.
void user_lookups::take_throttles(const lookup_answer& a, mono_time now) {
  std::optional<nanoseconds> announced;
  bool throttled = false;
  for (const auto& item : a.items) {
    if (item.what != lookup_item::kind::throttled) continue;
    throttled = true;
    trouble_ = item.text;
    if (item.retry_after) announced = std::max(announced.value_or(nanoseconds::zero()), *item.retry_after);
  }
  if (!throttled) {
    throttles_in_row_ = 0;
    return pace_.set_rate(std::min(pace_.rate() * faster, how_.rate), now);
  }
  ++throttles_;
  ++throttles_in_row_;
  // Those that were in flight together say the same, once.
  if (!closed_.closed(now)) pace_.set_rate(std::max(pace_.rate() / 2, slowest), now);
  const auto wait =
      announced ? pacing::with_jitter(std::min(*announced, how_.max_cooldown), random_) : pacing::backoff(throttles_in_row_, random_);
  if (announced) announced_until_ = std::max(announced_until_, now + std::min(*announced, how_.max_cooldown));
  closed_.close_until(now + wait);
}

// A token that was refused is renewed. Graph also refuses tokens that are good, for a moment.
void user_lookups::take_refusal(const lookup_answer& a, std::uint32_t token, mono_time now) {
  const auto refusal = std::ranges::find(a.items, lookup_item::kind::unauthorized, &lookup_item::what);
  if (refusal == a.items.end() || token == refused_token_) return;
  trouble_ = refusal->text;
  refused_token_ = token;
  report_refusal_ = true;
  if (++refused_in_row_ >= most_refused)
    return stop(errc::credentials, "The service refuses the access token, a new one too" + in_brackets(refusal->text) + ".");
  if (refused_in_row_ > 1) closed_.close_until(now + pacing::backoff(1, random_));
}

void user_lookups::connect_failed(std::string why, bool refused_login, mono_time now) {
  if (refused_login) return stop(errc::credentials, std::move(why));
  trouble_ = std::move(why);
  connect_at_ = now + pacing::backoff(++failed_connects_, random_);
}

void user_lookups::token_failed(std::string why, bool fatal, std::optional<mono_time> again) {
  trouble_ = why;
  if (again) token_again_ = again;
  if (fatal) stop(errc::credentials, std::move(why));
}

std::optional<std::uint32_t> user_lookups::take_refused_token() noexcept {
  if (!std::exchange(report_refusal_, false)) return std::nullopt;
  return refused_token_;
}

nanoseconds user_lookups::closed_for(mono_time now) const noexcept {
  return std::max(announced_until_ - now, mono_clock::duration::zero());
}

// Of the directory and of the token endpoint: nothing that comes earlier can succeed.
nanoseconds user_lookups::announced_for(mono_time now) const noexcept {
  return token_again_ ? std::max<nanoseconds>(closed_for(now), *token_again_ - now) : closed_for(now);
}

// The first reason counts.
void user_lookups::stop(errc code, std::string why, std::optional<nanoseconds> come_back) {
  if (!ended_) ended_ = end{.code = code, .why = std::move(why), .come_back = come_back};
}

}  // namespace convoke::engine

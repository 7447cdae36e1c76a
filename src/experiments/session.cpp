#include "experiments/session.hpp"

#include <algorithm>

#include "experiments/common.hpp"

namespace convoke::experiments {

namespace {

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

std::string wait_text(std::chrono::nanoseconds wait) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()) + " s";
}

std::optional<std::chrono::nanoseconds> longest_wait(std::span<const seen> answers) {
  std::optional<std::chrono::nanoseconds> out;
  for (const auto& one : answers)
    if (one.wait && !one.success()) out = std::max(out.value_or(std::chrono::nanoseconds(0)), *one.wait);
  return out;
}

}  // namespace

session::session(record from, terms how, mono_time not_before) : state_(std::move(from)), how_(std::move(how)), not_before_(not_before) {
  rests_first_ = std::ranges::any_of(state_.made, [](const made_key& one) { return one.uncertain > 0; });
}

const experiment* session::current() const {
  const auto all = all_experiments();
  const auto found = std::ranges::find(all, state_.experiment, &experiment::name);
  return found == all.end() ? nullptr : &*found;
}

bool session::has_finding(std::string_view name) const {
  return std::ranges::find(state_.findings, name, &finding::name) != state_.findings.end();
}

bool session::has_succeeded() const {
  if (succeeded_ || state_.removed > 0) return true;
  const auto known = std::ranges::find(state_.findings, "new_status", &finding::name);
  if (known != state_.findings.end() && !known->value.empty()) return true;
  return std::ranges::any_of(state_.made, [](const made_key& one) { return !one.ids.empty() || !one.removed.empty(); });
}

std::chrono::nanoseconds session::rest() const noexcept {
  constexpr std::chrono::nanoseconds longest = std::chrono::seconds(5);
  return std::min(5 * how_.interval, std::max(longest, how_.interval));
}

session::action session::next(mono_time now) {
  if (std::exchange(rests_first_, false)) not_before_ = std::max(not_before_, now + rest());
  std::optional<call> coming;
  while (!coming && phase_ != phase::over) {
    if (phase_ == phase::removing) {
      coming = next_removal();
      if (coming) break;
      std::erase_if(state_.made, [](const made_key& one) { return !one.open(); });
      phase_ = phase::choosing;
    }
    if (phase_ == phase::choosing) choose();
    if (phase_ != phase::experimenting) continue;
    const setting_of_experiment how{.run = state_.run,
                                    .attempt = state_.attempts,
                                    .organizer = how_.organizer,
                                    .attendee = how_.attendee,
                                    .start = how_.start,
                                    .usual_presenters = state_.usual_presenters,
                                    .usual_chat = state_.usual_chat};
    auto step = current()->next(how, so_far_);
    if (step.make)
      coming = std::move(step.make);
    else
      conclude(std::move(step.found));
  }
  if (!coming) return {.what = action::kind::finished};
  if (now < not_before_) return {.what = action::kind::wait, .until = not_before_};
  not_before_ = now + how_.interval;
  begin(*coming);
  return {.what = action::kind::send, .send = *std::move(coming)};
}

// The first experiment that is not over. One that was interrupted is begun again, with new keys.
void session::choose() {
  for (const auto& one : all_experiments()) {
    if (has_finding(one.questions.front())) continue;
    const auto skip = [&](const std::string& why) { conclude(none_of(one.questions, why).found); };
    if (state_.experiment != one.name) {
      state_.experiment = one.name;
      state_.attempts = 0;
    }
    if (failed_attempts_ >= most_attempts)
      return skip("It was begun " + std::to_string(most_attempts) + " times, and each time a call failed" +
                  (last_failure_.empty() ? "." : ": the last one ended with " + last_failure_ + "."));
    if (state_.calls + one.most_calls > most_calls)
      return skip("It may take " + std::to_string(one.most_calls) + " calls, and " + std::to_string(state_.calls) + " of " +
                  std::to_string(most_calls) + " were made.");
    ++state_.attempts;
    so_far_.clear();
    phase_ = phase::experimenting;
    return;
  }
  state_.experiment.clear();
  phase_ = phase::over;
  const bool left = !given_up_.empty() || !kept_.empty();
  end_ = left ? probe_end::left_over : probe_end::done;
  if (left) why_ = "What was made could not be removed.";
}

void session::conclude(std::vector<finding> found) {
  std::ranges::move(found, std::back_inserter(state_.findings));
  state_.experiment.clear();
  state_.attempts = 0;
  last_failure_.clear();
  failed_attempts_ = 0;
  so_far_.clear();
  phase_ = phase::removing;
}

// Its answers are of no use. What it made is removed, and it is begun again with other keys.
void session::abandon(std::string why) {
  last_failure_ = std::move(why);
  ++failed_attempts_;
  so_far_.clear();
  phase_ = phase::removing;
}

void session::stop(probe_end end, std::string why) {
  end_ = end;
  why_ = std::move(why);
  phase_ = phase::over;
}

made_key& session::key_of_call(const std::string& external_id) {
  const auto found = std::ranges::find(state_.made, external_id, &made_key::external_id);
  if (found != state_.made.end()) return *found;
  return state_.made.emplace_back(made_key{.external_id = external_id, .ids = {}, .removed = {}});
}

// The record must know what a call may make before it is sent.
void session::begin(call c) {
  state_.calls += c.copies;
  if (c.what == verb::create_or_get || c.what == verb::batch) {
    auto& uncertain = key_of_call(c.external_id).uncertain;
    // Calls of one key that come one after the other make one meeting: only an experiment begins with none.
    uncertain = phase_ == phase::removing ? std::max(uncertain, 1U) : uncertain + c.copies;
  }
  sent_ = std::move(c);
}

std::optional<call> session::next_removal() {
  for (const auto& one : state_.made) {
    const auto id = std::ranges::find_if(one.ids, [&](const std::string& each) { return !contains(kept_, each); });
    if (id != one.ids.end()) return call{.what = verb::remove, .meeting_id = *id};
    // What a call without an answer made is not known: a createOrGet finds it, or makes it.
    if (one.uncertain > 0 && !contains(given_up_, one.external_id))
      return call{.external_id = one.external_id, .body = meeting_body(one.external_id, "convoke probe", how_.start)};
  }
  return std::nullopt;
}

void session::take(std::vector<seen> answers, mono_time now) {
  for (const auto& one : answers) note_throttle(one);
  const auto shown = answers;
  if (phase_ == phase::removing)
    take_removal(answers.front(), now);
  else
    take_experiment(std::move(answers), now);
  obey(shown, now);
}

void session::obey(std::span<const seen> answers, mono_time now) {
  // What was sent may still be carried out: the same key is not used before that.
  if (std::ranges::any_of(answers, [](const seen& one) { return one.status == 0; })) not_before_ = std::max(not_before_, now + rest());
  const auto wait = longest_wait(answers);
  if (!wait) return;
  not_before_ = std::max(not_before_, now + *wait);
  const auto said = std::ranges::find(answers, wait, &seen::wait);
  if (phase_ != phase::over && *wait > how_.patience)
    stop(probe_end::unavailable, "The service answered " + status_of(*said) + ". It says to wait for " + wait_text(*wait) + ".");
  if (phase_ == phase::over) come_back_ = wait;
}

void session::keep_id(made_key& of, const std::string& id) {
  if (!contains(fresh_, id)) fresh_.push_back(id);
  if (!contains(of.ids, id)) of.ids.push_back(id);
}

void session::keep_ids(const call& c, const std::vector<seen>& answers) {
  auto& key = key_of_call(c.external_id);
  for (const auto& one : answers) {
    if (one.inconclusive() || one.strange()) continue;
    // The envelope of a batch was refused, or it has no item: the first makes nothing, the second is not known.
    if (c.what == verb::batch && !one.of_item && one.success()) continue;
    succeeded_ = succeeded_ || one.success();
    if (one.success() && one.id.empty()) continue;
    key.uncertain -= std::min(key.uncertain, 1U);
    if (one.success()) keep_id(key, one.id);
  }
}

// Several keys may name one meeting.
void session::forget_id(const std::string& id) {
  std::erase(fresh_, id);
  for (auto& one : state_.made)
    if (std::erase(one.ids, id) > 0 && !contains(one.removed, id)) one.removed.push_back(id);
}

void session::keep_usual(const std::vector<seen>& answers) {
  // The meetings of `options` are made with these members.
  if (state_.experiment == "options") return;
  for (const auto& one : answers) {
    if (!one.success()) continue;
    if (one.allowed_presenters) state_.usual_presenters = *one.allowed_presenters;
    if (one.chat) state_.usual_chat = *one.chat;
  }
}

bool session::ends_all(const call& made, std::span<const seen> answers) {
  const bool proven = has_succeeded();
  const auto denied = std::ranges::find_if(
      answers, [&](const seen& one) { return one.status == 401 || (one.status == 403 && !proven && !made.refusal_is_fine); });
  if (denied != answers.end()) {
    stop(probe_end::denied, "The service answered " + status_of(*denied) + ".");
    return true;
  }
  // Once a meeting was made, this answer is one about the key or the meeting.
  const auto unknown = std::ranges::find(answers, 404, &seen::status);
  if (proven || made.what != verb::create_or_get || unknown == answers.end()) return false;
  stop(probe_end::denied,
       "createOrGet answered " + status_of(*unknown) + ": the organizer does not exist in the tenant, or has no meetings.");
  return true;
}

void session::take_experiment(std::vector<seen> answers, mono_time now) {
  auto made = *std::exchange(sent_, std::nullopt);
  if (made.what == verb::create_or_get || made.what == verb::batch) keep_ids(made, answers);
  keep_usual(answers);
  if (made.what == verb::remove) take_delete(made, answers.front(), now);
  if (ends_all(made, answers)) return;
  const auto unusable = [](const seen& one) { return one.inconclusive() || one.strange(); };
  const auto unknown = std::ranges::find_if(answers, unusable);
  if (unknown != answers.end()) {
    abandon(status_of(*unknown));
    if (!wait_after(answers, now)) stop(probe_end::unavailable, why_);
    return;
  }
  failures_ = 0;
  so_far_.push_back({.made = std::move(made), .answers = std::move(answers)});
}

// What becomes of the meeting is left to the caller where the answer says neither that it is deleted nor that there is none.
void session::take_delete(const call& made, const seen& answer, mono_time now) {
  const auto& id = made.meeting_id;
  // It may have been carried out: a 404 later says nothing else.
  if (answer.inconclusive()) std::erase(fresh_, id);
  if (!answer.success() && answer.status != 404) return;
  state_.removed += answer.success() ? 1 : 0;
  // The answer to createOrGet showed this id a moment ago, so 404 may mean that not all of the service knows it yet.
  const bool doubtful = !answer.success() && contains(fresh_, id);
  const auto key = std::ranges::find_if(state_.made, [&](const made_key& one) { return contains(one.ids, id); });
  if (doubtful && key != state_.made.end() && std::ranges::count(doubted_, key->external_id) < most_doubts) {
    doubted_.push_back(key->external_id);
    key->uncertain = std::max(key->uncertain, 1U);
    not_before_ = std::max(not_before_, now + rest());
  }
  forget_id(id);
}

void session::take_removal(const seen& answer, mono_time now) {
  const auto made = *std::exchange(sent_, std::nullopt);
  const bool about_the_key = made.what == verb::create_or_get && has_succeeded();
  if (answer.status == 401 || (answer.status == 403 && !about_the_key))
    return stop(probe_end::denied, "The service answered " + status_of(answer) + " while what was made was removed.");
  if (made.what == verb::remove) take_delete(made, answer, now);
  if (answer.inconclusive()) {
    if (wait_after(std::span(&answer, 1), now)) return;
    return stop(probe_end::unavailable, why_);
  }
  if (answer.busy()) return take_busy_removal(made, answer, now);
  failures_ = 0;
  if (made.what == verb::create_or_get) return take_found(made, answer);
  if (!answer.success() && answer.status != 404) kept_.push_back(made.meeting_id);
}

// It is tried again. What stays busy does not keep the other experiments from being made.
void session::take_busy_removal(const call& made, const seen& answer, mono_time now) {
  if (wait_after(std::span(&answer, 1), now)) return;
  if (answer.wait && *answer.wait > how_.patience) return stop(probe_end::unavailable, why_);
  failures_ = 0;
  if (made.what == verb::remove)
    kept_.push_back(made.meeting_id);
  else
    given_up_.push_back(made.external_id);
}

// The answer to the createOrGet that looks for what an earlier call made.
void session::take_found(const call& made, const seen& answer) {
  auto& key = key_of_call(made.external_id);
  if (!answer.success()) {
    // The service does not take this id, or the key of a deleted meeting: it has no meeting.
    if (answer.malformed() || (answer.status == 404 && !key.removed.empty()))
      key.uncertain = 0;
    else
      given_up_.push_back(key.external_id);
    return;
  }
  succeeded_ = true;
  if (answer.id.empty()) {
    given_up_.push_back(key.external_id);
    return;
  }
  key.uncertain -= std::min(key.uncertain, 1U);
  // A meeting that was removed and is there again says that the service restores it: there is no other one.
  if (contains(key.removed, answer.id)) key.uncertain = 0;
  keep_id(key, answer.id);
}

bool session::wait_after(std::span<const seen> answers, mono_time now) {
  ++failures_;
  // 2 s, 4 s, … where the service does not say how long.
  const auto backoff = std::chrono::nanoseconds(std::chrono::seconds(1U << std::min(failures_, 6U)));
  auto wait = how_.interval;
  const seen* worst = nullptr;
  for (const auto& one : answers) {
    if (!one.inconclusive() && !one.strange() && !one.busy()) continue;
    const auto its = one.wait.value_or(backoff);
    if (worst == nullptr || its > wait) worst = &one;
    wait = std::max(wait, its);
  }
  if (failures_ > most_failures || wait > how_.patience) {
    if (worst == nullptr) worst = &answers.front();
    why_ = worst->status == 0 ? "No answer: " + worst->failure + "." : "The service answered " + status_of(*worst) + ".";
    if (worst->wait && *worst->wait > how_.patience) why_ += " It says to wait for " + wait_text(*worst->wait) + ".";
    return false;
  }
  not_before_ = std::max(not_before_, now + wait);
  return true;
}

void session::note_throttle(const seen& answer) {
  if (!answer.throttled() || has_finding("throttle")) return;
  constexpr std::string_view words[] = {"absent", "integer", "decimal", "date", "joined", "other"};
  state_.findings.push_back(settled(
      "throttle", std::string(words[static_cast<std::size_t>(answer.form)]),
      "A call was answered with " + status_of(answer) + (answer.wait ? ", and a Retry-After of " + wait_text(*answer.wait) + "." : ".")));
}

std::vector<finding> session::findings() const {
  std::vector<finding> out;
  auto always = never_settled();
  for (const auto& one : all_questions()) {
    const auto found = std::ranges::find(state_.findings, one.name, &finding::name);
    const auto fixed = std::ranges::find(always, one.name, &finding::name);
    if (found != state_.findings.end())
      out.push_back(*found);
    else if (fixed != always.end())
      out.push_back(*fixed);
    else
      out.push_back(unsettled(
          one.name, one.name == "throttle" ? "No call was throttled, and a probe does not provoke it." : "The probe ended before."));
  }
  return out;
}

std::vector<std::string> session::left() const {
  std::vector<std::string> out;
  for (const auto& one : state_.made)
    if (one.open()) out.push_back(one.external_id);
  return out;
}

}  // namespace convoke::experiments

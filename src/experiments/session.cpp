#include "experiments/session.hpp"

#include <algorithm>

#include "experiments/common.hpp"

namespace convoke::experiments {

session::session(record from, terms how, mono_time not_before) : state_(std::move(from)), how_(std::move(how)), not_before_(not_before) {}

const experiment* session::current() const {
  const auto all = all_experiments();
  const auto found = std::ranges::find(all, state_.experiment, &experiment::name);
  return found == all.end() ? nullptr : &*found;
}

bool session::has_finding(std::string_view name) const {
  return std::ranges::find(state_.findings, name, &finding::name) != state_.findings.end();
}

session::action session::next(mono_time now) {
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
    const setting_of_experiment how{
        .run = state_.run, .attempt = state_.attempts, .organizer = how_.organizer, .attendee = how_.attendee, .start = how_.start};
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
  const bool left = !given_up_.empty();
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
    if (!one.open() || std::ranges::find(given_up_, one.external_id) != given_up_.end()) continue;
    if (!one.ids.empty()) return call{.what = verb::remove, .meeting_id = one.ids.front()};
    // What a call without an answer made is not known: a createOrGet finds it, or makes it.
    return call{.external_id = one.external_id, .body = meeting_body(one.external_id, "convoke probe", how_.start)};
  }
  return std::nullopt;
}

void session::take(std::vector<seen> answers, mono_time now) {
  for (const auto& one : answers) note_throttle(one);
  if (phase_ == phase::removing) return take_removal(answers.front(), now);
  take_experiment(std::move(answers), now);
}

void session::keep_ids(const call& c, const std::vector<seen>& answers) {
  auto& key = key_of_call(c.external_id);
  for (const auto& one : answers) {
    if (one.inconclusive()) continue;
    // The envelope of a batch was refused, or it has no item: the first makes nothing, the second is not known.
    if (c.what == verb::batch && !one.of_item && one.success()) continue;
    if (one.success() && one.id.empty()) continue;
    key.uncertain -= std::min(key.uncertain, 1U);
    if (one.success() && std::ranges::find(key.ids, one.id) == key.ids.end()) key.ids.push_back(one.id);
  }
}

// Several keys may name one meeting.
void session::forget_id(const std::string& id) {
  for (auto& one : state_.made)
    if (std::erase(one.ids, id) > 0 && std::ranges::find(one.removed, id) == one.removed.end()) one.removed.push_back(id);
}

void session::take_experiment(std::vector<seen> answers, mono_time now) {
  auto made = *std::exchange(sent_, std::nullopt);
  if (made.what == verb::create_or_get || made.what == verb::batch) keep_ids(made, answers);
  if (made.what == verb::remove && (answers.front().success() || answers.front().status == 404)) {
    state_.removed += answers.front().success() ? 1 : 0;
    forget_id(made.meeting_id);
  }
  const auto denied =
      std::ranges::find_if(answers, [&](const seen& one) { return one.status == 401 || (one.status == 403 && !made.refusal_is_fine); });
  if (denied != answers.end()) return stop(probe_end::denied, "The service answered " + status_of(*denied) + ".");
  const auto unknown = std::ranges::find_if(answers, &seen::inconclusive);
  if (unknown != answers.end()) {
    abandon(status_of(*unknown));
    if (!wait_after(*unknown, now)) stop(probe_end::unavailable, why_);
    return;
  }
  failures_ = 0;
  // The first createOrGet of all was refused as one for an unknown user.
  if (made.what == verb::create_or_get && answers.front().status == 404)
    return stop(probe_end::denied,
                "createOrGet answered " + status_of(answers.front()) + ": the organizer does not exist in the tenant, or has no meetings.");
  so_far_.push_back({.made = std::move(made), .answers = std::move(answers)});
}

void session::take_removal(const seen& answer, mono_time now) {
  const auto made = *std::exchange(sent_, std::nullopt);
  if (answer.status == 401 || answer.status == 403)
    return stop(probe_end::denied, "The service answered " + status_of(answer) + " while what was made was removed.");
  if (answer.inconclusive()) {
    if (wait_after(answer, now)) return;
    return stop(probe_end::unavailable, why_);
  }
  failures_ = 0;
  if (made.what == verb::remove) {
    if (answer.success() || answer.status == 404) {
      state_.removed += answer.success() ? 1 : 0;
      return forget_id(made.meeting_id);
    }
    for (const auto& one : state_.made)
      if (std::ranges::find(one.ids, made.meeting_id) != one.ids.end()) given_up_.push_back(one.external_id);
    return;
  }
  auto& key = key_of_call(made.external_id);
  key.uncertain -= std::min(key.uncertain, 1U);
  if (!answer.success()) {
    // The service does not take this id, so it has no meeting.
    key.uncertain = 0;
    return;
  }
  if (answer.id.empty()) {
    given_up_.push_back(key.external_id);
    return;
  }
  // A meeting that was removed and is there again says that the service restores it: there is no other one.
  if (std::ranges::find(key.removed, answer.id) != key.removed.end()) key.uncertain = 0;
  if (std::ranges::find(key.ids, answer.id) == key.ids.end()) key.ids.push_back(answer.id);
}

bool session::wait_after(const seen& answer, mono_time now) {
  ++failures_;
  // 2 s, 4 s, … where the service does not say how long.
  const auto backoff = std::chrono::nanoseconds(std::chrono::seconds(1U << std::min(failures_, 6U)));
  const auto wait = std::max(answer.wait.value_or(backoff), how_.interval);
  if (failures_ > most_failures || wait > how_.patience) {
    why_ = answer.status == 0 ? "No answer: " + answer.failure + "." : "The service answered " + status_of(answer) + ".";
    come_back_ = answer.wait;
    if (answer.wait && *answer.wait > how_.patience)
      why_ += " It says to wait for " + std::to_string(std::chrono::ceil<std::chrono::seconds>(*answer.wait).count()) + " s.";
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
      "A call was answered with " + status_of(answer) +
          (answer.wait ? ", and a Retry-After of " + std::to_string(std::chrono::ceil<std::chrono::seconds>(*answer.wait).count()) + " s."
                       : ".")));
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

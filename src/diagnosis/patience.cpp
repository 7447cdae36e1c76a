#include "diagnosis/patience.hpp"

#include <utility>

#include <convoke/key.hpp>

#include "core/saturating.hpp"
#include "diagnosis/assess.hpp"

namespace convoke::diagnosis {
namespace {

constexpr std::chrono::milliseconds between_calls{100};
constexpr std::chrono::seconds without_retry_after{2}, beyond_retry_after{1};  // a second more: never early
constexpr unsigned most_failures = 2;
constexpr std::chrono::seconds soon{5}, around_requests{5};

}  // namespace

// ---- reads

lane_reads::lane_reads(std::vector<std::string> organizers, std::chrono::milliseconds patience)
    : organizers_(std::move(organizers)), patience_(patience) {
  if (!organizers_.empty()) next_ = first_call(std::chrono::nanoseconds(0));
}

const read_seen* lane_reads::take(read_seen met) {
  const bool looked_up = next_->what == call::kind::look_up;
  met.organizer = organizers_[seen_.size()];
  met.look_up = looked_up;
  if (looked_up && !met.object_id.empty()) {
    object_id_ = std::move(met.object_id);
    next_ = call{.what = call::kind::read, .user = object_id_, .wait = between_calls};
    return nullptr;
  }
  met.object_id = object_id_;
  const bool throttled = meaning_of(met) == read_meaning::throttled;
  if (const auto wait = throttled ? wait_after(met) : std::nullopt) {
    patience_ -= *wait;
    next_->wait = *wait;
    waited_ = true;
    return nullptr;
  }
  met.waited = std::exchange(waited_, false);
  failures_ = met.failure.empty() ? 0 : failures_ + 1;
  object_id_.clear();
  seen_.push_back(std::move(met));
  next_.reset();
  if (!unread().empty() && !ends_the_reads(seen_.back())) next_ = first_call(between_calls);
  return &seen_.back();
}

std::optional<std::chrono::nanoseconds> lane_reads::wait_after(const read_seen& throttled) const noexcept {
  // In whole seconds, and before anything is added: the service may ask for any time.
  if (throttled.retry_after && *throttled.retry_after > std::chrono::ceil<std::chrono::seconds>(patience_)) return std::nullopt;
  const std::chrono::nanoseconds wait = throttled.retry_after ? *throttled.retry_after + beyond_retry_after : without_retry_after;
  return wait > patience_ ? std::nullopt : std::optional(wait);
}

lane_reads::call lane_reads::first_call(std::chrono::nanoseconds wait) const {
  const auto& who = organizers_[seen_.size()];
  return {.what = parse_guid(who) ? call::kind::read : call::kind::look_up, .user = who, .wait = wait};
}

bool lane_reads::ends_the_reads(const read_seen& last) const {
  const auto meaning = meaning_of(last);
  return meaning == read_meaning::throttled || meaning == read_meaning::token_refused || failures_ == most_failures;
}

// ---- the token

token_wait::token_wait(std::chrono::milliseconds attempt_timeout) noexcept : two_requests_(2 * attempt_timeout + around_requests) {}

void token_wait::begin(mono_time now) noexcept {
  until_ = core::after(now, two_requests_);
  failed_ = false;
}

void token_wait::asked_to_sign_in(std::chrono::seconds valid_for, mono_time now) noexcept {
  until_ = core::after(core::after(now, valid_for), two_requests_);
}

bool token_wait::goes_on_after_failure(bool fatal, std::optional<mono_time> again, mono_time now) noexcept {
  const bool before = std::exchange(failed_, true);
  return !fatal && !before && again && *again - now <= soon;
}

}  // namespace convoke::diagnosis

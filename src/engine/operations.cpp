#include "engine/operations.hpp"

#include "core/chat_thread.hpp"

namespace convoke::engine {

namespace {

bool includes_differences(update_rule rule) noexcept {
  return rule == update_rule::if_different || rule == update_rule::both;
}

bool owes_update(update_rule rule, const answer& a) noexcept {
  // Options are part of what is wanted, and createOrGet takes none: they are set whatever is to be done about other differences.
  if (!a.to_set.empty()) return true;
  switch (rule) {
    case update_rule::never:
      return false;
    case update_rule::if_different:
      return core::any_can_be_updated(a.drift);
    case update_rule::always:
      return !a.settled;
    case update_rule::both:
      return !a.settled || core::any_can_be_updated(a.drift);
  }
  return false;
}

outcome of_create_or_get(const answer& a) noexcept {
  // A meeting that was made just now is `created` whatever the answer shows.
  if (a.status == 201) return outcome::created;
  return a.drift.empty() ? outcome::existing : outcome::drifted;
}

// A difference is repaired by an update where the rule says so. What has expired is made again: whether an update revives it is not
// documented, and after an update it would still have to be asked for.
step after_get(update_rule rule, const answer& a, bool repairs) noexcept {
  const bool expired = shows_expiry(a);
  if (repairs && expired) return {operation::create_or_get};
  if (repairs && core::any_can_be_updated(a.drift) && includes_differences(rule)) return {operation::update};
  return {std::nullopt, a.drift.empty() && !expired ? outcome::unchanged : outcome::drifted};
}

}  // namespace

bool shows_expiry(const answer& a) noexcept {
  return a.stored && a.stored->expires_at && *a.stored->expires_at <= a.finished_at;
}

step after_success(operation done, update_rule rule, const answer& a, bool repairs) noexcept {
  switch (done) {
    case operation::create_or_get:
      if (owes_update(rule, a)) return {operation::update};
      return {std::nullopt, of_create_or_get(a)};
    case operation::update:
      return {std::nullopt, a.drift.empty() ? outcome::updated : outcome::drifted};
    case operation::get:
      return after_get(rule, a, repairs);
    case operation::remove:
      return {std::nullopt, outcome::removed};
  }
  return {};
}

step after_gone(operation done, bool recreated, bool repairs) noexcept {
  switch (done) {
    case operation::update:
      if (!recreated) return {operation::create_or_get};
      return {};
    case operation::get:
      if (repairs) return {operation::create_or_get};
      return {std::nullopt, outcome::lost};
    case operation::remove:
      return {std::nullopt, outcome::removed};
    case operation::create_or_get:
      break;
  }
  return {};
}

}  // namespace convoke::engine

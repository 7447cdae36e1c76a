#include "engine/operations.hpp"

#include "core/chat_thread.hpp"

namespace convoke::engine {

namespace {

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

}  // namespace

step after_success(operation done, update_rule rule, const answer& a) noexcept {
  switch (done) {
    case operation::create_or_get:
      if (owes_update(rule, a)) return {operation::update};
      return {std::nullopt, of_create_or_get(a)};
    case operation::update:
      return {std::nullopt, a.drift.empty() ? outcome::updated : outcome::drifted};
    case operation::get:
      return {std::nullopt, a.drift.empty() ? outcome::unchanged : outcome::drifted};
    case operation::remove:
      return {std::nullopt, outcome::removed};
  }
  return {};
}

step after_gone(operation done, bool recreated) noexcept {
  switch (done) {
    case operation::update:
      if (!recreated) return {operation::create_or_get};
      return {};
    case operation::get:
      return {std::nullopt, outcome::lost};
    case operation::remove:
      return {std::nullopt, outcome::removed};
    case operation::create_or_get:
      break;
  }
  return {};
}

}  // namespace convoke::engine

#include "engine/operations.hpp"

#include <algorithm>

#include "core/chat_thread.hpp"

namespace convoke::engine {

namespace {

// Whether the meeting differs in a field that an update can correct. One that differs in others alone would get an update in every run.
bool can_be_corrected(const answer& a) noexcept {
  return std::ranges::any_of(a.drift, [](const std::string& field) { return core::can_be_updated(field); });
}

bool owes_update(update_rule rule, const answer& a) noexcept {
  // Options are part of what is wanted, and createOrGet takes none: they are set whatever is to be done about other differences.
  if (!a.to_set.empty()) return true;
  switch (rule) {
    case update_rule::never:
      return false;
    case update_rule::if_different:
      return can_be_corrected(a);
    case update_rule::always:
      return !a.settled;
    case update_rule::both:
      return !a.settled || can_be_corrected(a);
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

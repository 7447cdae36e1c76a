#include <convoke/operation.hpp>
#include <convoke/outcome.hpp>
#include <convoke/run_kind.hpp>

#include <array>
#include <utility>

namespace convoke {

namespace {

constexpr std::array<std::pair<outcome, std::string_view>, 10> words{{
    {outcome::created, "created"},
    {outcome::existing, "existing"},
    {outcome::drifted, "drifted"},
    {outcome::updated, "updated"},
    {outcome::unchanged, "unchanged"},
    {outcome::failed, "failed"},
    {outcome::rejected, "rejected"},
    {outcome::superseded, "superseded"},
    {outcome::lost, "lost"},
    {outcome::removed, "removed"},
}};

}  // namespace

std::string_view to_string(operation o) noexcept {
  switch (o) {
    case operation::create_or_get:
      return "createOrGet";
    case operation::update:
      return "update";
    case operation::get:
      return "get";
    case operation::remove:
      return "remove";
  }
  return "unknown";
}

std::string_view to_string(run_kind k) noexcept {
  switch (k) {
    case run_kind::provision:
      return "provision";
    case run_kind::verify:
      return "verify";
    case run_kind::remove:
      return "remove";
  }
  return "unknown";
}

std::string_view to_string(outcome o) noexcept {
  for (const auto& [value, word] : words) {
    if (value == o) return word;
  }
  return "unknown";
}

std::optional<outcome> parse_outcome(std::string_view word) noexcept {
  for (const auto& [value, known] : words) {
    if (known == word) return value;
  }
  return std::nullopt;
}

bool satisfied(outcome o, bool drift_fails) noexcept {
  switch (o) {
    case outcome::created:
    case outcome::existing:
    case outcome::updated:
    case outcome::unchanged:
    case outcome::removed:
      return true;
    case outcome::drifted:
      return !drift_fails;
    case outcome::failed:
    case outcome::rejected:
    case outcome::superseded:
    case outcome::lost:
      return false;
  }
  return false;
}

}  // namespace convoke

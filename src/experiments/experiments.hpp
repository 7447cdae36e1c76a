#pragma once

// The experiments of `convoke probe` as data: what each asks, which calls it makes, what they cost, and which finding follows from the
// answers. Pure: an experiment is a function of the answers so far, so it can be replayed, and it knows no time and no network.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/time.hpp>

#include "experiments/seen.hpp"

namespace convoke::experiments {

// The answer to one question.
struct finding {
  std::string name;         // of all_questions()
  std::string value{};      // empty: it could not be settled
  std::string unsettled{};  // why
  std::string evidence{};   // what was seen, without ids, links and names

  friend bool operator==(const finding&, const finding&) = default;
};

struct question {
  std::string_view name, text;
  // What the value of its finding can be, for people: words with ", " between them, of which can_be() knows what the general ones
  // mean. Empty: it is never settled.
  std::string_view values;
};
// In the order in which findings are shown.
[[nodiscard]] std::span<const question> all_questions() noexcept;
[[nodiscard]] const question* find_question(std::string_view name) noexcept;
// Whether an experiment can settle the question with this value.
[[nodiscard]] bool can_be(const question& asked, std::string_view value) noexcept;

// For whom, and with which names.
struct setting_of_experiment {
  std::string run;        // letters and digits: of this probe, so that no key was ever used before
  unsigned attempt = 1;   // of this experiment, for the same reason
  std::string organizer;  // object id, lower case
  std::string attendee;   // UPN; empty: none
  utc_time start{};       // of the meetings
  // What a meeting of this probe shows that was made without these members; empty: not known.
  std::string usual_presenters{}, usual_chat{};
};

// The next call, or the findings with which the experiment is over.
struct next_step {
  std::optional<call> make{};
  std::vector<finding> found{};
};

struct experiment {
  std::string_view name;
  std::span<const std::string_view> questions;
  unsigned most_calls;  // with the removal of what it made
  // `so_far` has no inconclusive answer.
  next_step (*next)(const setting_of_experiment& how, std::span<const exchange> so_far);
};
// In the order in which they are made.
[[nodiscard]] std::span<const experiment> all_experiments() noexcept;

// What no experiment can settle: findings that are always the same.
[[nodiscard]] std::vector<finding> never_settled();

// The body of a createOrGet with this id, a subject and one hour from `start`. `more`: further members, with a comma before them.
[[nodiscard]] std::string meeting_body(std::string_view external_id, std::string_view subject, utc_time start, std::string_view more = {});

// No longer external id is tried, and none that convoke itself would never send has to be longer (128).
inline constexpr std::size_t longest_tried = 256, shortest_tried = 33;

}  // namespace convoke::experiments

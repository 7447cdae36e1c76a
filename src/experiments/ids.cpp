// Experiments with external ids: their length, their letter case, their characters.

#include <algorithm>
#include <utility>

#include "experiments/common.hpp"

namespace convoke::experiments {

// One key, and the same in capital letters.
next_step next_of_letter_case(const setting_of_experiment& how, std::span<const exchange> so_far) {
  constexpr std::string_view name = "letter_case";
  if (so_far.empty()) return {.make = make(key_of(how, "case", 'a'), how)};
  const auto& first = so_far[0].answer();
  if (failed(first)) return none_of(asked_by_letter_case, why_failed(first));
  if (so_far.size() == 1) {
    auto other = so_far[0].made.external_id;
    std::ranges::transform(other, other.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return {.make = make(std::move(other), how)};
  }
  const auto& second = so_far[1].answer();
  const auto evidence = "createOrGet answered " + status_of(first) + ", and with the same id in capital letters " + status_of(second);
  if (!second.success()) return {.found = {settled(name, "refused", evidence + ".")}};
  if (second.id.empty()) return none_of(asked_by_letter_case, "The second createOrGet answered without a meeting id.");
  const bool same = first.id == second.id;
  return {.found = {
              settled(name, same ? "ignored" : "counts", evidence + (same ? " with the same meeting id." : " with another meeting id."))}};
}

namespace {

// It was taken as it is: not refused, and not cut.
bool taken_whole(const exchange& e) {
  const auto& answer = e.answer();
  return answer.success() && answer.external_id == e.made.external_id;
}

std::string id_of_length(const setting_of_experiment& how, std::size_t length) {
  // The length comes first: ids that the service cuts must not become one key.
  auto id = "cp-" + how.run + "-" + std::to_string(how.attempt) + "-" + std::to_string(length) + "-";
  id.resize(std::max(length, id.size()), 'x');
  return id;
}

}  // namespace

// 128 bytes, the most that convoke sends; then 256; then by bisection.
next_step next_of_length(const setting_of_experiment& how, std::span<const exchange> so_far) {
  constexpr std::string_view name = "longest_external_id";
  constexpr std::size_t first_tried = 128;
  std::size_t good = shortest_tried - 1, bad = longest_tried + 1;
  const exchange* refused = nullptr;
  for (const auto& one : so_far) {
    const auto length = one.made.external_id.size();
    if (one.answer().success() && !one.answer().external_id)
      return none_of(asked_by_length, "createOrGet took an id of " + std::to_string(length) +
                                          " bytes, but its answer does not show it: it may have been cut.");
    if (taken_whole(one)) {
      good = std::max(good, length);
    } else if (length < bad) {
      bad = length;
      refused = &one;
    }
  }
  const auto tries = [&](std::size_t length) { return next_step{.make = make(id_of_length(how, length), how)}; };
  if (so_far.empty()) return tries(first_tried);
  if (good >= longest_tried)
    return {.found = {settled(name, "at least " + std::to_string(longest_tried),
                              "An id of " + std::to_string(good) + " bytes was taken; longer ones were not tried.")}};
  if (refused == nullptr) return tries(longest_tried);
  if (bad - good > 1) return tries(good + (bad - good) / 2);
  const auto evidence = "An id of " + std::to_string(bad) + " bytes was " +
                        (refused->answer().success() ? "cut" : "answered with " + status_of(refused->answer()));
  if (good < shortest_tried) return none_of(asked_by_length, evidence + ", and no shorter one was tried.");
  return {.found = {settled(name, std::to_string(good), evidence + ", one of " + std::to_string(good) + " bytes was taken.")}};
}

namespace {

finding of_characters(std::string_view name, const exchange& e) {
  const auto& answer = e.answer();
  const auto& sent = e.made.external_id;
  if (!answer.success()) return settled(name, "refused", "createOrGet with such an id answered " + status_of(answer) + ".");
  if (!answer.external_id) return unsettled(name, "createOrGet took the id, but its answer does not show it.");
  if (answer.id.empty()) return unsettled(name, "createOrGet with such an id answered without a meeting id.");
  if (*answer.external_id == sent) return settled(name, "kept", "The answer showed the id as it was sent.");
  const auto begin = sent.find_first_not_of(' ');
  const bool trimmed = sent.substr(begin, sent.find_last_not_of(' ') - begin + 1) == *answer.external_id;
  return settled(name, trimmed ? "trimmed" : "changed",
                 std::string("The answer showed the id ") + (trimmed ? "without the blanks at its ends." : "in another form."));
}

}  // namespace

next_step next_of_characters(const setting_of_experiment& how, std::span<const exchange> so_far) {
  next_step out;
  switch (so_far.size()) {
    case 0:
      return {.make = make(key_of(how, "letters", 'a') + " b", how)};
    case 1:
      return {.make = make(" " + key_of(how, "letters", 'c') + " ", how)};
    case 2:
      return {.make = make(key_of(how, "letters", 'd') + "\xC3\xA9", how)};
    default:
      break;
  }
  for (std::size_t i = 0; i < std::size(asked_by_characters); ++i) out.found.push_back(of_characters(asked_by_characters[i], so_far[i]));
  return out;
}

}  // namespace convoke::experiments

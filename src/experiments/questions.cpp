#include <algorithm>

#include "experiments/experiments.hpp"

namespace convoke::experiments {
namespace {

constexpr question questions[] = {
    {"new_status", "Which status does createOrGet have where it makes the meeting?", "201, 200, …"},
    {"found_status", "Which status does createOrGet have where the meeting is there?", "200, 201, …"},
    {"repeat_changes", "Does a second createOrGet with another subject and other times change the meeting?",
     "nothing, subject, times, both, refused, new meeting"},
    {"expiry_shown", "Do answers show when the meeting expires (expiryDateTime)?", "yes, no"},
    {"join_information_shown", "Do answers show the text of the invitation (joinInformation)?", "yes, no"},
    {"patch_answer", "Does a PATCH answer with the meeting?", "meeting, nothing"},
    {"deleted_key", "What does createOrGet do with the key of a deleted meeting?", "new, restored, refused"},
    {"letter_case", "Are external ids that differ only in the case of letters two keys?", "counts, ignored, refused"},
    {"longest_external_id", "How many bytes may an external id have?", "a number, at least 256"},
    {"simultaneous", "How many meetings do two simultaneous createOrGet calls with one key make?", "one, two, refused"},
    {"role_presenter", "Does createOrGet keep the role presenter?", "kept, lost, refused"},
    {"role_coorganizer", "Does createOrGet keep the role coorganizer?", "kept, lost, refused"},
    {"options_kept", "Does createOrGet keep members that only PATCH is documented for (allowedPresenters, allowMeetingChat)?",
     "yes, partly, no, refused"},
    {"batch", "Does createOrGet work in a $batch?", "yes, no, refused"},
    {"inner_blanks", "Can an external id have a blank inside?", "kept, changed, refused"},
    {"outer_blanks", "What becomes of blanks at the ends of an external id?", "kept, trimmed, changed, refused"},
    {"other_letters", "Can an external id have letters that are not ASCII?", "kept, changed, refused"},
    {"unknown_meeting", "Which status does a GET have whose meeting id names another organizer and no meeting?", "404, 403, 400, …"},
    {"throttle", "Which form does the Retry-After of a throttled answer have?", "integer, decimal, date, joined, other, absent"},
    {"expired_key", "What does createOrGet do with the key of an expired meeting?", "never settled"},
};

}  // namespace

std::span<const question> all_questions() noexcept {
  return questions;
}

const question* find_question(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(questions, name, &question::name);
  return found == std::end(questions) ? nullptr : found;
}

std::vector<finding> never_settled() {
  return {{.name = "expired_key",
           .unsettled =
               "A meeting expires 60 days after its end at the earliest, and a probe ends within minutes. Make a meeting that ends "
               "today, and call createOrGet with its external id in 61 days."}};
}

}  // namespace convoke::experiments

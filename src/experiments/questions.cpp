#include <algorithm>

#include "experiments/experiments.hpp"

namespace convoke::experiments {
namespace {

constexpr question questions[] = {
    {"new_status", "Which status does createOrGet have where it makes the meeting?", "201, 200, another 2xx"},
    {"found_status", "Which status does createOrGet have where the meeting is there?", "200, 201, another 2xx"},
    {"repeat_changes", "Does a second createOrGet with another subject and other times change the meeting?",
     "nothing, subject, times, both, refused, new meeting"},
    {"expiry_shown", "Do answers show when the meeting expires (expiryDateTime)?", "yes, no"},
    {"join_information_shown", "Do answers show the text of the invitation (joinInformation)?", "yes, no"},
    {"patch_answer", "Does a PATCH answer with the meeting?", "meeting, nothing"},
    {"deleted_key", "What does createOrGet do with the key of a deleted meeting?", "new, restored, refused"},
    {"letter_case", "Are external ids that differ only in the case of letters two keys?", "counts, ignored, refused"},
    {"longest_external_id", "How many bytes may an external id have?", "a number (33 to 255), at least 256"},
    {"simultaneous", "How many meetings do two simultaneous createOrGet calls with one key make?", "one, two, refused"},
    {"role_presenter", "Does createOrGet keep the role presenter?", "kept, lost, refused"},
    {"role_coorganizer", "Does createOrGet keep the role coorganizer?", "kept, lost, refused"},
    {"options_kept", "Does createOrGet keep members that only PATCH is documented for (allowedPresenters, allowMeetingChat)?",
     "yes, partly, no, refused"},
    {"batch", "Does createOrGet work in a $batch?", "yes, no, refused"},
    {"inner_blanks", "Can an external id have a blank inside?", "kept, changed, refused"},
    {"outer_blanks", "What becomes of blanks at the ends of an external id?", "kept, trimmed, changed, refused"},
    {"other_letters", "Can an external id have letters that are not ASCII?", "kept, changed, refused"},
    {"unknown_meeting", "Which status does a GET have whose meeting id names another organizer and no meeting?",
     "404, 403, 400, another status"},
    {"throttle", "Which form does the Retry-After of a throttled answer have?", "integer, decimal, date, joined, other, absent"},
    {"expired_key", "What does createOrGet do with the key of an expired meeting?", ""},
};

}  // namespace

std::span<const question> all_questions() noexcept {
  return questions;
}

const question* find_question(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(questions, name, &question::name);
  return found == std::end(questions) ? nullptr : found;
}

namespace {

std::size_t number_in(std::string_view text) noexcept {
  if (text.size() != 3 && text.size() != 2) return 0;
  std::size_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    out = 10 * out + static_cast<std::size_t>(c - '0');
  }
  return text.front() == '0' ? 0 : out;
}

bool is_one(std::string_view allowed, std::string_view value) noexcept {
  const auto number = number_in(value);
  const bool success = number >= 200 && number < 300;
  if (allowed == "another 2xx") return success;
  if (allowed == "another status") return success || (number >= 400 && number < 500) || number == 501;
  if (allowed.starts_with("a number")) return number >= shortest_tried && number < longest_tried;
  return allowed == value;
}

}  // namespace

bool can_be(const question& asked, std::string_view value) noexcept {
  constexpr std::string_view between = ", ";
  for (auto rest = asked.values; !rest.empty();) {
    const auto end = rest.find(between);
    if (is_one(rest.substr(0, end), value)) return true;
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + between.size());
  }
  return false;
}

std::vector<finding> never_settled() {
  return {{.name = "expired_key",
           .unsettled =
               "A meeting expires 60 days after its end at the earliest, and a probe ends within minutes. Make a meeting that ends "
               "today, and call createOrGet with its external id in 61 days."}};
}

}  // namespace convoke::experiments

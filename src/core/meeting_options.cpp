#include "core/meeting_options.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <convoke/key.hpp>

#include "core/json_string.hpp"
#include "core/text.hpp"

namespace convoke::core {

namespace {

using enum option_kind;

constexpr std::string_view on_off = "enabled disabled";

constexpr std::array options{
    meeting_option{1, "allowAttendeeToEnableCamera", boolean},
    meeting_option{2, "allowAttendeeToEnableMic", boolean},
    meeting_option{3, "allowBreakoutRooms", boolean},
    meeting_option{4, "allowCopyingAndSharingMeetingContent", boolean},
    meeting_option{5, "allowLiveShare", word, on_off},
    meeting_option{6, "allowMeetingChat", word, "enabled disabled limited"},
    meeting_option{7, "allowPowerPointSharing", boolean},
    meeting_option{8, "allowRecording", boolean},
    meeting_option{9, "allowTeamworkReactions", boolean},
    meeting_option{10, "allowTranscription", boolean},
    meeting_option{11, "allowWhiteboard", boolean},
    meeting_option{12, "allowedLobbyAdmitters", word, "organizerAndCoOrganizersAndPresenters organizerAndCoOrganizers"},
    meeting_option{13, "allowedPresenters", word, "everyone organization roleIsPresenter organizer"},
    meeting_option{14, "anonymizeIdentityForRoles", words, "attendee", true},
    meeting_option{15, "isEndToEndEncryptionEnabled", boolean},
    meeting_option{16, "isEntryExitAnnounced", boolean},
    meeting_option{17, "lobbyBypassSettings.isDialInBypassEnabled", boolean},
    meeting_option{18, "lobbyBypassSettings.scope", word,
                   "organizer organization organizationAndFederated everyone invited organizationExcludingGuests"},
    meeting_option{19, "meetingSpokenLanguageTag", language},
    meeting_option{20, "recordAutomatically", boolean},
    meeting_option{21, "sensitivityLabelAssignment.sensitivityLabelId", guid},
    meeting_option{22, "watermarkProtection.isEnabledForContentSharing", boolean},
    meeting_option{23, "watermarkProtection.isEnabledForVideo", boolean},
};

constexpr std::string_view passcode =
    "cannot be chosen: the service makes the passcode and the join id when it makes the meeting, and nothing changes them";
constexpr std::string_view not_patchable = "cannot be set: the service takes it neither from createOrGet nor from PATCH";
constexpr std::string_view by_template = "cannot be set: a template belongs to a meeting from its creation on, and createOrGet takes none";
constexpr std::string_view read_only = "cannot be set: only the service writes it";

constexpr std::array refused{
    refused_option{"allowParticipantsToChangeName", not_patchable},
    refused_option{"chatRestrictions", not_patchable},
    refused_option{"endDateTime", "has a column of its own: end"},
    refused_option{"expiryDateTime", read_only},
    refused_option{"externalId", "has a column of its own: external_id"},
    refused_option{"joinMeetingIdSettings", passcode},
    refused_option{"joinWebUrl", read_only},
    refused_option{"meetingOptionsWebUrl", read_only},
    refused_option{"meetingTemplateId", by_template},
    refused_option{"meetingType", read_only},
    refused_option{"participants", "has a column of its own: attendees"},
    refused_option{"passcode", passcode},
    refused_option{"shareMeetingChatHistoryDefault", not_patchable},
    refused_option{"startDateTime", "has a column of its own: start"},
    refused_option{"subject", "has a column of its own: subject"},
    refused_option{"template", by_template},
};

std::string shown(std::string_view name) {
  return "'" + escape_for_people(name, 60) + "'";
}

// The first word of `words`, which is taken from it.
std::string_view next_word(std::string_view& words) noexcept {
  const auto end = std::min(words.find(' '), words.size());
  const auto word = words.substr(0, end);
  words.remove_prefix(std::min(end + 1, words.size()));
  return word;
}

std::optional<std::string_view> word_of(std::string_view words, std::string_view text) noexcept {
  while (!words.empty()) {
    const auto one = next_word(words);
    if (equal_ignoring_case(one, text)) return one;
  }
  return std::nullopt;
}

std::optional<std::string> truth(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "1"})
    if (equal_ignoring_case(text, yes)) return "true";
  for (const std::string_view no : {"false", "no", "0"})
    if (equal_ignoring_case(text, no)) return "false";
  return std::nullopt;
}

// The words of a list, which are separated by `;`, `,` or blanks.
std::optional<std::string> word_list(std::string_view words, std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(";, "), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const auto word = word_of(words, part);
    if (!word) return std::nullopt;
    found.push_back(*word);
  }
  if (found.empty()) return std::nullopt;
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  std::string out;
  for (const auto word : found) out.append(out.empty() ? "" : ";").append(word);
  return out;
}

// RFC 5646, 2.1 and 2.1.1: the shape of a tag, and the usual case of its parts.
std::optional<std::string> language_tag(std::string_view text) {
  constexpr std::size_t longest_tag = 35, longest_part = 8;
  if (text.size() > longest_tag) return std::nullopt;
  std::string out;
  for (std::size_t begin = 0, number = 0; begin <= text.size(); ++number) {
    const auto end = std::min(text.find('-', begin), text.size());
    std::string part = to_lower(text.substr(begin, end - begin));
    const bool letters = std::ranges::all_of(part, ascii_letter);
    const bool sound =
        !part.empty() && part.size() <= longest_part && std::ranges::all_of(part, [](char c) { return ascii_letter(c) || ascii_digit(c); });
    if (!sound || (number == 0 && (!letters || part.size() < 2))) return std::nullopt;
    const auto upper = [](char c) { return static_cast<char>(c - 'a' + 'A'); };
    if (number > 0 && letters && part.size() == 2) std::ranges::transform(part, part.begin(), upper);
    if (number > 0 && letters && part.size() == 4) part.front() = upper(part.front());
    out.append(number == 0 ? "" : "-").append(part);
    begin = end + 1;
  }
  return out;
}

std::optional<std::string> read_value(const meeting_option& option, std::string_view text) {
  switch (option.kind) {
    case boolean:
      return truth(text);
    case word:
      if (const auto found = word_of(option.values, text)) return std::string(*found);
      return std::nullopt;
    case words:
      return word_list(option.values, text);
    case language:
      return language_tag(text);
    case guid:
      return parse_guid(text);
  }
  return std::nullopt;
}

// The word that is probably meant, as a question.
std::string is_meant(const meeting_option& option, std::string_view text) {
  std::vector<std::string_view> words;
  for (auto rest = option.values; !rest.empty();) words.push_back(next_word(rest));
  const auto near = nearest(text, words);
  return near ? "; is '" + std::string(*near) + "' meant?" : std::string();
}

// True where `folded` is the folded `name`, or a part of it.
bool names(std::string_view folded, std::string_view name) {
  const auto whole = fold_name(name);
  return folded.starts_with(whole) && (folded.size() == whole.size() || folded[whole.size()] == '.');
}

// `lobbyBypassSettings` names no value, but an object with parts that are options.
std::string parts_of(std::string_view folded) {
  std::string out;
  for (const auto& one : options) {
    const auto dot = one.name.find('.');
    if (dot == std::string_view::npos || fold_name(one.name.substr(0, dot)) != folded) continue;
    out.append(out.empty() ? "" : " or ").append(option_field).append(one.name);
  }
  return out;
}

}  // namespace

std::span<const meeting_option> meeting_options() noexcept {
  return options;
}

std::span<const refused_option> refused_options() noexcept {
  return refused;
}

const meeting_option* option_numbered(std::uint8_t number) noexcept {
  const auto* const found = std::ranges::find(options, number, &meeting_option::number);
  return found == options.end() ? nullptr : found;
}

const meeting_option* option_at(std::string_view path) noexcept {
  const auto* const found = std::ranges::find(options, path, &meeting_option::name);
  return found == options.end() ? nullptr : found;
}

std::expected<const meeting_option*, std::string> option_named(std::string_view written) {
  const auto folded = fold_name(trim(written));
  for (const auto& one : options)
    if (fold_name(one.name) == folded) return &one;
  for (const auto& one : refused)
    if (names(folded, one.name)) return std::unexpected("the option " + shown(written) + " " + std::string(one.reason));
  if (const auto parts = parts_of(folded); !parts.empty())
    return std::unexpected("the option " + shown(written) + " has parts, each with a value of its own: write " + parts);
  std::vector<std::string_view> candidates;
  for (const auto& one : options) candidates.push_back(one.name);
  for (const auto& one : options) {
    // The part of a name behind its dot is how people remember it.
    const auto dot = one.name.find('.');
    if (dot != std::string_view::npos && fold_name(one.name.substr(dot + 1)) == folded)
      return std::unexpected("there is no option " + shown(written) + "; is '" + std::string(one.name) + "' meant?");
  }
  const auto near = nearest(folded, candidates);
  return std::unexpected("there is no option " + shown(written) +
                         (near ? "; is '" + std::string(*near) + "' meant?" : std::string("; `convoke check --options` lists them")));
}

std::expected<std::string, std::string> canonical_value(const meeting_option& option, std::string_view text) {
  auto value = read_value(option, trim(text));
  if (value) return *std::move(value);
  return std::unexpected("is no value of the option " + std::string(option.name) + ", which takes " + values_text(option) +
                         is_meant(option, trim(text)));
}

std::string values_text(const meeting_option& option) {
  switch (option.kind) {
    case boolean:
      return "true or false";
    case language:
      return "a language tag such as en-US";
    case guid:
      return "a GUID";
    case word:
    case words:
      break;
  }
  std::string out;
  for (auto rest = option.values; !rest.empty();) {
    const auto one = next_word(rest);
    out.append(out.empty() ? "" : rest.empty() ? " or " : ", ").append(one);
  }
  return out;
}

void append_option_json(std::string& out, const meeting_option& option, std::string_view value) {
  if (option.kind == boolean) {
    out += value;
  } else if (option.kind != words) {
    append_json_string(out, value);
  } else {
    out += '[';
    for (bool first = true; !value.empty(); first = false) {
      if (!first) out += ',';
      const auto end = std::min(value.find(';'), value.size());
      append_json_string(out, value.substr(0, end));
      value.remove_prefix(std::min(end + 1, value.size()));
    }
    out += ']';
  }
}

}  // namespace convoke::core

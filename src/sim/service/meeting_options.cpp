#include "sim/service/meeting_options.hpp"

#include <algorithm>
#include <array>

namespace convoke::sim {
namespace {

using enum option_kind;

constexpr std::string_view on_off = "enabled disabled";
constexpr std::array options = {
    meeting_option{"allowAttendeeToEnableCamera", "", boolean, "", "true"},
    meeting_option{"allowAttendeeToEnableMic", "", boolean, "", "true"},
    meeting_option{"allowBreakoutRooms", "", boolean, "", ""},
    meeting_option{"allowCopyingAndSharingMeetingContent", "", boolean, "", ""},
    meeting_option{"allowedLobbyAdmitters", "", word, "organizerAndCoOrganizersAndPresenters organizerAndCoOrganizers", ""},
    meeting_option{"allowedPresenters", "", word, "everyone organization roleIsPresenter organizer", R"("everyone")"},
    meeting_option{"allowLiveShare", "", word, on_off, ""},
    meeting_option{"allowMeetingChat", "", word, "enabled disabled limited", R"("enabled")"},
    meeting_option{"allowPowerPointSharing", "", boolean, "", ""},
    meeting_option{"allowRecording", "", boolean, "", "true"},
    meeting_option{"allowTeamworkReactions", "", boolean, "", "true"},
    meeting_option{"allowTranscription", "", boolean, "", "true"},
    meeting_option{"allowWhiteboard", "", boolean, "", ""},
    meeting_option{"anonymizeIdentityForRoles", "", words, "attendee", ""},
    meeting_option{"isEndToEndEncryptionEnabled", "", boolean, "", ""},
    meeting_option{"isEntryExitAnnounced", "", boolean, "", "false"},
    meeting_option{"lobbyBypassSettings", "scope", word,
                   "organizer organization organizationAndFederated everyone invited organizationExcludingGuests", R"("organization")"},
    meeting_option{"lobbyBypassSettings", "isDialInBypassEnabled", boolean, "", "false"},
    meeting_option{"meetingSpokenLanguageTag", "", text, "", ""},
    meeting_option{"recordAutomatically", "", boolean, "", "false"},
    meeting_option{"sensitivityLabelAssignment", "sensitivityLabelId", guid, "", ""},
    meeting_option{"watermarkProtection", "isEnabledForContentSharing", boolean, "", ""},
    meeting_option{"watermarkProtection", "isEnabledForVideo", boolean, "", ""},
};

constexpr std::array<std::string_view, 17> fixed = {"id",
                                                    "externalId",
                                                    "creationDateTime",
                                                    "expiryDateTime",
                                                    "joinUrl",
                                                    "joinWebUrl",
                                                    "meetingCode",
                                                    "joinMeetingIdSettings",
                                                    "joinInformation",
                                                    "audioConferencing",
                                                    "chatInfo",
                                                    "chatRestrictions",
                                                    "allowParticipantsToChangeName",
                                                    "meetingTemplateId",
                                                    "meetingType",
                                                    "shareMeetingChatHistoryDefault",
                                                    "videoTeleconferenceId"};

std::size_t end_of_member(std::size_t from) noexcept {
  auto end = from + 1;
  while (end < options.size() && options[end].member == options[from].member) ++end;
  return end;
}

std::string_view shown(std::size_t at, const option_values& set) {
  const auto found = set.find(static_cast<std::uint8_t>(at));
  return found == set.end() ? options[at].unset : std::string_view(found->second);
}

void append_parts(std::string& out, std::size_t from, std::size_t to, const option_values& set) {
  out += '{';
  for (auto i = from; i < to; ++i) {
    out += i == from ? "\"" : ",\"";
    out += options[i].part;
    out += "\":";
    const auto value = shown(i, set);
    out += value.empty() ? "null" : value;
  }
  out += '}';
}

}  // namespace

std::span<const meeting_option> meeting_options() noexcept {
  return options;
}

std::size_t find_option(std::string_view member) noexcept {
  return static_cast<std::size_t>(std::ranges::find(options, member, &meeting_option::member) - options.begin());
}

bool is_fixed(std::string_view member) noexcept {
  return std::ranges::find(fixed, member) != fixed.end();
}

void append_options(std::string& out, const option_values& set, bool only_set) {
  for (std::size_t i = 0, end = 0; i < options.size(); i = end) {
    end = end_of_member(i);
    bool any_set = false, any_shown = false;
    for (auto j = i; j < end; ++j) {
      any_set |= set.contains(static_cast<std::uint8_t>(j));
      any_shown |= !shown(j, set).empty();
    }
    if (only_set ? !any_set : !any_shown) continue;
    out += '"';
    out += options[i].member;
    out += "\":";
    if (options[i].part.empty()) {
      out += shown(i, set);
    } else {
      append_parts(out, i, end, set);
    }
    out += ',';
  }
}

}  // namespace convoke::sim

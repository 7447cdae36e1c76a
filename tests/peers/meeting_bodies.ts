// The types of the bodies that convoke sends, by Microsoft's types of Graph's objects.
import type { NullableOption, OnlineMeeting, OnlineMeetingRole } from "@microsoft/microsoft-graph-types";

// The parameters of the action createOrGet. Microsoft's package has no types of actions; the members are those of the object.
export interface CreateOrGetParameters
  extends Pick<OnlineMeeting, "startDateTime" | "endDateTime" | "subject" | "participants" | "chatInfo"> {
  externalId: string;
}

// What PATCH changes, as the page of onlineMeeting: update lists it.
export type MeetingChanges = Partial<
  Pick<
    OnlineMeeting,
    | "subject"
    | "startDateTime"
    | "endDateTime"
    | "participants"
    | "allowAttendeeToEnableCamera"
    | "allowAttendeeToEnableMic"
    | "allowBreakoutRooms"
    | "allowCopyingAndSharingMeetingContent"
    | "allowLiveShare"
    | "allowMeetingChat"
    | "allowPowerPointSharing"
    | "allowRecording"
    | "allowTeamworkReactions"
    | "allowTranscription"
    | "allowWhiteboard"
    | "allowedLobbyAdmitters"
    | "allowedPresenters"
    | "isEndToEndEncryptionEnabled"
    | "isEntryExitAnnounced"
    | "lobbyBypassSettings"
    | "recordAutomatically"
    | "watermarkProtection"
  >
> & {
  // The page has these too; @microsoft/microsoft-graph-types 2.43.1 does not, so their types are not Microsoft's.
  anonymizeIdentityForRoles?: NullableOption<OnlineMeetingRole[]>;
  meetingSpokenLanguageTag?: NullableOption<string>;
  sensitivityLabelAssignment?: NullableOption<{ sensitivityLabelId?: NullableOption<string> }>;
};

#pragma once

/// \file
/// One wanted meeting.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/time.hpp>

namespace convoke {

/// The onlineMeetingRole of an attendee. `none`: no role is sent, and none is compared.
enum class attendee_role : std::uint8_t { none, attendee, presenter, coorganizer };

/// How a person is named.
enum class attendee_id : std::uint8_t { upn, object_id };

/// One invited person. `value` is a UPN or an Entra object id, in lower case.
struct attendee {
  attendee_id kind = attendee_id::upn;
  std::string value;
  attendee_role role = attendee_role::none;

  friend auto operator<=>(const attendee&, const attendee&) = default;
};

/// An option of a meeting, which createOrGet cannot set and PATCH can, and its value.
struct option_value {
  std::uint8_t option = 0;  ///< its number in convoke's table of options
  std::string value;        ///< in the one form of that table: `true`, `roleIsPresenter`, `en-US`

  friend auto operator<=>(const option_value&, const option_value&) = default;
};

/// The value of an option for rows whose cell of it is empty, and for inputs without a column of it.
struct option_default {
  std::string name;   ///< as in a header, without `option.`: `allowedPresenters`, `lobbyBypassSettings.scope`
  std::string value;  ///< as in a cell; `-`: none, although a farther default gives one
};

/// One wanted meeting, normalised: everything that a request depends on, and nothing else.
struct meeting_spec {
  std::string organizer;               ///< Entra object id, lower case
  std::string external_id;             ///< in the form in which the key was first sent, else as the row has it; see valid_external_id
  std::optional<std::string> subject;  ///< UTF-8; absent: neither sent nor compared
  utc_time start{};                    ///< whole seconds
  utc_time end{};                      ///< whole seconds, after start
  std::vector<attendee> attendees;     ///< sorted by (kind, value), no value twice
  /// The roles of attendees are a part of what is wanted, and `allowedPresenters` is to be `roleIsPresenter`, without which Graph does not
  /// honour them (Graph's page of meetingParticipantInfo). Set only where an attendee has a role.
  bool keep_roles = false;
  std::vector<option_value> options{};  ///< sorted by option, none twice; what is not named is neither set nor compared
  /// The chat of the channel that the meeting belongs to (`19:...@thread.tacv2`). Such a meeting is made by Graph's beta endpoint. Empty:
  /// it has a chat of its own, which is neither sent nor compared.
  std::string chat_thread_id{};

  friend bool operator==(const meeting_spec&, const meeting_spec&) = default;
};

/// The normalised payload: a compact, versioned, self-delimiting byte string. Equal specs give equal bytes. The ledger stores these bytes,
/// hashes are made of them, and requests are built from them, so a plan does not change while it is carried out.
[[nodiscard]] std::string encode_spec(const meeting_spec& s);

/// The inverse of `encode_spec`. errc::storage for bytes that no version of encode_spec made.
[[nodiscard]] result<meeting_spec> decode_spec(std::string_view bytes);

/// True where an attendee has a role.
[[nodiscard]] bool has_roles(const meeting_spec& s) noexcept;

/// `attendee`, `presenter`, `coorganizer`; empty for none.
[[nodiscard]] std::string_view to_string(attendee_role role) noexcept;

}  // namespace convoke

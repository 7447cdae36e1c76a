#pragma once

// What Microsoft does not document about createOrGet, one setting for each question. `convoke probe` settles them on a real tenant, and
// `simulate --as FILE` takes over what it found. The first word of each is the default.

#include <cstdint>

namespace convoke::sim {

enum class repeat_effect : std::uint8_t { nothing, subject, times, both };      // of createOrGet with the key of a meeting
enum class patch_reply : std::uint8_t { meeting, nothing };                     // of a PATCH: 200 with the meeting, or 204
enum class deleted_key : std::uint8_t { make_new, restored, refused };          // createOrGet with the key of a deleted meeting
enum class letter_case : std::uint8_t { counts, ignored };                      // in external ids
enum class simultaneous_calls : std::uint8_t { one, two };                      // meetings that two calls with one new key make
enum class id_blanks : std::uint8_t { kept, trimmed, refused };                 // at the ends of external ids
enum class id_characters : std::uint8_t { kept, refused };                      // in external ids
enum class unknown_meeting : std::uint8_t { not_found, forbidden, malformed };  // the id in the path is of no meeting of the organizer

struct open_questions {
  int new_status = 201, found_status = 200;  // of createOrGet: 200 or 201
  repeat_effect repeat = repeat_effect::nothing;
  patch_reply patch = patch_reply::meeting;
  deleted_key deleted = deleted_key::make_new;
  std::uint32_t longest_external_id = 0;  // in bytes; 0: any length
  letter_case case_of_ids = letter_case::counts;
  id_blanks outer_blanks = id_blanks::kept;
  id_characters inner_blanks = id_characters::kept, other_letters = id_characters::kept;  // other: not ASCII
  bool presenters_kept = true, coorganizers_kept = true;                                  // as roles that createOrGet sends
  bool options_kept = false;  // of createOrGet: members that otherwise only PATCH sets
  simultaneous_calls simultaneous = simultaneous_calls::one;
  unknown_meeting unknown = unknown_meeting::not_found;
  bool shows_expiry = true, shows_invitation = true;  // expiryDateTime and joinInformation
};

}  // namespace convoke::sim

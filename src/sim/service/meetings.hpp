#pragma once

// The meetings that the service holds, and what it has counted about each key.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <convoke/operation.hpp>
#include <convoke/time.hpp>

#include "sim/service/meeting_options.hpp"

namespace convoke::sim {

// One number for each operation.
class per_operation {
 public:
  [[nodiscard]] std::uint32_t& operator[](operation o) noexcept { return count_[static_cast<std::size_t>(o) - 1]; }
  [[nodiscard]] std::uint32_t operator[](operation o) const noexcept { return count_[static_cast<std::size_t>(o) - 1]; }
  [[nodiscard]] std::uint32_t total() const noexcept { return count_[0] + count_[1] + count_[2] + count_[3]; }

 private:
  std::array<std::uint32_t, 4> count_{};
};

// The meeting that the body of a createOrGet describes.
struct wanted_meeting {
  std::string external_id;
  bool has_subject = false;
  std::string subject;
  utc_time start{}, end{};
  // One invited person per line: `u` or `i` (UPN or object id), the value, TAB, the role as sent (perhaps empty), LF.
  std::string people;
  std::string channel;  // chatInfo.threadId, empty: none
};

// What the body of a PATCH changes. Members that it does not name stay as they are.
struct meeting_changes {
  bool subject_given = false, has_subject = false;  // given without a subject: null, which clears it
  std::string subject;
  bool times_given = false;
  utc_time start{}, end{};
  bool people_given = false;
  std::string people;  // all of them, as in wanted_meeting
  option_values options;

  void clear();
};

// What is kept about a key. A million of them have to fit into memory: the answer is rendered from this each time.
struct key_record {
  std::uint32_t creates = 0, gets = 0;  // createOrGet calls that made the meeting, and that found it
  std::uint32_t updates = 0;            // PATCH calls that changed it
  per_operation calls;                  // calls that reached the key
  std::uint16_t in_flight = 0, most_in_flight = 0;
  bool has_subject = false, deleted = false, duplicated = false;
  std::uint64_t serial = 0;  // makes the meeting's ids
  utc_time start{}, end{}, made{};
  utc_time extended{};  // when an update extended the meeting last, see expiry.hpp
  std::string text;     // the subject, then the people
  std::uint32_t subject_size = 0;
  std::unique_ptr<option_values> options;  // null while no option was set
  std::unique_ptr<std::string> channel;    // the thread of a channel meeting; null for every other meeting
  // The external id as it was first written, where the key has another form of it; null: the key has it.
  std::unique_ptr<const std::string> written;

  [[nodiscard]] bool exists() const noexcept { return creates > 0 && !deleted; }
  [[nodiscard]] std::string_view subject() const noexcept { return std::string_view(text).substr(0, subject_size); }
  [[nodiscard]] std::string_view people() const noexcept { return std::string_view(text).substr(subject_size); }
};

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};
template <class Value>
using text_map = std::unordered_map<std::string, Value, text_hash, std::equal_to<>>;

class meeting_store {
 public:
  using entry = text_map<key_record>::value_type;  // stays where it is for the store's life

  // The entry of a key, made when it is new. `organizer` is a GUID in lower case; external ids are compared byte by byte.
  entry& at(std::string_view organizer, std::string_view external_id);
  // The same for a key in another form than `written`, which answers show.
  entry& at(std::string_view organizer, std::string_view form, std::string_view written);
  // The entry of the second meeting that two simultaneous calls made of one key; null where there is none, and `make` is false.
  [[nodiscard]] entry* duplicate_of(entry& e, bool make);
  // The entry whose meeting has this id, also after the meeting was deleted; null where no meeting of this organizer ever had it. Where a
  // key was made more than once only its latest meeting is known.
  [[nodiscard]] entry* find(std::string_view organizer, std::string_view id);

  // Stores what is wanted under the key, as a new meeting.
  void create(entry& e, const wanted_meeting& wanted, std::uint64_t serial, utc_time now);
  // Changes the meeting of `e`, which exists.
  void update(entry& e, const meeting_changes& changes);
  // Deletes the meeting of `e`, which exists. The key stays known: what Graph does with it then is not documented, see open_questions.hpp.
  void remove(entry& e);
  // The meeting of `e`, which was deleted, is there again.
  void restore(entry& e);
  // Sets options of a meeting that was just made.
  void set_options(entry& e, const option_values& options);
  // There is no key. Entries that are in flight stay where they are until the next clear() that finds them at rest.
  void clear();

  [[nodiscard]] static std::string_view organizer_of(const entry& e) noexcept {
    return std::string_view(e.first).substr(0, organizer_size);
  }
  [[nodiscard]] static std::string_view external_id_of(const entry& e) noexcept {
    return e.second.written ? std::string_view(*e.second.written) : std::string_view(e.first).substr(organizer_size);
  }

  [[nodiscard]] const text_map<key_record>& all() const noexcept { return keys_; }
  [[nodiscard]] std::uint64_t meetings() const noexcept { return meetings_; }      // that exist, duplicates too
  [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }  // keys that were made again while their meeting existed

 private:
  static constexpr std::size_t organizer_size = 36;
  text_map<key_record> keys_;
  std::unordered_multimap<std::string, key_record, text_hash, std::equal_to<>> retired_;  // in flight at a clear()
  std::unordered_map<std::uint64_t, entry*> by_handle_;  // hash of the GUID in the meeting's id, or of the whole id of a channel meeting
  std::string scratch_;
  std::uint64_t meetings_ = 0, duplicates_ = 0;
};

// The GUID in the ids of the meeting with this serial number.
[[nodiscard]] std::string meeting_guid(std::uint64_t serial);
// The id of the meeting of `e`: base64 of `1*{organizer}*0**19:meeting_{base64 of the GUID}@thread.v2`, and of a channel meeting
// `1*{organizer}*{message id}**{thread of the channel}`.
[[nodiscard]] std::string meeting_id(const meeting_store::entry& e);
// `19:meeting_…@thread.v2`
[[nodiscard]] std::string thread_id(std::string_view guid);
// The thread of the meeting of `e`, and its message in it: `0` where the thread is the meeting's own.
[[nodiscard]] std::string thread_of(const meeting_store::entry& e);
[[nodiscard]] std::string message_id(const key_record& of);

}  // namespace convoke::sim

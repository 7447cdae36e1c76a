#pragma once

// The meetings the service holds, and what it remembers about each key.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <convoke/time.hpp>

namespace convoke::sim {

// What a createOrGet asks for, read from its body.
struct wanted_meeting {
  std::string external_id;
  bool has_subject = false;
  std::string subject;
  utc_time start{}, end{};
  // One invited person per line: `u` or `i` (UPN or object id), the value, TAB, the role as sent (perhaps empty), LF.
  std::string people;
};

// What is kept about a key. A million of them have to fit memory: the answer is rendered from this each time.
struct key_record {
  std::uint32_t creates = 0, gets = 0, calls = 0;
  std::uint16_t in_flight = 0, most_in_flight = 0;
  bool has_subject = false;
  std::uint64_t serial = 0;  // makes the meeting's ids
  utc_time start{}, end{}, made{};
  std::string text;  // the subject, then the people
  std::uint32_t subject_size = 0;

  [[nodiscard]] bool exists() const noexcept { return creates > 0; }
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

  // The entry of a key, made when it is new. `organizer` is a GUID in lower case; external ids are told apart byte by byte.
  entry& at(std::string_view organizer, std::string_view external_id);
  // Stores what is wanted under the key, as a new meeting.
  void create(entry& e, const wanted_meeting& wanted, std::uint64_t serial, utc_time now);

  [[nodiscard]] static std::string_view organizer_of(const entry& e) noexcept {
    return std::string_view(e.first).substr(0, organizer_size);
  }
  [[nodiscard]] static std::string_view external_id_of(const entry& e) noexcept { return std::string_view(e.first).substr(organizer_size); }

  [[nodiscard]] const text_map<key_record>& all() const noexcept { return keys_; }
  [[nodiscard]] std::uint64_t meetings() const noexcept { return meetings_; }
  [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }  // keys that were made more than once

 private:
  static constexpr std::size_t organizer_size = 36;
  text_map<key_record> keys_;
  std::string scratch_;
  std::uint64_t meetings_ = 0, duplicates_ = 0;
};

}  // namespace convoke::sim

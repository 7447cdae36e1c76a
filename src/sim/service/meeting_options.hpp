#pragma once

// The members of an onlineMeeting that createOrGet cannot set and PATCH can: their names, the values they take, and what an answer shows.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace convoke::sim {

enum class option_kind : std::uint8_t {
  boolean,
  word,   // one of `values`
  words,  // an array of words of `values`; a word that was set once stays
  text,   // any string
  guid,
};

struct meeting_option {
  std::string_view member;  // of the meeting
  std::string_view part;    // of that member, where it is an object; empty where it is a value
  option_kind kind;
  std::string_view values;  // word, words: what it takes, a blank between
  std::string_view unset;   // JSON that an answer shows while it was never set; empty: the member is absent (parts: null)
};

// All of them. The parts of one member follow each other.
[[nodiscard]] std::span<const meeting_option> meeting_options() noexcept;
// The index in meeting_options() of a member without parts, or of the first part of one that has some; size() where there is none.
[[nodiscard]] std::size_t find_option(std::string_view member) noexcept;
// True where the members of Graph's onlineMeeting include this one and PATCH cannot change it.
[[nodiscard]] bool is_fixed(std::string_view member) noexcept;

// What was set: the index in meeting_options(), and the value as JSON.
using option_values = std::map<std::uint8_t, std::string>;

// Appends the members, each with a comma after it: all of them, or (`only_set`) those of which something was set.
void append_options(std::string& out, const option_values& set, bool only_set);

}  // namespace convoke::sim

#include "engine/weight.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>

namespace convoke::engine {

namespace {

std::size_t bytes(const std::string& text) noexcept {
  return text.capacity();
}
std::size_t bytes(const std::optional<std::string>& text) noexcept {
  return text ? bytes(*text) : 0;
}

std::size_t bytes(const meeting& m) noexcept {
  std::size_t sum = bytes(m.id) + bytes(m.join_web_url) + bytes(m.external_id) + bytes(m.join_meeting_id) + bytes(m.passcode) +
                    bytes(m.dial_in_number) + bytes(m.conference_id) + bytes(m.options_url) + bytes(m.subject) + bytes(m.chat_thread_id);
  for (const auto& one : m.options) sum += sizeof one + bytes(one.value);
  if (!m.attendees) return sum;
  for (const auto& a : *m.attendees) sum += sizeof a + bytes(a.upn) + bytes(a.object_id);
  return sum;
}

}  // namespace

std::uint32_t weight_of(const answer& a) noexcept {
  std::size_t sum = sizeof a + bytes(a.retry_after_text) + bytes(a.throttle_scope) + bytes(a.error_code) + bytes(a.error_message) +
                    bytes(a.request_id) + bytes(a.client_request_id);
  for (const auto* fields : {&a.drift, &a.to_set})
    for (const auto& field : *fields) sum += sizeof field + bytes(field);
  if (a.stored) sum += bytes(*a.stored);
  return static_cast<std::uint32_t>(std::min<std::size_t>(sum, std::numeric_limits<std::uint32_t>::max()));
}

void keep_words_only(answer& a) noexcept {
  a.stored.reset();
  a.drift = {};
  a.to_set = {};
  a.throttle_scope = {};
  a.retry_after_text = {};
}

}  // namespace convoke::engine

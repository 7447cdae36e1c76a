#include "core/chat_thread.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace convoke::core {

namespace {

constexpr std::string_view beginning = "19:";
constexpr std::array<std::string_view, 3> endings{"@thread.tacv2", "@thread.v2", "@thread.skype"};

// `std::isalnum` depends on the locale.
constexpr bool may_stand_inside(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':' || c == '.' ||
         c == '=';
}

}  // namespace

const char* why_no_chat_thread(std::string_view text) noexcept {
  if (text.size() > longest_chat_thread) return "is longer than 256 characters";
  // A link to a channel has its id percent-encoded.
  if (find_ignoring_case(text, "%3a") != std::string_view::npos || text.contains("%40"))
    return "is percent-encoded, as in a link: write : for %3A and @ for %40";
  if (!text.starts_with(beginning)) return "is no id of a channel's chat: it begins with 19:";
  const auto* const ending = std::ranges::find_if(endings, [text](std::string_view one) { return text.ends_with(one); });
  if (ending == endings.end()) return "is no id of a channel's chat: it ends with @thread.tacv2 (also @thread.v2 or @thread.skype)";
  if (text.size() <= beginning.size() + ending->size()) return "has nothing between 19: and @thread";
  const auto inside = text.substr(beginning.size(), text.size() - beginning.size() - ending->size());
  if (!std::ranges::all_of(inside, may_stand_inside)) return "has characters that no such id has: only ASCII letters, digits and - _ : . =";
  return nullptr;
}

bool any_can_be_updated(std::span<const std::string> fields) noexcept {
  return std::ranges::any_of(fields, [](const std::string& field) { return can_be_updated(field); });
}

}  // namespace convoke::core

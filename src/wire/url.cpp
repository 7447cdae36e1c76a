#include <algorithm>
#include <expected>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <convoke/key.hpp>

#include "core/percent.hpp"
#include "core/text.hpp"
#include "wire/wire.hpp"

namespace convoke::wire {

namespace {

constexpr std::string_view users = "/users/", me = "/me", meetings = "/onlineMeetings/";

constexpr std::string_view path_of(api_version version) noexcept {
  return version == api_version::beta ? "/beta" : "/v1.0";
}

// Input is checked when it is read. Any other organizer that comes here is a bug, and must not reach a request line.
std::string checked_organizer(std::string_view organizer) {
  auto guid = parse_guid(organizer);
  if (!guid) throw std::invalid_argument("the organizer of a request is not an object id");
  return *std::move(guid);
}

std::string meetings_of(std::string_view organizer, addressing how, api_version version = api_version::v1_0) {
  const auto user = checked_organizer(organizer);
  std::string out(path_of(version));
  out.reserve(out.size() + users.size() + user.size() + meetings.size() + 16);
  if (how == addressing::as_me) return out.append(me).append(meetings);
  return out.append(users).append(user).append(meetings);
}

// True where a part of `id` between slashes is `.` or `..`: a server that decodes `%2F` before it splits the path would take the request
// for one about another resource.
bool has_dot_segment(std::string_view id) noexcept {
  for (;;) {
    const auto end = id.find_first_of("/\\");
    const auto segment = id.substr(0, end);
    if (segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) return false;
    id.remove_prefix(end + 1);
  }
}

}  // namespace

std::string create_or_get_path(std::string_view organizer, addressing how, api_version version) {
  constexpr std::string_view action = "createOrGet";
  auto out = meetings_of(organizer, how, version);
  return out.append(action);
}

std::string harmless_read_path(std::string_view organizer, addressing how) {
  auto out = meetings_of(organizer, how);
  out.pop_back();
  return out.append("?$filter=joinMeetingIdSettings/joinMeetingId%20eq%20'000000000000'");
}

std::expected<std::string, std::string> meeting_path(std::string_view organizer, std::string_view id, addressing how) {
  auto out = meetings_of(organizer, how);
  if (id.empty()) return std::unexpected("the meeting id is empty");
  if (id.size() > text_limits::id) return std::unexpected("the meeting id is longer than " + std::to_string(text_limits::id) + " bytes");
  const bool visible = std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7F; });
  if (!visible || id.contains('%')) return std::unexpected("the meeting id has characters that no id of Graph has");
  if (has_dot_segment(id)) return std::unexpected("the meeting id holds a relative path");
  if (const auto named = organizer_in_id(id); !named.empty() && !core::equal_ignoring_case(named, organizer))
    return std::unexpected("the meeting id is for another organizer: it names " + named);
  core::append_percent_encoded(out, id);
  return out;
}

}  // namespace convoke::wire

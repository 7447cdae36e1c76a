#include "sim/service/directory.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "sim/service/random_source.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string directory::id_of(std::string_view upn) {
  constexpr std::uint64_t salt = 0x7573657273;
  return random_source(hash_of(lower(upn), salt)).guid();
}

void directory::set(std::string_view upn, std::optional<std::string_view> id) {
  auto name = lower(upn);
  if (const auto before = find(name)) names_.erase(before->id);
  if (!id) {
    ids_[name].clear();
    return;
  }
  auto wanted = lower(*id);
  // The name that the user had until now.
  if (const auto before = names_.find(wanted); before != names_.end()) ids_[before->second].clear();
  names_[wanted] = name;
  ids_[std::move(name)] = std::move(wanted);
}

std::optional<directory::user> directory::find(std::string_view name) const {
  auto key = lower(name);
  if (is_guid(key)) {
    const auto known = names_.find(key);
    if (known != names_.end()) return user{known->second, key};
    return everyone_ ? std::optional(user{{}, std::move(key)}) : std::nullopt;
  }
  if (const auto known = ids_.find(key); known != ids_.end())
    return known->second.empty() ? std::nullopt : std::optional(user{key, known->second});
  if (!everyone_ || key.find('@') == std::string::npos) return std::nullopt;
  auto id = id_of(key);
  return user{std::move(key), std::move(id)};
}

bool read_users(std::string_view text, std::vector<directory::user>& into, std::string& why) {
  for (unsigned line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto one = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty() || one.front() == '#') continue;
    const auto comma = one.find(',');
    const auto upn = trimmed(one.substr(0, comma)),
               id = comma == std::string_view::npos ? std::string_view() : trimmed(one.substr(comma + 1));
    if (line == 1 && same_ignoring_case(upn, "upn")) continue;
    if (upn.find('@') == std::string_view::npos || !is_guid(id)) {
      why = fmt::format("line {} is not UPN,OBJECT-ID", line);
      return false;
    }
    into.push_back({lower(upn), lower(id)});
  }
  return true;
}

}  // namespace convoke::sim

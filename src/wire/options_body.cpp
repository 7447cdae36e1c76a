#include "wire/options_body.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/meeting_options.hpp"

namespace convoke::wire {

namespace {

// The member that an option is, or is a part of, and the part; an empty one where the option is a member.
std::pair<std::string_view, std::string_view> member_and_part(const core::meeting_option& option) noexcept {
  const auto dot = option.name.find('.');
  if (dot == std::string_view::npos) return {option.name, {}};
  return {option.name.substr(0, dot), option.name.substr(dot + 1)};
}

void append_name(std::string& out, std::string_view name) {
  out.append(1, '"').append(name).append("\":");
}

}  // namespace

std::vector<option_value> options_named_in(std::span<const std::string> changed, std::span<const option_value> wanted) {
  std::vector<option_value> out;
  for (const option_value& one : wanted) {
    const auto* const known = core::option_numbered(one.option);
    const auto is_it = [&](std::string_view field) {
      return field.starts_with(core::option_field) && field.substr(core::option_field.size()) == known->name;
    };
    if (known != nullptr && std::ranges::any_of(changed, is_it)) out.push_back(one);
  }
  return out;
}

void append_options(std::string& out, std::span<const option_value> options) {
  // The parts of one member follow each other, because the options are in the order of their numbers.
  std::string_view open;
  for (const option_value& one : options) {
    const auto* const known = core::option_numbered(one.option);
    if (known == nullptr) continue;
    const auto [member, part] = member_and_part(*known);
    if (!open.empty() && member != open) {
      out.back() = '}';
      out += ',';
      open = {};
    }
    if (part.empty()) {
      append_name(out, member);
    } else {
      if (open.empty()) {
        append_name(out, member);
        out += '{';
        open = member;
      }
      append_name(out, part);
    }
    core::append_option_json(out, *known, one.value);
    out += ',';
  }
  if (!open.empty()) {
    out.back() = '}';
    out += ',';
  }
}

}  // namespace convoke::wire

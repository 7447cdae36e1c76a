#include "cli/lists.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/text.hpp"
#include "spec/column_names.hpp"

namespace convoke::cli {
namespace {

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find_first_of(separators);
    if (const auto value = core::trim(text.substr(0, end)); !value.empty()) out.emplace_back(value);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

struct role_and_header {
  std::string_view role, header;
};
role_and_header parts_of(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {.role = {}, .header = core::trim(text)};
  return {.role = core::trim(text.substr(0, equals)), .header = core::trim(text.substr(equals + 1))};
}

bool is_role(std::string_view name) {
  return spec::role_named(core::fold_name(name)) <= spec::column_role::option;
}

// Equal for all names of a role.
std::string same_for_role(std::string_view name) {
  auto folded = core::fold_name(name);
  const auto role = spec::role_named(folded);
  return role < spec::column_role::option ? std::string(spec::name_of(role)) : folded;
}

std::string all_roles() {
  std::string out;
  for (std::size_t i = 0; i <= spec::single_roles; ++i) {
    const auto role = static_cast<spec::column_role>(i);
    out += (out.empty() ? "" : ", ") + std::string(role == spec::column_role::option ? "option.NAME" : spec::name_of(role));
  }
  return out;
}

std::string remedy_for(const role_and_header& parts) {
  const auto near = core::nearest(parts.role, spec::role_names());
  // `Ende=end` is the wrong way round, `subjec=title` is not.
  if (is_role(parts.header) && (!near || core::fold_name(*near) == core::fold_name(parts.header)))
    return fmt::format("Write the role first: {}={}.", parts.header, core::escape_for_people(parts.role, 60));
  return near ? fmt::format("Did you mean '{}'?", *near) : fmt::format("The roles are {}.", all_roles());
}

}  // namespace

std::vector<std::string> values_of_flag(std::string_view text) {
  auto out = split(text, "\n");
  if (out.empty()) out.emplace_back();  // an empty value is refused where it is used
  return out;
}

std::vector<std::string> values_of_variable(std::string_view text) {
  return split(text, text.contains('\n') ? "\r\n" : ";");
}

result<column_role_choice> parse_column(const setting& from) {
  const auto parts = parts_of(from.text);
  if (parts.role.empty() || parts.header.empty())
    return fail(errc::usage, fmt::format("{}: '{}' needs the form ROLE=HEADER, such as start=Beginn.", from.named(),
                                         core::escape_for_people(from.text)));
  if (!is_role(parts.role))
    return fail(errc::usage, fmt::format("{}: there is no role '{}' of columns. {}", from.named(), core::escape_for_people(parts.role, 60),
                                         remedy_for(parts)));
  return column_role_choice{.role = std::string(parts.role), .header = std::string(parts.header)};
}

std::vector<setting>& values_for(list_values& lists, std::string_view name) {
  return name == "column" ? lists.column : name == "carry" ? lists.carry : lists.organizer;
}

void add_farther(list_values& nearer, const list_values& farther) {
  if (nearer.organizer.empty()) nearer.organizer = farther.organizer;
  std::vector<std::string> roles, headers;
  for (const auto& one : nearer.column) {
    const auto parts = parts_of(one.text);
    roles.push_back(same_for_role(parts.role));
    headers.push_back(core::fold_name(parts.header));
  }
  for (const auto& one : nearer.carry) headers.push_back(core::fold_name(one.text));
  const auto has = [](const std::vector<std::string>& list, const std::string& one) { return std::ranges::find(list, one) != list.end(); };
  for (const auto& one : farther.column) {
    const auto parts = parts_of(one.text);
    if (!has(roles, same_for_role(parts.role)) && !has(headers, core::fold_name(parts.header))) nearer.column.push_back(one);
  }
  for (const auto& one : farther.carry)
    if (!has(headers, core::fold_name(one.text))) nearer.carry.push_back(one);
}

}  // namespace convoke::cli

#include "sim/service/behaviour_json.hpp"

#include <algorithm>
#include <optional>

#include <boost/json.hpp>

#include "sim/service/settings.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace json = boost::json;

std::optional<std::string> joined(const json::array& list) {
  std::string out;
  for (const auto& one : list) {
    if (!one.is_string() || one.get_string().empty() || one.get_string().find(',') != json::string::npos) return std::nullopt;
    if (!out.empty()) out += ',';
    out += std::string_view(one.get_string());
  }
  return out.empty() ? "none" : out;
}

// The text that the setting takes; nullopt where it takes no such value.
std::optional<std::string> text_of(const setting& of, const json::value& value) {
  if (of.form == value_form::document) return json::serialize(value);
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  if (value.is_number()) return json::serialize(value);
  if (value.is_array() && of.form == value_form::list) return joined(value.get_array());
  return std::nullopt;
}

void append_list(std::string& out, std::string_view text) {
  out += '[';
  for (bool first = true; !text.empty(); first = false) {
    const auto end = std::min(text.find(','), text.size());
    append_json_string(out += first ? "" : ",", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += ']';
}

void append_value(std::string& out, const setting& one, const std::string& text) {
  switch (one.form) {
    case value_form::number:
    case value_form::document:
      out += text;
      return;
    case value_form::yes_no:
      out += text == "yes" ? "true" : "false";
      return;
    case value_form::list:
      if (text == "all") return append_json_string(out, text);
      return append_list(out, text == "none" ? std::string_view() : std::string_view(text));
    case value_form::text:
      return append_json_string(out, text);
  }
}

// Why the member cannot be set; empty: it is.
std::string set_member(behaviour& to, std::string_view name, const json::value& value) {
  const auto* const known = find_setting(name);
  if (known != nullptr) {
    const auto text = text_of(*known, value);
    if (!text) return std::string(known->name) + ": a value of this type cannot be set";
    const auto set = apply_setting(to, name, *text);
    return set ? std::string() : set.error().message;
  }
  return apply_setting(to, name, {}).error().message;
}

}  // namespace

std::string behaviour_json(const behaviour& of) {
  std::string out = "{";
  for (const auto& one : settings()) {
    if (!one.get) continue;
    append_json_string(out += out.size() == 1 ? "" : ",", one.name);
    append_value(out += ':', one, one.get(of));
  }
  return out + "}";
}

result<behaviour> changed_by_json(const behaviour& from, std::string_view object) {
  boost::system::error_code wrong;
  const auto parsed = json::parse({object.data(), object.size()}, wrong);
  if (wrong || !parsed.is_object()) return fail(errc::usage, "the body is not a JSON object of settings");
  auto made = from;
  std::string why;
  for (const auto& [name, value] : parsed.get_object()) {
    if (name == "tenant") continue;
    const auto problem = set_member(made, {name.data(), name.size()}, value);
    if (!problem.empty()) why += (why.empty() ? "" : "; ") + problem;
  }
  if (!why.empty()) return fail(errc::usage, why);
  if (const auto good = check_settings(made); !good) return std::unexpected(good.error());
  return made;
}

}  // namespace convoke::sim

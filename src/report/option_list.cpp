#include "report/option_list.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "core/meeting_options.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

std::string_view kind_word(core::option_kind kind) noexcept {
  switch (kind) {
    case core::option_kind::boolean:
      return "boolean";
    case core::option_kind::word:
      return "word";
    case core::option_kind::words:
      return "words";
    case core::option_kind::language:
      return "language";
    case core::option_kind::guid:
      return "guid";
  }
  return {};
}

json::array words_of(std::string_view text) {
  json::array out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string option_list_text() {
  std::string out =
      "Options of meetings. A column option.NAME sets one for each row, and a line NAME = \"VALUE\" in the table [options] of the "
      "configuration sets it for all.\n";
  for (const auto& one : core::meeting_options())
    out += fmt::format("  {:<53} {}{}\n", one.name, core::values_text(one), one.lasting ? " (cannot be taken back)" : "");
  out += "These are no options:\n";
  for (const auto& one : core::refused_options()) out += fmt::format("  {:<53} {}\n", one.name, one.reason);
  return out;
}

std::string option_list_json() {
  json::array options, refused;
  for (const auto& one : core::meeting_options()) {
    json::object o{{"name", one.name}, {"kind", kind_word(one.kind)}, {"lasting", one.lasting}};
    o["values"] = one.kind == core::option_kind::boolean ? json::array{"true", "false"} : words_of(one.values);
    options.push_back(std::move(o));
  }
  for (const auto& one : core::refused_options()) refused.push_back(json::object{{"name", one.name}, {"reason", one.reason}});
  return json::serialize(json::object{{"options", std::move(options)}, {"refused", std::move(refused)}}) + "\n";
}

}  // namespace convoke::report

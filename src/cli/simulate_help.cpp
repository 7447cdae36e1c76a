#include "cli/simulate_help.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/server/switches.hpp"
#include "sim/service/settings.hpp"

namespace convoke::cli {
namespace {

constexpr std::size_t width = 100;

// The sentence in lines of at most `width` columns, each after six blanks.
void append_wrapped(std::string& out, std::string_view text) {
  constexpr std::string_view margin = "      ";
  std::size_t column = 0;  // 0: no line has begun
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (column == 0 || column + 1 + word.size() > width) {
      out += column == 0 ? "" : "\n";
      out += margin;
      column = margin.size();
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

void append_topic(std::string& out, const sim::setting_topic& topic) {
  out += fmt::format("\n{} (--help {})\n", topic.title, topic.name);
  for (const auto& f : sim::flags()) {
    if (f.topic != topic.name) continue;
    out += fmt::format("  {}{}{}\n", f.name, f.value.empty() ? "" : " ", f.value);
    append_wrapped(out, f.help);
  }
}

}  // namespace

std::string simulate_help(std::string_view topic) {
  std::string out =
      "A local Graph to rehearse against, and to test other programs against.\n\nUsage: convoke simulate [SWITCHES]\n"
      "       convoke simulate --help TOPIC\n\nTimes are such as 250ms, 2s, 5min, 1h. docs/simulator.md has examples, the control "
      "endpoints and scenario files.\n";
  bool any = false;
  for (const auto& one : sim::setting_topics()) {
    if (!topic.empty() && one.name != topic) continue;
    any = true;
    append_topic(out, one);
  }
  return any ? out : std::string();
}

std::string simulate_topics() {
  std::string out;
  for (const auto& one : sim::setting_topics()) out.append(out.empty() ? "" : ", ").append(one.name);
  return out;
}

}  // namespace convoke::cli

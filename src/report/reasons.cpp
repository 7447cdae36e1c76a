#include "report/reasons.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <convoke/outcome.hpp>

#include "core/text.hpp"
#include "report/json_text.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

constexpr std::size_t most_in_text = 5;  // more lines would move the counts off the screen

// `403 Forbidden: No application access policy found`: what is known of the answer or of the row.
std::string what_happened(const failure_reason& why) {
  std::string out;
  if (why.http_status != 0) out = std::to_string(why.http_status);
  if (!why.code.empty()) out += fmt::format("{}{}", out.empty() ? "" : " ", core::escape_for_people(why.code, 80));
  if (!why.message.empty()) out += fmt::format("{}{}", out.empty() ? "" : ": ", core::escape_for_people(why.message, 300));
  return out;
}

std::string example(const failure_reason& why) {
  // A meeting that the input lacks has no line.
  auto out = why.line == 0 ? std::string() : fmt::format("line {}", why.line);
  if (!why.external_id.empty()) out += fmt::format("{}{}", out.empty() ? "" : ", ", core::escape_for_people(why.external_id, 128));
  if (!why.organizer.empty()) out += fmt::format(" of {}", core::escape_for_people(why.organizer, 128));
  return out;
}

// What Microsoft's support asks for: `; request id 1f…, 2026-09-01T08:00:00Z`.
std::string answer_of(const failure_reason& why) {
  if (why.request_id.empty()) return {};
  auto out = fmt::format("; request id {}", core::escape_for_people(why.request_id, 100));
  if (why.answered_at) out += fmt::format(", {}", format_utc(std::chrono::floor<std::chrono::seconds>(*why.answered_at)));
  return out;
}

}  // namespace

std::string reasons_text(std::span<const failure_reason> reasons) {
  if (reasons.empty()) return {};
  std::string out = "Why rows have no meeting as wanted:\n";
  const auto shown = reasons.first(std::min(reasons.size(), most_in_text));
  for (const auto& why : shown) {
    const auto what = what_happened(why);
    const auto where = why.tenant.empty() ? std::string() : fmt::format(" of tenant {}", core::escape_for_people(why.tenant));
    out += fmt::format("  {}{} {}{}{}\n", count_of(why.rows, "row", "rows"), where, to_string(why.result), what.empty() ? "" : ": ", what);
    out += fmt::format("    {}: {}{}\n", why.rows == 1 ? "It is" : "The first is", example(why), answer_of(why));
    const bool said = std::ranges::any_of(shown.first(static_cast<std::size_t>(&why - shown.data())), [&](const failure_reason& earlier) {
      return earlier.remedy == why.remedy && earlier.lane == why.lane;
    });
    if (why.remedy.empty()) continue;
    out += said ? "    What to do: as above.\n" : fmt::format("    What to do: {}\n", why.remedy);
    if (!said && why.fixed_by.ends_with("administrator")) out += fmt::format("    Who can do it: the {}.\n", why.fixed_by);
    if (!said)
      for (const auto& command : why.commands) out += fmt::format("      {}\n", command);
  }
  if (reasons.size() > shown.size())
    out += fmt::format("  {}: `-o json` lists {}.\n", count_of(reasons.size() - shown.size(), "more reason", "more reasons"),
                       form(reasons.size() - shown.size(), "it", "them"));
  return out;
}

boost::json::array reasons_json(std::span<const failure_reason> reasons) {
  boost::json::array out;
  for (const auto& why : reasons) {
    boost::json::array commands;
    for (const auto& command : why.commands) commands.emplace_back(command);
    out.push_back(boost::json::object{
        {"outcome", to_string(why.result)},
        {"code", json_text(why.code)},
        {"http_status", why.http_status == 0 ? boost::json::value(nullptr) : boost::json::value(why.http_status)},
        {"rows", why.rows},
        {"line", why.line},
        {"tenant", text_or_null(why.tenant)},
        {"organizer", json_text(why.organizer)},
        {"external_id", json_text(why.external_id)},
        {"message", json_text(why.message)},
        {"request_id", text_or_null(why.request_id)},
        {"time", text_or_null(why.answered_at ? format_utc(std::chrono::floor<std::chrono::seconds>(*why.answered_at)) : std::string())},
        {"remedy", why.remedy},
        {"fixed_by", text_or_null(why.fixed_by)},
        {"commands", std::move(commands)}});
  }
  return out;
}

}  // namespace convoke::report

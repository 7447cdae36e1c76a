#include "report/doctor.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/text.hpp"
#include "report/json_text.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

constexpr std::size_t status_width = 9, check_width = 15, indent = status_width + check_width;
constexpr std::size_t least_width = 40;  // of what stands beside the indent

// Characters, not bytes: of UTF-8 every byte counts that begins one.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view colour_of(finding_status s) {
  switch (s) {
    case finding_status::ok:
      return "\x1b[32m";
    case finding_status::warning:
      return "\x1b[33m";
    case finding_status::failed:
      return "\x1b[31m";
    case finding_status::skipped:
      break;
  }
  return "\x1b[2m";
}

// Breaks `text` at blanks; further lines begin with `indent` blanks.
void append_wrapped(std::string& out, std::string_view text, std::size_t width) {
  const auto room = std::max(least_width, width > indent ? width - indent : 0);
  std::size_t used = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    const auto size = characters(word);
    if (used > 0 && used + 1 + size > room) {
      out.append("\n").append(indent, ' ');
      used = 0;
    }
    if (used > 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += size;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

std::string visible(const std::string& text) {
  return core::without_controls(text, core::shown_in::terminal);
}

std::string_view reason_of(int exit_code) {
  switch (exit_code) {
    case 6:
      return "the ledger cannot be used";
    case 4:
      return "credentials or a permission are missing";
    case 2:
      return "the set-up of this machine or the configuration is wrong";
    case 8:
      return "rows of the input or the names of organizers are wrong";
    case 5:
      return "the network or the service failed or throttled: run the command again later";
    default:
      return "a run can begin";
  }
}

}  // namespace

std::string finding_text(const finding& f, const table_style& style) {
  const auto status = to_string(f.status);
  std::string out;
  if (style.colour)
    out = fmt::format("{}{}\x1b[0m{}", colour_of(f.status), status, std::string(status_width - status.size(), ' '));
  else
    out = fmt::format("{:<{}}", status, status_width);
  out += fmt::format("{:<{}}", visible(f.check), check_width);
  const auto seen = visible(f.seen), subject = visible(f.subject);
  append_wrapped(out, subject.empty() ? seen : seen.empty() ? subject : subject + ": " + seen, style.width);
  if (!f.advice.empty()) {
    out.append(indent, ' ');
    append_wrapped(out, "What to do: " + visible(f.advice), style.width);
  }
  for (const auto& command : f.commands) out.append(indent + 2, ' ').append(visible(command)).append("\n");
  return out;
}

std::string lane_heading(const std::string& lane, const table_style& style) {
  if (lane.empty()) return {};
  const auto text = "Tenant " + visible(lane);
  return style.colour ? fmt::format("\n\x1b[1m{}\x1b[0m\n", text) : fmt::format("\n{}\n", text);
}

std::string doctor_summary(const doctor_report& r) {
  return fmt::format("{} ok, {} warnings, {} failed, {} skipped. Exit code {}: {}.", r.count(finding_status::ok),
                     r.count(finding_status::warning), r.count(finding_status::failed), r.count(finding_status::skipped), r.exit_code(),
                     reason_of(r.exit_code()));
}

std::string doctor_json(const doctor_report& r) {
  json::array checks;
  for (const auto& f : r.findings) {
    json::array commands;
    for (const auto& one : f.commands) commands.emplace_back(json_text(one));
    json::object one{{"check", json_text(f.check)}, {"status", std::string(to_string(f.status))}, {"seen", json_text(f.seen)}};
    one["tenant"] = f.lane.empty() ? json::value(nullptr) : json::value(json_text(f.lane));
    one["subject"] = f.subject.empty() ? json::value(nullptr) : json::value(json_text(f.subject));
    one["advice"] = f.advice.empty() ? json::value(nullptr) : json::value(json_text(f.advice));
    one["commands"] = std::move(commands);
    one["exit_code"] = f.exit_code;
    checks.push_back(std::move(one));
  }
  json::object counts;
  for (const auto s : {finding_status::ok, finding_status::warning, finding_status::failed, finding_status::skipped})
    counts[std::string(to_string(s))] = r.count(s);
  return json_line(json::object{
      {"checks", std::move(checks)}, {"counts", std::move(counts)}, {"exit_code", r.exit_code()}, {"summary", doctor_summary(r)}});
}

}  // namespace convoke::report

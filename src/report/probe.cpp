#include "report/probe.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include <convoke/key.hpp>
#include <convoke/version.hpp>

#include "core/text.hpp"
#include "files/digest.hpp"
#include "report/json_text.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

std::string_view word_of(probe_ending end) {
  switch (end) {
    case probe_ending::done:
      return "done";
    case probe_ending::interrupted:
      return "interrupted";
    case probe_ending::denied:
      return "denied";
    case probe_ending::unavailable:
      return "unavailable";
    case probe_ending::left_over:
      return "left_over";
  }
  std::unreachable();
}

std::string list_of(const std::vector<std::string>& ids) {
  std::string out;
  for (const auto& one : ids) out += (out.empty() ? "" : ", ") + core::escape_for_people(one, 60);
  return out;
}

}  // namespace

std::string probe_text(const probe_report& r) {
  std::string out;
  for (const auto& one : r.findings) {
    out += fmt::format("{}\n  {}: {}\n", one.question, one.name, one.value.empty() ? "unsettled" : core::escape_for_people(one.value));
    out += fmt::format("  {}\n\n", core::escape_for_people(one.value.empty() ? one.unsettled : one.evidence, 1000));
  }
  const auto settled = std::ranges::count_if(r.findings, [](const probe_finding& one) { return !one.value.empty(); });
  out += fmt::format("{} of {} settled with {}; {} removed.\n", settled, count_of(r.findings.size(), "question", "questions"),
                     count_of(r.calls, "call", "calls"), count_of(r.removed, "meeting", "meetings"));
  if (!r.left.empty()) out += fmt::format("May still exist: the meetings with the external ids {}.\n", list_of(r.left));
  if (!r.detail.empty()) out += fmt::format("{}\n", core::escape_for_people(r.detail, 1000));
  return out;
}

std::string probe_json(const probe_report& r, int exit_code) {
  json::array findings;
  for (const auto& one : r.findings)
    findings.push_back(json::object{{"name", one.name},
                                    {"question", one.question},
                                    {"value", text_or_null(one.value)},
                                    {"unsettled", text_or_null(one.unsettled)},
                                    {"evidence", text_or_null(one.evidence)}});
  json::array left;
  for (const auto& one : r.left) left.push_back(json::value(json_text(one)));
  return json_line(json::object{{"findings", std::move(findings)},
                                {"calls", r.calls},
                                {"removed", r.removed},
                                {"left", std::move(left)},
                                {"end", word_of(r.end)},
                                {"detail", text_or_null(r.detail)},
                                {"tenant", r.tenant},
                                {"graph_root", json_text(r.graph_root)},
                                {"simulated", r.simulated},
                                {"at", format_utc(r.at)},
                                {"come_back_s", r.come_back ? json::value(r.come_back->count()) : json::value(nullptr)},
                                {"exit_code", exit_code}});
}

}  // namespace convoke::report

namespace convoke {
namespace {

// A basic string of TOML: the escapes of JSON are among its own. Boost.JSON writes DEL as it is, which TOML does not take.
std::string toml_text(const std::string& text) {
  return boost::json::serialize(boost::json::value(core::escape_for_people(text, 1000)));
}

}  // namespace

std::string probe_file_text(const probe_report& of) {
  std::string out =
      "# Written by `convoke probe`: how one service behaves where Microsoft's documentation is silent.\n"
      "# docs/probe.md explains each finding. `convoke simulate --as FILE` behaves in the same way;\n"
      "# `convoke plan --probed FILE` refuses what the service would refuse.\n";
  out += fmt::format("format = 1\nconvoke = {}\nat = {}\ngraph_root = {}\nsimulated = {}\ntenant_sha256 = {}\ncalls = {}\n",
                     toml_text(version), toml_text(format_utc(std::chrono::floor<std::chrono::seconds>(of.at))), toml_text(of.graph_root),
                     of.simulated, toml_text(files::sha256_hex(to_lower(of.tenant))), of.calls);
  for (const auto& one : of.findings) {
    out += fmt::format("\n[findings.{}]\n# {}\n", one.name, one.question);
    if (one.value.empty())
      out += fmt::format("unsettled = {}\n", toml_text(one.unsettled));
    else
      out += fmt::format("value = {}\nevidence = {}\n", toml_text(one.value), toml_text(one.evidence));
  }
  return out;
}

}  // namespace convoke

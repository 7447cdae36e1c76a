#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "diagnosis/assess.hpp"

namespace convoke::diagnosis {
namespace {

constexpr std::size_t longest = 4096;

int exit_of(const error& why) {
  return why.code == errc::credentials ? of_credentials : why.code == errc::usage ? of_configuration : of_ledger;
}

std::string described(const ledger_seen& l) {
  std::string out;
  const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : "; ") + part; };
  if (!l.server.empty()) add(core::escape_for_people(l.server));
  if (l.encrypted) add(*l.encrypted ? "encrypted" : "not encrypted");
  if (l.version > 0) add(fmt::format("schema {}", l.version));
  if (!l.pages.empty()) add("quick_check finds no damage in " + l.pages);
  add("it can be written");
  return out;
}

finding assess_present(const ledger_seen& l, finding out) {
  if (!l.not_writable.empty()) {
    out.status = finding_status::failed;
    out.exit_code = of_ledger;
    out.seen = "it cannot be written: " + core::escape_for_people(l.not_writable, longest);
    out.advice = l.several_processes ? "A run needs a server that takes writes, and a user with the right to make them: see docs/fleet.md."
                                     : "A run writes to the file and makes others beside it: let this user write to the file and its "
                                       "folder, or choose another path with --ledger.";
    return out;
  }
  out.seen = described(l);
  if (l.version > 0 && l.version < l.own_version)
    out.seen += fmt::format("; the next plan or run brings it up to schema {}", l.own_version);
  if (l.holder.empty()) return out;
  out.status = finding_status::warning;
  out.seen += "; in use by " + core::escape_for_people(l.holder);
  out.advice = "A run that begins now ends with exit 7: wait for the other process, or use --wait-lock.";
  return out;
}

}  // namespace

std::vector<finding> assess(const ledger_seen& l) {
  finding out{.check = "ledger", .lane = {}, .subject = core::escape_for_people(l.shown, longest), .seen = {}, .advice = {}};
  std::vector<finding> all;
  if (l.problem) {
    out.status = finding_status::failed;
    out.exit_code = exit_of(*l.problem);
    out.seen = core::escape_for_people(l.problem->message, longest);
    all.push_back(std::move(out));
  } else if (!l.exists && l.not_writable.empty()) {
    out.seen = l.several_processes ? "there is none in the database yet: the first plan or run makes it"
                                   : "there is none yet: the first plan or run makes it, and its folder can be written";
    all.push_back(std::move(out));
  } else {
    all.push_back(assess_present(l, std::move(out)));
  }
  for (const auto& exposure : l.exposures)
    all.push_back({.check = "ledger",
                   .lane = {},
                   .subject = core::escape_for_people(l.shown, longest),
                   .status = finding_status::warning,
                   .seen = "other users or hosts may read or change it",
                   .advice = core::escape_for_people(exposure, longest)});
  return all;
}

}  // namespace convoke::diagnosis

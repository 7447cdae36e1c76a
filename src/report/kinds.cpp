// What is said of runs that verify or remove.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <convoke/time.hpp>

#include "core/text.hpp"
#include "report/summary.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

std::string shown(std::string_view text) {
  return core::escape_for_people(text, 128);
}

// What the rows are that nothing is sent for.
std::string rows_without_call(const plan_summary& s) {
  std::string out;
  const auto add = [&out](std::uint64_t rows, std::string_view what) {
    if (rows > 0) out += fmt::format(", {} {}", count_of(rows, "row", "rows"), what);
  };
  add(s.gone, "of meetings that were removed before");
  add(s.unknown, "of meetings that this ledger does not know");
  add(s.other_feed, "of meetings of another feed");
  add(s.left_out, "of meetings for which another run still owes a call");
  add(s.duplicates, "the same as an earlier one");
  add(s.rejected, "wrong");
  return out;
}

std::string callers(const plan_summary& s) {
  const auto n = std::ranges::count_if(s.organizers, [](const auto& o) { return o.calls > 0; });
  return n > 0 ? ", of " + count_of(static_cast<std::uint64_t>(n), "organizer", "organizers") : std::string();
}

// `between 2026-12-01T02:00:00Z and 2026-12-01T02:03:10Z`.
std::string when_read(const verified_meetings& v) {
  if (!v.from || !v.to) return {};
  const auto from = std::chrono::floor<std::chrono::seconds>(*v.from);
  const auto to = std::chrono::ceil<std::chrono::seconds>(*v.to);
  if (from == to) return fmt::format(", at {}", format_utc(from));
  return fmt::format(", between {} and {}", format_utc(from), format_utc(to));
}

// `1,190 unchanged, 8 drifted (2 of them expired), 2 lost`.
std::string found(const outcome_counts& c, std::uint64_t expired) {
  std::string out;
  const auto add = [&out](std::uint64_t rows, std::string_view word) {
    if (rows > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", grouped(rows), word);
  };
  add(c.unchanged, "unchanged");
  add(c.drifted, "drifted");
  if (c.drifted > 0 && expired > 0) out += fmt::format(" ({} of them expired)", grouped(expired));
  add(c.lost, "lost");
  add(c.updated, "updated");
  add(c.created, "made again");
  add(c.existing, "found again");
  return out;
}

std::string unread(const verified_meetings& v) {
  return fmt::format("{} could not be {}", grouped(v.unread), v.repairs ? "read or repaired" : "read");
}

// Rows of which the run does not say whether their meeting exists.
std::string not_read(const convoke::job_report& r) {
  std::string out;
  if (r.counts.removed > 0) out += fmt::format("; {} {} removed before", grouped(r.counts.removed), form(r.counts.removed, "was", "were"));
  if (r.verified && r.verified->unread > 0) out += "; " + unread(*r.verified);
  if (r.verified && r.verified->unknown > 0)
    out += fmt::format("; {} {} not known to this ledger", grouped(r.verified->unknown), form(r.verified->unknown, "is", "are"));
  if (r.counts.rejected > 0) out += fmt::format("; {} {} wrong", grouped(r.counts.rejected), form(r.counts.rejected, "is", "are"));
  return out;
}

}  // namespace

std::string counts_of_kind(const plan_summary& s) {
  std::string out;
  if (s.kind == run_kind::remove) {
    out = fmt::format("{}: {} to delete{}", count_of(s.rows, "row", "rows"), count_of(s.remove_keys, "meeting", "meetings"), callers(s));
  } else {
    out = fmt::format("{}: {} to read", count_of(s.rows, "row", "rows"), count_of(s.get_keys, "meeting", "meetings"));
    if (s.repaired_keys > 0) out += fmt::format(", {} known to be lost to make again", grouped(s.repaired_keys));
    out += callers(s);
  }
  return out + rows_without_call(s) + ".";
}

std::string verified_text(const convoke::job_report& r) {
  if (!r.verified) return {};
  const auto& v = *r.verified;
  if (v.rows == 0 && v.unread > 0) return "Verified: no meeting: " + unread(v) + ".\n";
  if (v.rows == 0) return "Verified: no meeting.\n";
  auto out = fmt::format("Verified: {}{}: {}.\n",
                         r.of_inventory ? count_of(v.rows, "meeting", "meetings") : "the meetings of " + count_of(v.rows, "row", "rows"),
                         when_read(v), found(r.counts, v.expired));
  if (v.expired > 0 && !v.repairs)
    out += fmt::format("{} expired: {} dead. `convoke verify --repair` makes {} again, and so does the next `convoke apply` of {} row{}.\n",
                       count_of(v.expired, "meeting has", "meetings have"), form(v.expired, "its link is", "their links are"),
                       form(v.expired, "it", "them"), form(v.expired, "its", "their"), form(v.expired, "", "s"));
  if (!v.results_sha256.empty()) out += fmt::format("SHA-256 of the results: {}\n", v.results_sha256);
  return out;
}

std::string end_of_kind(const convoke::job_report& r) {
  const auto& c = r.counts;
  if (r.kind == run_kind::remove) {
    if (c.removed == r.rows) return fmt::format("{} {} removed", count_of(c.removed, "meeting", "meetings"), form(c.removed, "is", "are"));
    return fmt::format("{} of {} {} removed", grouped(c.removed), count_of(r.rows, "row", "rows"), form(c.removed, "is", "are"));
  }
  const auto exist = c.unchanged + c.drifted + c.updated + c.created + c.existing;
  const auto what = r.of_inventory ? count_of(r.rows, "known meeting", "known meetings")
                                   : "the " + count_of(r.rows, "row", "rows") + " have their meeting";
  if (r.of_inventory && r.rows == 0) return "this ledger knows no meeting";
  if (!r.of_inventory && r.rows == 1)
    return (exist == 1 ? "the row has its meeting" : "the row has no meeting that is known to exist") + not_read(r);
  auto out = r.of_inventory ? fmt::format("{} of {} {}", grouped(exist), what, form(exist, "exists", "exist"))
                            : fmt::format("{} of {}", grouped(exist), what);
  if (c.drifted > 0) out += fmt::format(", {} of them different from what is wanted", grouped(c.drifted));
  if (c.lost > 0) out += fmt::format("; {} {} lost", grouped(c.lost), form(c.lost, "is", "are"));
  return out + not_read(r);
}

std::string removal_text(const removal_question& q) {
  const auto meetings = count_of(q.meetings, "meeting", "meetings");
  auto out = q.run == 0 ? fmt::format("{} would be deleted{}{}.\n", meetings, callers(q.plan), rows_without_call(q.plan))
                        : fmt::format("Run {} is resumed: {} would be deleted.\n", q.run, meetings);
  for (const auto& one : q.examples)
    out += fmt::format("  {} of {}: {}, {}\n", shown(one.external_id), shown(one.organizer),
                       one.subject.empty() ? "(no subject)" : shown(one.subject), format_utc(one.start));
  if (q.meetings > q.examples.size() && !q.examples.empty()) out += fmt::format("  and {} more\n", grouped(q.meetings - q.examples.size()));
  return out;
}

}  // namespace convoke::report

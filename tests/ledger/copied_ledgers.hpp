#pragma once

// Ledgers for tests of copies.

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ledger/copy.hpp"
#include "ledger/fixture.hpp"

namespace convoke::ledger::testing {

inline std::unique_ptr<store> open_url(const std::string& url) {
  return must(open_ledger(url, {.program_version = "test", .group_interval = {}}));
}

// The rows of the file whose meetings have every state; `version` changes what is wanted of all of them.
inline std::vector<planned_row> rows_of_all_states(unsigned version = 0) {
  return joined({{row(2, 1, "Satisfied", version), row(3, 1, "drifted", version), row(4, 2, "failed", version), row(5, 2, "lost", version),
                  row(6, 1, "removed", version), row(7, 2, "incomplete", version), row(8, 1, "unused", version)},
                 weekly(9, 3, "weekly", 5, version)});
}

// A run that leaves a meeting in each state, one that was changed and not called, and some that were never called.
inline void make_all_states(const std::string& url) {
  const auto s = open_url(url);
  const auto run = plan(*s, header(), rows_of_all_states()).id;
  const auto opened = must(s->resume(run));
  s->save_pace(run, 0, {.rate = 40, .refused = 50, .credit = 7}, utc_time(std::chrono::seconds(1'780'000'000)));
  const auto tomorrow = std::chrono::time_point_cast<ticks>(std::chrono::system_clock::now()) + std::chrono::hours(24);
  s->save_cooldown(run, 0, std::nullopt, tomorrow);
  s->save_cooldown(run, 0, opened.organizers.at(1).id, tomorrow + std::chrono::hours(1));
  row_writes writes;
  for (const auto& organizer : opened.organizers) {
    for (const auto& claimed : claim(*s, opened, organizer.id).rows) {
      const auto id = must(decode_spec(claimed.payload)).external_id;
      if (id == "unused") continue;
      if (id == "incomplete") {
        writes.advanced.push_back(advanced(claimed));
        continue;
      }
      const auto what = id == "drifted"   ? outcome::drifted
                        : id == "failed"  ? outcome::failed
                        : id == "lost"    ? outcome::lost
                        : id == "removed" ? outcome::removed
                                          : outcome::created;
      writes.finished.push_back(ended(claimed, what));
    }
  }
  write(*s, std::move(writes));
  must(s->discard(run));
  // Two keys of another feed; one of the first file is wanted otherwise from now on.
  const auto other = plan(*s, header("two", "other.csv"), {row(2, 4, "new"), row(3, 4, "newer"), row(4, 1, "Satisfied", 2)}).id;
  must(s->discard(other));
}

// What a plan of that file says, without keeping it.
inline plan_summary would_plan(store& s, unsigned version = 0) {
  auto planning = must(s.begin_plan(header("three")));
  must(planning->add_rows(rows_of_all_states(version)));
  return must(planning->classify(before_any_meeting));
}

// Every meeting of the inventory, as text, in order of the text.
inline std::vector<std::string> inventory_of(const std::string& url) {
  std::vector<std::string> out;
  const auto from = must(read_ledger(url));
  must(from->for_each_inventory([&](const inventory_row& r) -> result<void> {
    std::string one;
    for (const auto part : {std::string_view(r.lane.app), r.organizer, r.external_id, r.state, r.drift, r.feed, r.meeting_id,
                            r.join_web_url, r.join_meeting_id, r.passcode, r.dial_in_number, r.conference_id, r.options_url, r.payload})
      one += std::string(part) + "|";
    one += r.expires_at ? format_utc(*r.expires_at) + "|" : std::string("|");
    out.push_back(one + (r.observed_at ? std::to_string(r.observed_at->time_since_epoch().count()) : "never"));
    return {};
  }));
  std::ranges::sort(out);
  return out;
}

inline result<copied_inventory> try_copy(
    const std::string& from, const std::string& to,
    const std::function<result<void>(const copy_progress&)>& after_page = [](const auto&) { return result<void>(); }) {
  auto source = open_inventory(from, {.program_version = "test", .create = false});
  if (!source) return std::unexpected(source.error());
  auto target = open_inventory(to, {.program_version = "test"});
  if (!target) return std::unexpected(target.error());
  return copy_inventory(**source, **target, after_page);
}
inline copied_inventory copy(const std::string& from, const std::string& to) {
  auto out = must(try_copy(from, to));
  BOOST_TEST(out.source_digest == out.target_digest);
  return out;
}

// A ledger with many meetings, of 50 organizers.
inline void make_large(const std::string& url, unsigned keys) {
  const auto s = open_url(url);
  std::vector<planned_row> rows;
  for (unsigned i = 0; i < keys; ++i) rows.push_back(row(i + 2, i % 50, "e" + std::to_string(i)));
  carry_out(*s, plan(*s, header("large"), std::move(rows)).id);
}

}  // namespace convoke::ledger::testing

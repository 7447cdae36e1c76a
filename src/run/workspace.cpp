#include "run/workspace.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <convoke/version.hpp>

#include "engine/forecast.hpp"
#include "files/same_file.hpp"
#include "os/clock.hpp"
#include "run/feeder.hpp"
#include "run/foresight.hpp"
#include "run/planner.hpp"
#include "run/validate.hpp"

namespace convoke::run {
namespace {

// What a job writes is neither what it reads nor anything else that it writes. Checked before anything is written: a rename cannot be
// undone.
result<void> keep_files_apart(const job& j, ledger_use use) {
  const auto apart = [&j](std::span<const files::named_file> written) -> result<void> {
    if (const auto done = files::keep_apart({"the input", j.input}, written); !done) return done;
    return j.plan.skip_dates.empty() ? result<void>() : files::keep_apart({"--skip-dates", j.plan.skip_dates}, written);
  };
  if (use == ledger_use::none) {
    const files::named_file written[] = {{"--failed", failed_path(j)}};
    return apart(written);
  }
  const auto ledger = ledger::parse_ledger_url(j.ledger);
  const bool is_file = ledger && ledger->kind == ledger::store_kind::sqlite;
  const files::named_file written[] = {
      {"--ledger", is_file ? ledger->path : std::string()}, {"--results", j.results}, {"--failed", failed_path(j)}};
  return apart(written);
}

// A rehearsal on a ledger that is not there: planning needs a ledger's sorting and its rules, and what is written goes into files without
// names. The name is random, so that no other user can put a file there.
result<std::string> url_of_no_ledger() {
  std::error_code failed;
  const auto folder = std::filesystem::temp_directory_path(failed);
  if (failed) return fail(errc::storage, "No temporary folder can be used: set TMPDIR to a folder that can be written.");
  std::random_device random;
  return "sqlite:" + (folder / fmt::format("convoke-{:08x}{:08x}{:08x}.db", random(), random(), random())).string();
}

result<std::unique_ptr<ledger::store>> open_store(const job& j, observer& watch, const stop_tokens& stop, ledger_use use) {
  const auto url = use == ledger_use::none ? url_of_no_ledger() : result<std::string>(j.ledger);
  if (!url) return std::unexpected(url.error());
  auto opened = ledger::open_ledger(*url, {.program_version = version,
                                           .wait_lock = use == ledger_use::none ? std::chrono::milliseconds(0) : j.wait_lock,
                                           .interrupted = [stop] { return stop.requested(); },
                                           .rehearsal = use != ledger_use::write});
  if (!opened || use == ledger_use::none) return opened;
  for (const auto& warning : ledger::ledger_exposures(*url)) watch.note(warning);
  return opened;
}

// `check` needs no tenants: lanes without names stand in for them.
result<std::vector<ledger::lane_name>> names_of_lanes(const job& j, ledger_use use) {
  std::vector<ledger::lane_name> out;
  for (const auto& lane : j.lanes) {
    if (use == ledger_use::none) {
      out.push_back({"check:", fmt::format("00000000-0000-0000-0000-{:012}", out.size()), ""});
      continue;
    }
    auto name = lane_name(lane);
    if (!name) return std::unexpected(name.error());
    out.push_back(std::move(*name));
  }
  return out;
}

}  // namespace

result<workspace> workspace::open(const job& j, observer& watch, const stop_tokens& stop, ledger_use use) {
  if (const auto apart = keep_files_apart(j, use); !apart) return std::unexpected(apart.error());
  auto lanes = names_of_lanes(j, use);
  if (!lanes) return std::unexpected(lanes.error());
  auto input = j.input.empty() && j.plan.kind == run_kind::verify ? result<scanned_input>(no_input()) : scan(j, stop);
  if (!input) return std::unexpected(input.error());
  auto header = make_header(j, *input, std::move(*lanes));
  auto store = open_store(j, watch, stop, use);
  if (!store) return std::unexpected(store.error());
  return workspace{.input = std::move(*input), .header = std::move(header), .store = std::move(*store)};
}

result<void> add_forecast(const workspace& w, const job& j, plan_summary& to) {
  std::vector<ledger::lane_memory> memories;
  const auto reader = w.store->read();
  for (const auto& lane : w.header.lanes) {
    auto memory = reader->memory(lane);
    if (!memory) return std::unexpected(memory.error());
    memories.push_back(std::move(*memory));
  }
  const auto forecasts = foresee(j, to, memories, os::wall_now());
  to.expected = engine::together(forecasts);
  to.lanes.clear();
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    auto& lane = to.lanes.emplace_back();
    lane.name = j.lanes[i].name;
    lane.tenant = w.header.lanes[i].tenant;
    lane.app = w.header.lanes[i].app;
    lane.expected = forecasts[i];
    for (const auto& o : to.organizers) {
      if (o.lane != i) continue;
      lane.calls += o.calls;
      lane.new_keys += o.new_keys;
    }
  }
  return {};
}

bool shared_ledger(const job& j) {
  const auto url = ledger::parse_ledger_url(j.ledger);
  return url && url->kind != ledger::store_kind::sqlite;
}

namespace {

// A user that the tenant lacked when a run was planned may be there by now: such rows are not wrong for good.
result<bool> lacks_users(ledger::reader& from, const ledger::run_info& info) {
  if (info.counts.rejected == 0) return false;
  bool found = false;
  const auto look = [&found](const ledger::result_row& row) -> result<void> {
    found = row.result == outcome::rejected && names_unknown_user(row.error_message);
    return found ? fail(errc::interrupted, "one is enough") : result<void>();
  };
  const auto read = from.for_each_failed(info.id, look);
  if (!read && !found) return std::unexpected(read.error());
  return found;
}

// Whether a run of the same feed was opened after this one.
result<bool> feed_has_newer_run(ledger::reader& from, const ledger::run_info& info) {
  const auto runs = from.runs();
  if (!runs) return std::unexpected(runs.error());
  return std::ranges::any_of(*runs, [&](const ledger::run_info& other) {
    return other.id != info.id && other.header.feed == info.header.feed && other.header.kind == ledger::run_kind::provision &&
           other.opened_at && info.opened_at && *other.opened_at > *info.opened_at;
  });
}

}  // namespace

result<known_run> find_known_run(const workspace& w) {
  known_run out;
  const auto from = w.store->read();
  auto found = from->find(w.header.identity);
  if (!found) return std::unexpected(found.error());
  if (!*found) return out;
  auto& info = **found;
  if (info.state == ledger::run_state::planned) {
    out.planned = std::move(info);
    return out;
  }
  const auto overtaken = from->overtaken(info.id);
  if (!overtaken) return std::unexpected(overtaken.error());
  if (*overtaken) return out;
  if (info.state == ledger::run_state::open) {
    out.open = std::move(info);
    return out;
  }
  if (info.counts.failed + info.counts.lost > 0) return out;
  // What was found once says nothing of how it is now.
  if (info.header.kind == run_kind::verify) return out;
  // Another file of the feed may have brought keys that this input lacks, and that are to be removed.
  const bool removes = w.header.kind == ledger::run_kind::provision && w.header.operations.remove_vanished;
  const auto newer = removes ? feed_has_newer_run(*from, info) : result<bool>(false);
  if (!newer) return std::unexpected(newer.error());
  if (*newer) return out;
  const auto lacks = lacks_users(*from, info);
  if (!lacks) return std::unexpected(lacks.error());
  if (*lacks) return out;
  if (info.header.kind == run_kind::remove) {
    out.done = std::move(info);
    return out;
  }
  // A link that has died since, or is about to, is not what is wanted any more.
  const auto expires = from->any_expires(info.id, os::wall_now(), w.header.operations.keep_alive);
  if (!expires) return std::unexpected(expires.error());
  if (!*expires) out.done = std::move(info);
  return out;
}

}  // namespace convoke::run

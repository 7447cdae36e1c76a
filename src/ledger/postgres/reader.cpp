#include "ledger/postgres/reader.hpp"

#include <thread>
#include <utility>

#include "ledger/postgres/runs.hpp"
#include "ledger/postgres/schema.hpp"
#include "ledger/postgres/workers.hpp"

namespace convoke::ledger::postgres {
namespace {

using clock = std::chrono::steady_clock;

// How long a reader waits for a server that is restarted or fails over.
constexpr auto patience = std::chrono::seconds(30);
constexpr auto pause = std::chrono::milliseconds(100);  // after a deadlock, for example

// Whether a later run decided about a key of this one. What a later run did to this one stays when that run is pruned and loses its
// decisions: rows that it took over, and keys whose wanted payload is its own. Because one row would be enough, the planner prefers nested
// loops, which compare each key with each where there is none: measured with 100,000 keys, they take minutes and a hash join half a second.
constexpr const char* hash_joins = "SELECT set_config('enable_nestloop', 'off', true)";
constexpr const char* shares_keys = R"sql(
WITH mine AS MATERIALIZED (SELECT key FROM convoke.decision WHERE id BETWEEN $2 AND $3 AND key IS NOT NULL),
later AS MATERIALIZED (SELECT r.id FROM convoke.run r, convoke.run m WHERE m.id = $1 AND r.id <> m.id
  AND (r.opened_at, r.id) > (m.opened_at, m.id))
SELECT EXISTS(SELECT FROM later),
  EXISTS(SELECT FROM later CROSS JOIN LATERAL (SELECT d.key FROM convoke.decision d
    WHERE d.id BETWEEN later.id::bigint << 32 AND (later.id::bigint << 32) + 4294967295 OFFSET 0) d JOIN mine ON mine.key = d.key)
  OR EXISTS(SELECT FROM convoke.tally WHERE run = $1 AND outcome = 8 AND n > 0)
  OR EXISTS(SELECT FROM mine JOIN convoke.inventory i ON i.id = mine.key JOIN later ON later.id = i.source >> 32))sql";
static_assert(static_cast<int>(outcome::superseded) == 8);

// What classify_known and call_for_expiry say of known keys. $3: now, $4: until when meetings are to live.
constexpr const char* any_expiring = R"sql(
SELECT EXISTS(SELECT FROM convoke.decision d JOIN convoke.observation b ON b.id = d.key JOIN convoke.inventory i ON i.id = d.key
  WHERE d.id BETWEEN $1 AND $2 AND b.state IN (1, 2) AND NOT b.pending AND (b.expires_at <= $3 OR (b.expires_at <= $4 AND i.ends_at > $3
  AND b.meeting_id IS NOT NULL AND ';' || coalesce(b.drift, '') || ';' NOT LIKE '%;start;%'
  AND ';' || coalesce(b.drift, '') || ';' NOT LIKE '%;end;%'))))sql";
static_assert(static_cast<int>(observed::satisfied) == 1 && static_cast<int>(observed::drifted) == 2);

result<std::optional<run_info>> info_of(result<std::optional<stored_run>> found) {
  if (!found) return std::unexpected(std::move(found.error()));
  if (!*found) return std::nullopt;
  return std::move((*found)->info);
}

}  // namespace

postgres_reader::postgres_reader(const std::string& url) : at_(connect_options{.url = url, .application_name = "convoke reader"}) {}

result<void> postgres_reader::open() {
  auto c = at_.get(clock::now());
  if (!c) return std::unexpected(c.error().to_error());
  auto good = check_schema(**c, shown_ledger(at_.options().url));
  if (!good) return std::unexpected(good.error().to_error());
  return std::move(*good);
}

template <class F>
auto postgres_reader::read(const F& f) -> result<typename std::invoke_result_t<F, connection&>::value_type> {
  const auto give_up = clock::now() + patience;
  for (;;) {
    auto c = at_.get(give_up);
    if (!c) return std::unexpected(c.error().to_error());
    auto answer = f(**c);
    if (answer) return std::move(*answer);
    const auto kind = answer.error().kind;
    const bool later = kind == fault::lost || kind == fault::again;
    if (!later || clock::now() >= give_up) return std::unexpected(answer.error().to_error());
    if (kind == fault::again) std::this_thread::sleep_for(pause);
  }
}

template <class Pages>
result<void> postgres_reader::page_through(Pages& pages, run_id run, const std::function<result<void>()>& look) {
  for (bool more = true; more;) {
    const auto page = read([&](connection& c) { return pages.read(c); });
    if (!page) return std::unexpected(page.error());
    if (page->pruned) return records_not_kept(run);
    more = page->more;
    if (auto done = look(); !done) return done;
  }
  return {};
}

result<run_info> postgres_reader::existing(run_id id) {
  auto found = run(id);
  if (!found) return std::unexpected(found.error());
  if (!*found) return no_such_run(id);
  return std::move(**found);
}

result<std::vector<run_info>> postgres_reader::runs() {
  auto found = read([](connection& c) { return all_stored_runs(c); });
  if (!found) return std::unexpected(found.error());
  std::vector<run_info> out;
  for (auto& one : *found) out.push_back(std::move(one.info));
  return out;
}

result<std::optional<run_info>> postgres_reader::run(run_id id) {
  return info_of(read([&](connection& c) { return find_run(c, id); }));
}

result<std::optional<run_info>> postgres_reader::last_run() {
  return info_of(read([](connection& c) { return postgres::last_run(c); }));
}

result<std::optional<run_info>> postgres_reader::find(std::string_view identity) {
  return info_of(read([&](connection& c) { return newest_with(c, identity); }));
}

result<bool> postgres_reader::overtaken(run_id id) {
  const auto found = read([&](connection& c) { return find_run(c, id); });
  if (!found) return std::unexpected(found.error());
  if (!*found) return no_such_run(id);
  const auto of_run = params().with(id).with(first_row(id)).with(last_row(id));
  const connection::step steps[] = {{hash_joins, nullptr}, {shares_keys, &of_run}};
  const auto answers = read([&](connection& c) { return read_snapshot(c, steps); });
  if (!answers) return std::unexpected(answers.error());
  const auto& marks = answers->back();
  return marks.integer(0, 0) != 0 && ((*found)->pruned || marks.integer(0, 1) != 0);
}

result<bool> postgres_reader::any_expires(run_id id, utc_time now, std::optional<std::chrono::seconds> keep_alive) {
  const auto limit = keep_alive ? std::optional(to_stored(now + *keep_alive)) : std::nullopt;
  const auto of_run = params().with(first_row(id)).with(last_row(id)).with(to_stored(now)).with(limit);
  const connection::step steps[] = {{hash_joins, nullptr}, {any_expiring, &of_run}};
  const auto answers = read([&](connection& c) { return read_snapshot(c, steps); });
  if (!answers) return std::unexpected(answers.error());
  return answers->back().integer(0, 0) != 0;
}

result<run_status> postgres_reader::status(run_id id) {
  auto found = existing(id);
  if (!found) return std::unexpected(found.error());
  status_counter counter(*found);
  if (auto counted = page_through(counter, id); !counted) return std::unexpected(counted.error());
  auto out = read([&](connection& c) { return counter.finish(c); });
  if (!out) return out;
  for (const auto& lane : found->header.lanes) {
    auto known = memory(lane);
    if (!known) return std::unexpected(known.error());
    out->lanes.push_back(std::move(*known));
  }
  out->info = std::move(*found);
  return out;
}

result<std::vector<failure_reason>> postgres_reader::reasons(run_id id, std::size_t most) {
  const auto found = existing(id);
  if (!found) return std::unexpected(found.error());
  reason_counter counter(*found);
  if (auto counted = page_through(counter, id); !counted) return std::unexpected(counted.error());
  return read([&](connection& c) { return counter.finish(c, most); });
}

result<std::vector<count_by>> postgres_reader::updates(run_id id) {
  constexpr const char* groups =
      "SELECT drift, count(*)::bigint FROM convoke.outcome WHERE id BETWEEN $1 AND $2 AND outcome = 4 AND drift IS NOT NULL GROUP BY drift "
      "ORDER BY drift";
  const auto found = read([&](connection& c) { return c.run(groups, params().with(first_row(id)).with(last_row(id))); });
  if (!found) return std::unexpected(found.error());
  std::vector<count_by> out;
  for (int i = 0; i < found->size(); ++i) out.push_back({.what = std::string(found->text(i, 0)), .count = found->as<std::uint64_t>(i, 1)});
  return out;
}

result<std::vector<count_by>> postgres_reader::inventory_counts() {
  key_counter counter(key_counter::by::state);
  if (auto counted = page_through(counter, 0); !counted) return std::unexpected(counted.error());
  return counter.counts();
}

result<std::uint64_t> postgres_reader::inventory_expired(utc_time now) {
  expired_counter counter(now);
  if (auto counted = page_through(counter, 0); !counted) return std::unexpected(counted.error());
  return counter.count();
}

result<std::vector<count_by>> postgres_reader::inventory_feeds() {
  key_counter counter(key_counter::by::feed);
  if (auto counted = page_through(counter, 0); !counted) return std::unexpected(counted.error());
  return counter.counts();
}

result<lane_memory> postgres_reader::memory(const lane_name& lane) {
  return read([&](connection& c) { return memory_of(c, lane); });
}

result<std::vector<worker_info>> postgres_reader::workers() {
  return read([](connection& c) { return workers_of(c); });
}

result<void> postgres_reader::for_each_result(run_id id, const std::function<result<void>(const result_row&)>& f) {
  return for_each_row(id, false, f);
}

result<void> postgres_reader::for_each_failed(run_id id, const std::function<result<void>(const result_row&)>& f) {
  return for_each_row(id, true, f);
}

result<void> postgres_reader::for_each_row(run_id id, bool failed_only, const std::function<result<void>(const result_row&)>& f) {
  const auto found = existing(id);
  if (!found) return std::unexpected(found.error());
  result_pages pages(*found, failed_only);
  return page_through(pages, id, [&]() -> result<void> {
    for (const auto& row : pages.page()) {
      if (auto done = f(row); !done) return done;
    }
    return {};
  });
}

result<void> postgres_reader::for_each_inventory(const std::function<result<void>(const inventory_row&)>& f) {
  inventory_pages pages;
  return page_through(pages, 0, [&]() -> result<void> {
    for (const auto& row : pages.page()) {
      if (auto done = f(row); !done) return done;
    }
    return pages.decoded();
  });
}

}  // namespace convoke::ledger::postgres

namespace convoke::ledger {

result<std::unique_ptr<reader>> read_postgres(const std::string& url) {
  auto made = std::make_unique<postgres::postgres_reader>(url);
  if (auto opened = made->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<reader>(std::move(made));
}

}  // namespace convoke::ledger

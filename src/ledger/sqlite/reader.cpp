#include "ledger/sqlite/reader.hpp"

#include <utility>

#include "ledger/key_set.hpp"
#include "ledger/sqlite/file_access.hpp"
#include "ledger/sqlite/file_watch.hpp"
#include "ledger/sqlite/ledger_file.hpp"
#include "ledger/sqlite/memory.hpp"
#include "ledger/sqlite/old_schemas.hpp"
#include "ledger/sqlite/reader_reasons.hpp"
#include "ledger/sqlite/reader_rows.hpp"
#include "ledger/sqlite/schema.hpp"

namespace convoke::ledger::sqlite {
namespace {

result<stored_run> existing(connection& db, run_table& runs, run_id id) {
  auto found = runs.find(id);
  if (!db.ok()) return std::unexpected(db.failure());
  if (!found) return no_such_run(id);
  return std::move(*found);
}

std::optional<run_info> info_of(std::optional<stored_run> found) {
  if (!found) return std::nullopt;
  return std::move(found->info);
}

bool any_opened_later(connection& db, run_id id) {
  statement later(
      db, "SELECT EXISTS(SELECT 1 FROM run r, run mine WHERE mine.id = ?1 AND r.id <> ?1 AND (r.opened_at, r.id) > (mine.opened_at, ?1))");
  return later.with(id).step() && later.integer(0) != 0;
}

// True if what a later run did to this one is still there. It stays when that run is pruned and loses its decisions.
bool left_marks(connection& db, run_id id) {
  statement superseded(db, "SELECT EXISTS(SELECT 1 FROM tally WHERE run = ? AND outcome = ? AND n > 0)");
  if (superseded.with(id, static_cast<int>(outcome::superseded)).step() && superseded.integer(0) != 0) return true;
  statement wanted(db,
                   "SELECT EXISTS(SELECT 1 FROM decision d JOIN inventory i ON i.id = d.key JOIN run r ON r.id = i.source >> 32, run mine "
                   "WHERE d.id BETWEEN ?2 AND ?3 AND mine.id = ?1 AND r.id <> ?1 AND (r.opened_at, r.id) > (mine.opened_at, ?1))");
  return wanted.with(id, first_row(id), last_row(id)).step() && wanted.integer(0) != 0;
}

// True if any run that was opened later decided about one of this run's keys.
bool shares_keys(connection& db, run_id id) {
  key_set mine;
  statement keys(db, "SELECT key FROM decision WHERE id BETWEEN ? AND ? AND key IS NOT NULL");
  for (keys.with(first_row(id), last_row(id)); keys.step();) mine.insert(keys.as<key_id>(0));
  statement later(db, "SELECT r.id FROM run r, run mine WHERE mine.id = ?1 AND r.id <> ?1 AND (r.opened_at, r.id) > (mine.opened_at, ?1)");
  for (later.with(id); later.step();) {
    const auto other = later.as<run_id>(0);
    for (keys.with(first_row(other), last_row(other)); keys.step();) {
      if (mine.contains(keys.as<key_id>(0))) return true;
    }
  }
  return left_marks(db, id);
}

// What classify_known and call_for_expiry say of known keys. ?3: now, ?4: until when meetings are to live.
constexpr const char* any_expiring =
    "SELECT EXISTS(SELECT 1 FROM decision d JOIN observation b ON b.id = d.key JOIN inventory i ON i.id = d.key "
    "WHERE d.id BETWEEN ?1 AND ?2 AND b.state IN (1, 2) AND b.pending = 0 AND (b.expires_at <= ?3 OR (b.expires_at <= ?4 "
    "AND i.ends_at > ?3 AND b.meeting_id IS NOT NULL AND ';' || coalesce(b.drift, '') || ';' NOT LIKE '%;start;%' "
    "AND ';' || coalesce(b.drift, '') || ';' NOT LIKE '%;end;%')))";
static_assert(static_cast<int>(observed::satisfied) == 1 && static_cast<int>(observed::drifted) == 2);

struct opened_ledger {
  std::unique_ptr<connection> db;
  int version = 0;
  result<void> state;
};

opened_ledger open_for_reading(const std::string& path, connection::mode how) {
  opened_ledger out{.db = std::make_unique<connection>(), .version = 0, .state = {}};
  out.state = out.db->open(path, how);
  if (!out.state) return out;
  out.db->exec("PRAGMA cache_size = -16384; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY");
  const auto found = identify(*out.db);
  if (!found) {
    out.state = std::unexpected(found.error());
    return out;
  }
  if (found->empty) {
    out.state = fail(errc::storage, "the ledger " + shown(path) + " is empty: nothing was planned in it yet");
    return out;
  }
  out.version = found->version;
  show_present_tables(*out.db, out.version);
  out.db->exec("PRAGMA query_only = ON");
  out.state = out.db->status();
  return out;
}

}  // namespace

result<void> sqlite_reader::open() {
  if (db_) return {};
  if (rehearsal_) return open_rehearsal();
  if (auto permitted = check_access(path_, file_use::read); !permitted) return permitted;
  if (!exists(path_)) {
    return fail(errc::storage,
                "there is no ledger at " + shown(path_) + "; check --ledger, or run `convoke plan` or `convoke apply` first");
  }
  if (auto regular = check_regular(path_); !regular) return regular;
  auto opened = open_for_reading(path_, connection::mode::read_only);
  // SQLite needs a log to read, and may not be permitted to make one. Without a log no process writes, so that the file can be read as it
  // is.
  const bool failed = !opened.state && opened.db->handle() != nullptr && !opened.db->ok();
  if (failed && file_size(path_ + "-wal") == 0) opened = open_for_reading(path_, connection::mode::immutable);
  if (!opened.state) return opened.state;
  use(std::move(opened.db), opened.version);
  return {};
}

void sqlite_reader::use(std::unique_ptr<connection> db, int version) {
  db_ = std::move(db);
  version_ = version;
  begin_.emplace(*db_, "BEGIN");
  end_.emplace(*db_, "ROLLBACK");
  tables_.emplace(*db_, "PRAGMA user_version");
}

void sqlite_reader::begin_snapshot() {
  begin_->with().run();
  if (version_ == schema_version) return;
  const int found = tables_->with().step() ? tables_->as<int>(0) : version_;
  tables_->reset();
  if (found == version_) return;
  end_->with().run();
  db_->exec("PRAGMA query_only = OFF");
  hide_present_tables(*db_);
  show_present_tables(*db_, found);
  db_->exec("PRAGMA query_only = ON");
  version_ = found;
  begin_->with().run();
}

result<void> sqlite_reader::open_rehearsal() {
  auto db = std::make_unique<connection>();
  if (auto done = db->open(path_, connection::mode::rehearsal); !done) return done;
  const auto found = identify(*db);
  if (!found) return std::unexpected(found.error());
  if (auto ready = prepare_schema(*db, *found, {}); !ready) return ready;
  use(std::move(db), schema_version);
  return {};
}

template <class T>
result<T> sqlite_reader::in_snapshot(const std::function<result<T>(connection&)>& f) {
  if (auto ready = open(); !ready) return std::unexpected(ready.error());
  db_->forget_failure();
  begin_snapshot();
  auto answer = f(*db_);
  if (answer && !db_->ok()) answer = std::unexpected(db_->failure());
  db_->forget_failure();
  end_->with().run();
  return answer;
}

template <class Pages>
result<void> sqlite_reader::page_through(Pages& pages, const std::function<result<void>()>& look) {
  for (bool more = true; more;) {
    const auto read = in_snapshot<bool>([&](connection&) { return pages.read(); });
    if (!read) return std::unexpected(read.error());
    more = *read;
    if (auto done = look(); !done) return done;
  }
  return {};
}

result<std::vector<run_info>> sqlite_reader::runs() {
  return in_snapshot<std::vector<run_info>>([](connection& db) -> result<std::vector<run_info>> {
    run_table table(db);
    std::vector<run_info> out;
    for (auto& found : table.all()) out.push_back(std::move(found.info));
    return out;
  });
}

result<std::optional<run_info>> sqlite_reader::run(run_id id) {
  return in_snapshot<std::optional<run_info>>([id](connection& db) -> result<std::optional<run_info>> {
    run_table table(db);
    return info_of(table.find(id));
  });
}

result<std::optional<run_info>> sqlite_reader::last_run() {
  return in_snapshot<std::optional<run_info>>([](connection& db) -> result<std::optional<run_info>> {
    run_table table(db);
    const auto id = table.last();
    return id ? info_of(table.find(*id)) : std::nullopt;
  });
}

result<std::optional<run_info>> sqlite_reader::find(std::string_view identity) {
  return in_snapshot<std::optional<run_info>>([identity](connection& db) -> result<std::optional<run_info>> {
    run_table table(db);
    const auto id = table.newest_with(identity);
    return id ? info_of(table.find(*id)) : std::nullopt;
  });
}

result<bool> sqlite_reader::overtaken(run_id id) {
  return in_snapshot<bool>([id](connection& db) -> result<bool> {
    run_table table(db);
    const auto found = existing(db, table, id);
    if (!found) return std::unexpected(found.error());
    return any_opened_later(db, id) && (found->pruned || shares_keys(db, id));
  });
}

result<bool> sqlite_reader::any_expires(run_id id, utc_time now, std::optional<std::chrono::seconds> keep_alive) {
  const auto limit = keep_alive ? std::optional(to_stored(now + *keep_alive)) : std::nullopt;
  return in_snapshot<bool>([&](connection& db) -> result<bool> {
    statement any(db, any_expiring);
    return any.with(first_row(id), last_row(id), to_stored(now), limit).step() && any.integer(0) != 0;
  });
}

result<run_status> sqlite_reader::status(run_id id) {
  auto found = in_snapshot<stored_run>([id](connection& db) {
    run_table table(db);
    return existing(db, table, id);
  });
  if (!found) return std::unexpected(found.error());
  status_counter counter(*db_, std::move(found->info));
  if (auto counted = page_through(counter); !counted) return std::unexpected(counted.error());
  return in_snapshot<run_status>([&](connection&) { return counter.finish(); });
}

result<std::vector<failure_reason>> sqlite_reader::reasons(run_id id, std::size_t most) {
  auto found = in_snapshot<stored_run>([id](connection& db) {
    run_table table(db);
    return existing(db, table, id);
  });
  if (!found) return std::unexpected(found.error());
  reason_counter counter(*db_, std::move(found->info));
  if (auto counted = page_through(counter); !counted) return std::unexpected(counted.error());
  return in_snapshot<std::vector<failure_reason>>([&](connection&) { return counter.finish(most); });
}

result<std::vector<count_by>> sqlite_reader::inventory_feeds() {
  if (auto ready = open(); !ready) return std::unexpected(ready.error());
  feed_counter counter(*db_);
  if (auto counted = page_through(counter); !counted) return std::unexpected(counted.error());
  return in_snapshot<std::vector<count_by>>([&](connection&) { return counter.finish(); });
}

result<std::vector<count_by>> sqlite_reader::updates(run_id id) {
  return in_snapshot<std::vector<count_by>>([&](connection& db) -> result<std::vector<count_by>> {
    statement groups(db,
                     "SELECT drift, count(*) FROM outcome WHERE id BETWEEN ? AND ? AND outcome = ? AND drift IS NOT NULL GROUP BY drift "
                     "ORDER BY drift");
    std::vector<count_by> out;
    for (groups.with(first_row(id), last_row(id), static_cast<int>(outcome::updated)); groups.step();)
      out.push_back({.what = std::string(groups.text(0)), .count = groups.as<std::uint64_t>(1)});
    if (!db.ok()) return std::unexpected(db.failure());
    return out;
  });
}

result<std::vector<count_by>> sqlite_reader::inventory_counts() {
  if (auto ready = open(); !ready) return std::unexpected(ready.error());
  inventory_counter counter(*db_);
  if (auto counted = page_through(counter); !counted) return std::unexpected(counted.error());
  return counter.counts();
}

result<std::uint64_t> sqlite_reader::inventory_expired(utc_time now) {
  if (auto ready = open(); !ready) return std::unexpected(ready.error());
  expired_counter counter(*db_, now);
  if (auto counted = page_through(counter); !counted) return std::unexpected(counted.error());
  return counter.count();
}

result<lane_memory> sqlite_reader::memory(const lane_name& lane) {
  return in_snapshot<lane_memory>([&](connection& db) -> result<lane_memory> { return memory_of(db, lane); });
}

result<void> sqlite_reader::for_each_result(run_id id, const std::function<result<void>(const result_row&)>& f) {
  return for_each_row(id, false, f);
}

result<void> sqlite_reader::for_each_failed(run_id id, const std::function<result<void>(const result_row&)>& f) {
  return for_each_row(id, true, f);
}

result<void> sqlite_reader::for_each_row(run_id id, bool failed_only, const std::function<result<void>(const result_row&)>& f) {
  auto found = in_snapshot<stored_run>([id](connection& db) {
    run_table table(db);
    return existing(db, table, id);
  });
  if (!found) return std::unexpected(found.error());
  result_pages pages(*db_, std::move(found->info), failed_only);
  return page_through(pages, [&]() -> result<void> {
    for (const auto& row : pages.rows()) {
      if (auto done = f(row); !done) return done;
    }
    return {};
  });
}

result<void> sqlite_reader::for_each_inventory(const std::function<result<void>(const inventory_row&)>& f) {
  if (auto ready = open(); !ready) return ready;
  inventory_pages pages(*db_);
  return page_through(pages, [&]() -> result<void> {
    for (const auto& row : pages.rows()) {
      if (auto done = f(row); !done) return done;
    }
    return {};
  });
}

std::unique_ptr<reader> make_reader(const std::string& path, bool rehearsal) {
  return std::make_unique<sqlite_reader>(path, rehearsal);
}

}  // namespace convoke::ledger::sqlite

namespace convoke::ledger {

result<std::unique_ptr<reader>> read_sqlite(const std::string& path) {
  auto made = std::make_unique<sqlite::sqlite_reader>(sqlite::true_name(path));
  if (auto opened = made->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<reader>(std::move(made));
}

}  // namespace convoke::ledger

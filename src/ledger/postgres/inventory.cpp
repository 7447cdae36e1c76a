// The inventory of a PostgreSQL ledger for `ledger copy`.

#include "ledger/inventory.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/inventory_sql.hpp"
#include "ledger/postgres/pipeline.hpp"
#include "ledger/postgres/row.hpp"
#include "ledger/postgres/tables.hpp"
#include "ledger/stored.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::int64_t page_keys = 1024;
constexpr auto patience = std::chrono::seconds(30);  // with a server that is restarted or fails over

class postgres_inventory final : public inventory_access {
 public:
  explicit postgres_inventory(connect_options options) : at_(std::move(options)) {}

  result<void> check_idle() override;
  result<std::uint64_t> count_keys() override;
  result<inventory_page> read_keys(key_id after) override;
  result<std::vector<std::optional<inventory_key>>> find_keys(std::span<const digest> hashes, std::vector<lane_name>& lanes) override;
  result<remembered> read_memory() override;
  result<void> add_keys(const inventory_page& page, std::span<const digest> hashes) override;
  result<void> add_memory(const remembered& what) override;

 private:
  // `f`, again after a connection was lost.
  template <class T>
  [[nodiscard]] result<T> attempt(const std::function<outcome_of<T>(connection&)>& f);
  // As one transaction. What `f` does must be the same when it is done twice: a commit can be in doubt.
  [[nodiscard]] result<void> change(const std::function<outcome_of<void>(connection&)>& f);
  [[nodiscard]] outcome_of<lane_name> lane_of(connection& c, std::int64_t id);
  [[nodiscard]] outcome_of<numbers> lane_numbers(connection& c, const std::vector<lane_name>& lanes);
  [[nodiscard]] outcome_of<void> insert_keys(connection& c, const inventory_page& page, std::span<const digest> hashes);
  [[nodiscard]] outcome_of<void> insert_memory(connection& c, const remembered& what);

  connector at_;
  std::map<std::int64_t, lane_name> lanes_;
};

template <class T>
result<T> postgres_inventory::attempt(const std::function<outcome_of<T>(connection&)>& f) {
  const auto give_up = clock::now() + patience;
  for (;;) {
    auto c = at_.get(give_up);
    if (!c) return std::unexpected(c.error().to_error());
    auto done = f(**c);
    if (done) {
      if constexpr (std::is_void_v<T>) {
        return {};
      } else {
        return std::move(*done);
      }
    }
    (*c)->roll_back();
    const auto kind = done.error().kind;
    if ((kind != fault::lost && kind != fault::again) || clock::now() >= give_up) return std::unexpected(done.error().to_error());
    if (kind == fault::again) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

result<void> postgres_inventory::change(const std::function<outcome_of<void>(connection&)>& f) {
  return attempt<void>([&](connection& c) -> outcome_of<void> {
    if (auto begun = c.begin(); !begun) return begun;
    // As a plan: no worker writes meanwhile, and no other copy.
    const auto locked = c.run("SELECT pg_advisory_xact_lock($1::int, $2::int)", params().with(lock_class).with(lock_writes));
    if (!locked) return std::unexpected(locked.error());
    if (auto done = f(c); !done) return done;
    return c.commit();
  });
}

result<void> postgres_inventory::check_idle() {
  const auto found = attempt<rows>([](connection& c) {
    return c.run(
        "SELECT (SELECT count(*) FROM convoke.session WHERE expires_at > clock_timestamp()), (SELECT string_agg(id::text, ', ' ORDER BY "
        "id) "
        "FROM convoke.run WHERE state = 2 AND EXISTS(SELECT FROM convoke.owed WHERE owed.run = run.id))");
  });
  if (!found) return std::unexpected(found.error());
  const auto ledger = shown_ledger(at_.options().url);
  if (found->integer(0, 0) != 0) {
    return fail(errc::busy, "processes are carrying out runs of the ledger " + ledger + ": " + std::to_string(found->integer(0, 0)) +
                                " sessions are live. Stop them, or wait until they have ended; `convoke status` lists them");
  }
  if (!found->null(0, 1)) return runs_owe(std::string(found->text(0, 1)), ledger);
  return {};
}

result<std::uint64_t> postgres_inventory::count_keys() {
  const auto found = attempt<rows>([](connection& c) { return c.run("SELECT count(*) FROM convoke.inventory"); });
  if (!found) return std::unexpected(found.error());
  return found->as<std::uint64_t>(0, 0);
}

outcome_of<lane_name> postgres_inventory::lane_of(connection& c, std::int64_t id) {
  if (const auto known = lanes_.find(id); known != lanes_.end()) return known->second;
  const auto found = c.run("SELECT graph_root, tenant, app FROM convoke.lane WHERE id = $1", params().with(id));
  if (!found) return std::unexpected(found.error());
  lane_name name;
  if (!found->empty()) name = {std::string(found->text(0, 0)), std::string(found->text(0, 1)), std::string(found->text(0, 2))};
  return lanes_.emplace(id, std::move(name)).first->second;
}

result<inventory_page> postgres_inventory::read_keys(key_id after) {
  return attempt<inventory_page>([&](connection& c) -> outcome_of<inventory_page> {
    const auto found = c.run(next_keys.c_str(), params().with(after).with(page_keys));
    if (!found) return std::unexpected(found.error());
    inventory_page out;
    for (int i = 0; i < found->size(); ++i) {
      auto lane = lane_of(c, found->integer(i, 1));
      if (!lane) return std::unexpected(std::move(lane.error()));
      auto& key = out.keys.emplace_back(read_inventory_key(row_view(*found, i)));
      key.lane = place_in(out.lanes, std::move(*lane));
    }
    return out;
  });
}

result<std::vector<std::optional<inventory_key>>> postgres_inventory::find_keys(std::span<const digest> hashes,
                                                                                std::vector<lane_name>& lanes) {
  using keys = std::vector<std::optional<inventory_key>>;
  const std::vector<digest_bytes> bytes(hashes.begin(), hashes.end());
  return attempt<keys>([&](connection& c) -> outcome_of<keys> {
    const auto found = c.run(keys_with_hashes.c_str(), params().many_bytes(views(bytes)));
    if (!found) return std::unexpected(found.error());
    keys out(hashes.size());
    for (int i = 0; i < found->size(); ++i) {
      auto lane = lane_of(c, found->integer(i, 1));
      if (!lane) return std::unexpected(std::move(lane.error()));
      auto& key = out[found->as<std::size_t>(i, place_column) - 1].emplace(read_inventory_key(row_view(*found, i)));
      key.lane = place_in(lanes, std::move(*lane));
    }
    return out;
  });
}

result<remembered> postgres_inventory::read_memory() {
  return attempt<remembered>([&](connection& c) -> outcome_of<remembered> {
    pipeline reads;
    reads.add(running_cooldowns);
    reads.add("SELECT lane, rate, refused, credit, saved_at FROM convoke.learnt ORDER BY lane");
    reads.add(
        "SELECT o.lane, o.object_id, m.month, m.n FROM convoke.made m JOIN convoke.organizer o ON o.id = m.organizer ORDER BY o.id, "
        "m.month");
    const auto found = reads.run(c);
    if (!found) return std::unexpected(found.error());
    remembered out;
    const auto now = os::wall_now();
    for (std::size_t which = 0; which < found->size(); ++which) {
      for (int i = 0; i < (*found)[which].size(); ++i) {
        const row_view row((*found)[which], i);
        auto lane = lane_of(c, row.integer(0));
        if (!lane) return std::unexpected(std::move(lane.error()));
        if (which == 0)
          out.cooldowns.push_back({*lane, std::string(row.text(1)), now + ticks(row.integer(2)), now - ticks(row.integer(3))});
        if (which == 1)
          out.paces.push_back({*lane, {.rate = row.real(1), .refused = row.real(2), .credit = row.real(3)}, from_stored(row.integer(4))});
        if (which == 2) out.counts.push_back({*lane, std::string(row.text(1)), row.integer(2), row.as<std::uint64_t>(3)});
      }
    }
    return out;
  });
}

outcome_of<numbers> postgres_inventory::lane_numbers(connection& c, const std::vector<lane_name>& lanes) {
  numbers out;
  for (const auto& [root, tenant, app] : lanes) {
    const auto name = params().with(root).with(tenant).with(app);
    const auto made = c.run("INSERT INTO convoke.lane(graph_root, tenant, app) VALUES($1, $2, $3) ON CONFLICT DO NOTHING", name);
    if (!made) return std::unexpected(made.error());
    const auto found = c.run("SELECT id FROM convoke.lane WHERE graph_root = $1 AND tenant = $2 AND app = $3", name);
    if (!found) return std::unexpected(found.error());
    out.push_back(found->integer(0, 0));
  }
  return out;
}

result<void> postgres_inventory::add_keys(const inventory_page& page, std::span<const digest> hashes) {
  const std::vector<digest_bytes> bytes(hashes.begin(), hashes.end());
  return change([&](connection& c) -> outcome_of<void> {
    // The commit of an earlier attempt may have taken effect.
    const auto there = c.run("SELECT count(*) FROM convoke.inventory_key WHERE hash = ANY($1)", params().many_bytes(views(bytes)));
    if (!there) return std::unexpected(there.error());
    if (there->as<std::size_t>(0, 0) == hashes.size()) return {};
    return insert_keys(c, page, hashes);
  });
}

outcome_of<void> postgres_inventory::insert_keys(connection& c, const inventory_page& page, std::span<const digest> hashes) {
  auto run = c.run("SELECT max(id) FROM convoke.run WHERE input_name = $1 AND pruned <> 0", params().with(copy_run_name));
  if (run && run->null(0, 0)) run = c.run(new_run, params().with(copy_run_name).with(to_stored(os::wall_now())));
  if (!run) return std::unexpected(std::move(run.error()));
  const auto id = run->as<run_id>(0, 0);
  const auto lanes = lane_numbers(c, page.lanes);
  if (!lanes) return std::unexpected(lanes.error());
  const auto last = c.run("SELECT coalesce(max(id), $1) FROM convoke.inventory WHERE id BETWEEN $1 AND $2",
                          params().with(first_row(id)).with(last_row(id)));
  if (!last) return std::unexpected(last.error());
  const auto base = last->integer(0, 0);
  const key_columns keys(page, hashes, *lanes);
  const observation_columns seen(page);
  pipeline inserts;
  inserts.add(new_positions).with(id).integers(*lanes);
  inserts.add(new_organizers).integers(keys.lanes).texts(keys.organizers);
  inserts.add(new_feeds).texts(keys.feeds);
  inserts.add(new_records).with(base).with(id).integers(keys.lanes).many_bytes(keys.payloads).integers(keys.rules);
  inserts.add(new_inventory)
      .with(base)
      .integers(keys.lanes)
      .texts(keys.organizers)
      .many_bytes(views(keys.wanted))
      .texts(keys.feeds)
      .integers(keys.ends);
  inserts.add(new_hashes).with(base).many_bytes(views(keys.hashes));
  inserts.add(new_observations)
      .with(base)
      .integers(seen.places)
      .integers(seen.states)
      .integers(seen.pending)
      .many_bytes(seen.compared)
      .integers(seen.observed_at)
      .texts(seen.drift)
      .texts(seen.meeting_id)
      .texts(seen.url)
      .texts(seen.join_id)
      .texts(seen.passcode)
      .texts(seen.dial_in)
      .texts(seen.conference_id)
      .texts(seen.options_url)
      .integers(seen.expires_at);
  const auto done = inserts.run(c);
  if (!done) return std::unexpected(done.error());
  return {};
}

result<void> postgres_inventory::add_memory(const remembered& what) {
  return change([&](connection& c) { return insert_memory(c, what); });
}

outcome_of<void> postgres_inventory::insert_memory(connection& c, const remembered& what) {
  std::vector<lane_name> lanes;
  for (const auto& one : what.cooldowns) (void)place_in(lanes, one.lane);
  for (const auto& one : what.paces) (void)place_in(lanes, one.lane);
  for (const auto& one : what.counts) (void)place_in(lanes, one.lane);
  const auto ids = lane_numbers(c, lanes);
  if (!ids) return std::unexpected(ids.error());
  const auto number = [&](const lane_name& lane) { return (*ids)[place_in(lanes, lane)]; };
  const auto now = os::wall_now();
  numbers owners, lanes_of_counts, months, meetings;
  std::vector<std::string_view> organizers, makers;
  for (const auto& one : what.cooldowns) {
    if (one.organizer.empty()) continue;
    owners.push_back(number(one.lane));
    organizers.emplace_back(one.organizer);
  }
  for (const auto& one : what.counts) {
    owners.push_back(number(one.lane));
    lanes_of_counts.push_back(owners.back());
    organizers.emplace_back(one.organizer);
    makers.emplace_back(one.organizer);
    months.push_back(one.month);
    meetings.push_back(static_cast<std::int64_t>(one.meetings));
  }
  pipeline inserts;
  inserts.add(new_organizers).integers(owners).texts(organizers);
  for (const auto& one : what.cooldowns) {
    inserts.add(new_cooldown).with(number(one.lane)).with(one.organizer).with((one.until - now).count()).with((now - one.saved_at).count());
  }
  for (const auto& one : what.paces) {
    const auto& [rate, refused, credit] = one.learnt;
    inserts.add(new_pace).with(number(one.lane)).with(rate).with(refused).with(credit).with(to_stored(one.saved_at));
  }
  inserts.add(new_counts).integers(lanes_of_counts).texts(makers).integers(months).integers(meetings);
  const auto done = inserts.run(c);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace
}  // namespace convoke::ledger::postgres

namespace convoke::ledger {

result<std::unique_ptr<inventory_access>> open_postgres_inventory(const open_options& options) {
  // Makes the schema where it may, or brings it up to date.
  if (auto made = open_postgres(options); !made) return std::unexpected(std::move(made.error()));
  return std::make_unique<postgres::postgres_inventory>(
      postgres::connect_options{.url = options.path, .application_name = "convoke copy", .interrupted = options.interrupted});
}

}  // namespace convoke::ledger

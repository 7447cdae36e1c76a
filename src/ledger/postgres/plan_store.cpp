#include "ledger/postgres/plan_store.hpp"

#include <algorithm>
#include <utility>

#include <convoke/spec.hpp>

#include "ledger/planning/lanes.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

using os::wall_now;
using integers = std::vector<std::int64_t>;

constexpr std::size_t page_rows = 4096;  // of what is looked up without a page of the caller's

// The values of one column of a page.
template <class Row, class Value>
integers column(std::span<const Row> rows, const Value& value) {
  integers out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(static_cast<std::int64_t>(value(row)));
  return out;
}
template <std::integral T>
integers column(std::span<const T> values) {
  return column(values, [](T value) { return value; });
}

// Digests as the server has them.
class digests {
 public:
  void add(const digest& d) { bytes_ += digest_bytes(d).view(); }
  [[nodiscard]] std::vector<std::string_view> views() const {
    std::vector<std::string_view> out;
    for (std::string_view rest = bytes_; !rest.empty(); rest.remove_prefix(size)) out.push_back(rest.substr(0, size));
    return out;
  }

 private:
  static constexpr std::size_t size = 16;
  std::string bytes_;
};

// The index of an element of an array that was sent, from its ordinality.
std::size_t index(const rows& from, int row) {
  return static_cast<std::size_t>(from.integer(row, 0) - 1);
}

}  // namespace

result<rows> postgres_plan_store::ask(const char* sql, const params& values) {
  auto found = db_.run(sql, values);
  if (!found) return std::unexpected(found.error().to_error());
  return std::move(*found);
}

result<void> postgres_plan_store::change(const char* sql, const params& values) {
  const auto done = ask(sql, values);
  if (!done) return std::unexpected(done.error());
  return {};
}

result<void> postgres_plan_store::number_organizers(std::span<planning::plan_organizer> organizers) {
  // Organizers get numbers in the order of their first rows.
  constexpr auto insert =
      "INSERT INTO convoke.organizer(lane, object_id) SELECT r.lane, w.name FROM unnest($2, $3) WITH ORDINALITY w(place, name, n) "
      "JOIN convoke.run_lane r ON r.run = $1 AND r.position = w.place "
      "WHERE NOT EXISTS(SELECT FROM convoke.organizer o WHERE o.lane = r.lane AND o.object_id = w.name) ORDER BY w.n ON CONFLICT DO "
      "NOTHING";
  constexpr auto find =
      "SELECT w.n, o.id FROM unnest($2, $3) WITH ORDINALITY w(place, name, n) JOIN convoke.run_lane r ON r.run = $1 AND r.position = "
      "w.place "
      "JOIN convoke.organizer o ON o.lane = r.lane AND o.object_id = w.name";
  for (auto left = organizers; !left.empty();) {
    const auto page = left.first(std::min(left.size(), page_rows));
    left = left.subspan(page.size());
    integers lanes;
    std::vector<std::string_view> names;
    for (const auto& o : page) {
      lanes.push_back(o.lane);
      names.push_back(o.object_id);
    }
    const auto values = params().with(run_).integers(lanes).texts(names);
    if (auto done = change(insert, values); !done) return done;
    const auto found = ask(find, values);
    if (!found) return std::unexpected(found.error());
    for (int i = 0; i < found->size(); ++i) page[index(*found, i)].stored = found->as<organizer_id>(i, 1);
  }
  return {};
}

result<void> postgres_plan_store::find_keys(std::span<const digest> keys, std::span<key_id> found) {
  digests hashes;
  for (const auto& key : keys) hashes.add(key);
  const auto known = ask("SELECT w.n, k.id FROM unnest($1) WITH ORDINALITY w(hash, n) JOIN convoke.inventory_key k ON k.hash = w.hash",
                         params().many_bytes(hashes.views()));
  if (!known) return std::unexpected(known.error());
  std::ranges::fill(found, key_id{0});
  for (int i = 0; i < known->size(); ++i) found[index(*known, i)] = known->as<key_id>(i, 1);
  return {};
}

result<void> postgres_plan_store::read_known(std::span<const key_id> keys, std::span<planning::known_key> found) {
  const auto known = ask(
      "SELECT w.n, o.state, o.pending, o.compared_hash, o.meeting_id IS NOT NULL, i.feed, i.ends_at, i.wanted_hash, o.expires_at, o.drift "
      "FROM unnest($1) WITH ORDINALITY w(key, n) LEFT JOIN convoke.observation o ON o.id = w.key "
      "LEFT JOIN convoke.inventory i ON i.id = w.key",
      params().integers(column(keys)));
  if (!known) return std::unexpected(known.error());
  for (int i = 0; i < known->size(); ++i) {
    auto& into = found[index(*known, i)];
    if (!known->null(i, 1)) {
      into.state = static_cast<observed>(known->integer(i, 1));
      into.pending = known->integer(i, 2) != 0;
      into.compared = read_digest(known->text(i, 3));
      into.has_meeting = known->integer(i, 4) != 0;
      if (!known->null(i, 8)) into.expires = from_stored(known->integer(i, 8));
      into.extendable = planning::can_extend(known->text(i, 9));
      into.correctable = planning::can_correct(known->text(i, 9));
    }
    if (known->null(i, 5)) continue;
    into.feed = known->as<planning::feed_id>(i, 5);
    if (!known->null(i, 6)) into.ends = from_stored(known->integer(i, 6));
    into.wanted = read_digest(known->text(i, 7));
  }
  return {};
}

result<void> postgres_plan_store::read_payloads(std::span<const planning::key_row> rows, std::vector<planning::payload_pair>& found) {
  const auto keys = column(rows, [](const auto& row) { return row.key; });
  const auto records = column(rows, [&](const auto& row) { return make_row(run_, row.number); });
  const auto pairs =
      ask("SELECT w.record, f.payload, p.payload FROM unnest($1, $2) WITH ORDINALITY w(key, record, n) "
          "JOIN convoke.inventory i ON i.id = w.key JOIN convoke.record f ON f.id = i.source JOIN convoke.record p ON p.id = w.record "
          "ORDER BY w.n",
          params().integers(keys).integers(records));
  if (!pairs) return std::unexpected(pairs.error());
  found.clear();
  for (int i = 0; i < pairs->size(); ++i) {
    found.push_back(
        {.number = number_of(pairs->as<row_id>(i, 0)), .first = std::string(pairs->text(i, 1)), .row = std::string(pairs->text(i, 2))});
  }
  return {};
}

result<void> postgres_plan_store::read_owed(const planning::owed_place& after, std::size_t count,
                                            std::vector<planning::owed_elsewhere>& found) {
  const auto owed =
      ask("SELECT o.run, o.organizer, o.number, o.call, o.key, o.token, o.session, o.strikes, r.state, CASE WHEN o.duplicates THEN "
          "(SELECT count(*) FROM convoke.duplicate d WHERE d.first = (o.run::bigint << 32 | o.number)) ELSE 0 END, "
          "o.operation, r.kind "
          "FROM convoke.owed o JOIN convoke.run r ON r.id = o.run "
          "WHERE (o.run, o.organizer, o.number) > ($1::int, $2::int, $3::bigint) AND o.run <> $4 ORDER BY o.run, o.organizer, o.number "
          "LIMIT $5",
          params().with(after.run).with(after.organizer).with(after.number).with(run_).with(count));
  if (!owed) return std::unexpected(owed.error());
  found.clear();
  for (int i = 0; i < owed->size(); ++i) {
    const auto token = owed->as<lease_token>(i, 5);
    if (token != 0) sessions_[token] = owed->integer(i, 6);
    found.push_back({.run = owed->as<run_id>(i, 0),
                     .organizer = owed->as<organizer_id>(i, 1),
                     .number = owed->as<std::uint32_t>(i, 2),
                     .call = owed->as<std::uint32_t>(i, 3),
                     .key = owed->as<key_id>(i, 4),
                     .token = token,
                     .strikes = owed->as<std::uint32_t>(i, 7),
                     .duplicates = owed->as<std::uint64_t>(i, 9),
                     .discarded = static_cast<run_state>(owed->integer(i, 8)) == run_state::discarded,
                     .removes = stored_removal(owed->as<int>(i, 10)),
                     .kind = static_cast<run_kind>(owed->integer(i, 11))});
  }
  return {};
}

result<void> postgres_plan_store::read_lanes() {
  if (!lanes_.empty()) return {};
  const auto lanes =
      ask("SELECT l.id, l.graph_root, l.tenant, l.app, r.position FROM convoke.lane l "
          "LEFT JOIN convoke.run_lane r ON r.run = $1 AND r.lane = l.id ORDER BY l.id",
          params().with(run_));
  if (!lanes) return std::unexpected(lanes.error());
  std::vector<planning::known_lane> all;
  for (int i = 0; i < lanes->size(); ++i) {
    all.push_back({.id = lanes->integer(i, 0),
                   .name = {std::string(lanes->text(i, 1)), std::string(lanes->text(i, 2)), std::string(lanes->text(i, 3))},
                   .position = lanes->null(i, 4) ? std::nullopt : std::optional(lanes->as<lane_id>(i, 4))});
  }
  for (const auto& [lane, position] : planning::lanes_of_keys(all)) {
    lanes_.push_back(lane);
    positions_.push_back(position);
  }
  return {};
}

// Of a lane that read_lanes() has found.
lane_id postgres_plan_store::position_of(std::int64_t lane) const {
  const auto found = std::ranges::lower_bound(lanes_, lane);
  return found == lanes_.end() || *found != lane ? 0 : positions_[static_cast<std::size_t>(found - lanes_.begin())];
}

// The organizer of each key is looked up by itself: without statistics of the tables the server can choose to join all keys with all
// organizers, which takes minutes (measured with 200,000 keys of 1,000 organizers).
result<void> postgres_plan_store::read_live(key_id after, utc_time now, std::size_t count, std::vector<planning::live_key>& found) {
  if (auto read = read_lanes(); !read) return read;
  const auto live =
      ask("SELECT i.id, i.source, i.organizer, o.lane, i.feed FROM convoke.inventory i CROSS JOIN LATERAL "
          "(SELECT p.lane FROM convoke.organizer p WHERE p.id = i.organizer LIMIT 1) o "
          "WHERE o.lane = ANY($1) AND i.id > $2 AND (i.ends_at IS NULL OR i.ends_at > $3) ORDER BY i.id LIMIT $4",
          params().integers(lanes_).with(after).with(to_stored(now)).with(count));
  if (!live) return std::unexpected(live.error());
  found.clear();
  for (int i = 0; i < live->size(); ++i) {
    found.push_back({.key = live->as<key_id>(i, 0),
                     .source = live->as<row_id>(i, 1),
                     .organizer = live->as<organizer_id>(i, 2),
                     .lane = position_of(live->integer(i, 3)),
                     .feed = live->as<planning::feed_id>(i, 4)});
  }
  return {};
}

result<void> postgres_plan_store::read_inventory(key_id after, std::size_t count, std::vector<planning::inventory_entry>& found) {
  if (auto read = read_lanes(); !read) return read;
  const auto keys =
      ask("SELECT i.id, o.lane, i.feed, i.ends_at, i.wanted_hash, s.payload, b.state, b.pending, b.compared_hash, "
          "b.meeting_id IS NOT NULL, b.expires_at, b.drift FROM convoke.inventory i CROSS JOIN LATERAL "
          "(SELECT p.lane FROM convoke.organizer p WHERE p.id = i.organizer LIMIT 1) o JOIN convoke.record s ON s.id = i.source "
          "LEFT JOIN convoke.observation b ON b.id = i.id WHERE o.lane = ANY($1) AND i.id > $2 ORDER BY i.id LIMIT $3",
          params().integers(lanes_).with(after).with(count));
  if (!keys) return std::unexpected(keys.error());
  found.clear();
  for (int i = 0; i < keys->size(); ++i) {
    auto& entry = found.emplace_back();
    entry.key = keys->as<key_id>(i, 0);
    entry.lane = position_of(keys->integer(i, 1));
    entry.payload = keys->text(i, 5);
    auto& known = entry.known;
    known.feed = keys->as<planning::feed_id>(i, 2);
    if (!keys->null(i, 3)) known.ends = from_stored(keys->integer(i, 3));
    known.wanted = read_digest(keys->text(i, 4));
    if (keys->null(i, 6)) continue;
    known.state = static_cast<observed>(keys->integer(i, 6));
    known.pending = keys->integer(i, 7) != 0;
    known.compared = read_digest(keys->text(i, 8));
    known.has_meeting = keys->integer(i, 9) != 0;
    if (!keys->null(i, 10)) known.expires = from_stored(keys->integer(i, 10));
    known.extendable = planning::can_extend(keys->text(i, 11));
  }
  return {};
}

result<void> postgres_plan_store::read_states(std::span<const key_id> keys, std::span<planning::seen_key> found) {
  const auto states = ask(
      "SELECT w.n, o.state, o.meeting_id IS NOT NULL FROM unnest($1) WITH ORDINALITY w(key, n) JOIN convoke.observation o ON o.id = w.key",
      params().integers(column(keys)));
  if (!states) return std::unexpected(states.error());
  std::ranges::fill(found, planning::seen_key{});
  for (int i = 0; i < states->size(); ++i)
    found[index(*states, i)] = {.state = static_cast<observed>(states->integer(i, 1)), .has_meeting = states->integer(i, 2) != 0};
  return {};
}

result<void> postgres_plan_store::read_records(std::span<const row_id> records, std::vector<std::string>& found) {
  const auto payloads = ask("SELECT w.n, r.payload FROM unnest($1) WITH ORDINALITY w(id, n) JOIN convoke.record r ON r.id = w.id",
                            params().integers(column(records)));
  if (!payloads) return std::unexpected(payloads.error());
  found.assign(records.size(), {});
  for (int i = 0; i < payloads->size(); ++i) found[index(*payloads, i)] = payloads->text(i, 1);
  return {};
}

result<void> postgres_plan_store::name_keys(std::span<const key_id> keys, std::vector<std::optional<named_key>>& found) {
  const auto payloads =
      ask("SELECT w.n, r.payload FROM unnest($1) WITH ORDINALITY w(key, n) JOIN convoke.inventory i ON i.id = w.key "
          "JOIN convoke.record r ON r.id = i.source",
          params().integers(column(keys)));
  if (!payloads) return std::unexpected(payloads.error());
  found.assign(keys.size(), std::nullopt);
  for (int i = 0; i < payloads->size(); ++i) {
    auto wanted = decode_spec(payloads->text(i, 1));
    if (wanted) found[index(*payloads, i)] = named_key{std::move(wanted->organizer), std::move(wanted->external_id)};
  }
  return {};
}

result<void> postgres_plan_store::name_organizers(std::span<const organizer_id> organizers, std::vector<std::string>& found) {
  const auto names = ask("SELECT w.n, o.object_id FROM unnest($1) WITH ORDINALITY w(id, n) JOIN convoke.organizer o ON o.id = w.id",
                         params().integers(column(organizers)));
  if (!names) return std::unexpected(names.error());
  found.assign(organizers.size(), {});
  for (int i = 0; i < names->size(); ++i) found[index(*names, i)] = names->text(i, 1);
  return {};
}

result<void> postgres_plan_store::count_made(std::span<const organizer_id> organizers, std::span<std::uint64_t> found) {
  const auto made =
      ask("SELECT w.n, m.n FROM unnest($1) WITH ORDINALITY w(id, n) JOIN convoke.made m ON m.organizer = w.id WHERE m.month = $2",
          params().integers(column(organizers)).with(month_of(wall_now())));
  if (!made) return std::unexpected(made.error());
  std::ranges::fill(found, std::uint64_t{0});
  for (int i = 0; i < made->size(); ++i) found[index(*made, i)] = made->as<std::uint64_t>(i, 1);
  return {};
}

}  // namespace convoke::ledger::postgres

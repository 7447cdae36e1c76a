#include "ledger/sqlite/plan_store.hpp"

#include <utility>

#include <convoke/spec.hpp>

#include "ledger/planning/kinds.hpp"
#include "ledger/planning/lanes.hpp"
#include "ledger/sqlite/memory.hpp"

namespace convoke::ledger::sqlite {

using planning::decision;

result<void> sqlite_plan_store::number_organizers(std::span<planning::plan_organizer> organizers) {
  statement insert(db_, "INSERT OR IGNORE INTO organizer(lane, object_id) SELECT lane, ?3 FROM run_lane WHERE run = ?1 AND position = ?2");
  statement find(db_,
                 "SELECT o.id FROM organizer o JOIN run_lane r ON r.lane = o.lane WHERE r.run = ? AND r.position = ? AND o.object_id = ?");
  for (auto& o : organizers) {
    insert.with(run_, o.lane, o.object_id).run();
    if (find.with(run_, o.lane, o.object_id).step()) o.stored = find.as<organizer_id>(0);
    find.reset();
  }
  return db_.status();
}

result<planning::feed_id> sqlite_plan_store::number_feed(std::string_view name) {
  statement insert(db_, "INSERT OR IGNORE INTO feed(name) VALUES(?)");
  insert.with(name).run();
  statement find(db_, "SELECT id FROM feed WHERE name = ?");
  const auto number = find.with(name).step() ? find.as<planning::feed_id>(0) : planning::no_feed;
  find.reset();
  if (!db_.ok()) return std::unexpected(db_.failure());
  return number;
}

result<void> sqlite_plan_store::find_keys(std::span<const digest> keys, std::span<key_id> found) {
  for (std::size_t i = 0; i < keys.size(); ++i) found[i] = keys_.find(keys[i]) ? keys_.row().as<key_id>(1) : 0;
  return db_.status();
}

result<void> sqlite_plan_store::read_known(std::span<const key_id> keys, std::span<planning::known_key> found) {
  for (std::size_t i = 0; i < keys.size(); ++i) read_one(keys[i], found[i]);
  // It is written to between the pages.
  wanted_side_.close();
  return db_.status();
}

void sqlite_plan_store::read_one(key_id key, planning::known_key& into) {
  if (observed_.find(key)) {
    const auto& row = observed_.row();
    into.state = static_cast<observed>(row.integer(1));
    into.pending = row.integer(2) != 0;
    into.compared = read_digest(row.text(3));
    into.has_meeting = row.integer(4) != 0;
    if (!row.null(5)) into.expires = from_stored(row.integer(5));
    into.extendable = planning::can_extend(row.text(6));
    into.correctable = planning::can_correct(row.text(6));
  }
  if (!wanted_side_.find(key)) return;
  const auto& row = wanted_side_.row();
  into.feed = row.as<planning::feed_id>(1);
  if (!row.null(2)) into.ends = from_stored(row.integer(2));
  into.wanted = read_digest(row.text(3));
}

result<void> sqlite_plan_store::read_payloads(std::span<const planning::key_row> rows, std::vector<planning::payload_pair>& found) {
  found.clear();
  for (const auto& [key, number] : rows) {
    if (wanted_payload_.with(key).step() && payload_.with(make_row(run_, number)).step()) {
      found.push_back({.number = number, .first = std::string(wanted_payload_.text(0)), .row = std::string(payload_.text(0))});
    }
    wanted_payload_.reset();
    payload_.reset();
  }
  return db_.status();
}

result<void> sqlite_plan_store::read_owed(const planning::owed_place& after, std::size_t count,
                                          std::vector<planning::owed_elsewhere>& found) {
  // They are sought again where keys are looked up later.
  keys_.close();
  observed_.close();
  found.clear();
  for (owed_.with(after.run, after.organizer, after.number, run_, count); owed_.step();) {
    auto& row = found.emplace_back(planning::owed_elsewhere{.run = owed_.as<run_id>(0),
                                                            .organizer = owed_.as<organizer_id>(1),
                                                            .number = owed_.as<std::uint32_t>(2),
                                                            .call = owed_.as<std::uint32_t>(3),
                                                            .key = owed_.as<key_id>(4),
                                                            .token = owed_.as<lease_token>(5),
                                                            .strikes = owed_.as<std::uint32_t>(6),
                                                            .discarded = static_cast<run_state>(owed_.integer(8)) == run_state::discarded,
                                                            .removes = stored_removal(owed_.as<int>(9)),
                                                            .kind = static_cast<run_kind>(owed_.integer(10))});
    if (owed_.integer(7) == 0) continue;
    if (duplicates_.with(make_row(row.run, row.number)).step()) row.duplicates = duplicates_.as<std::uint64_t>(0);
    duplicates_.reset();
  }
  return db_.status();
}

// The organizers whose keys the run is about, with the positions of the lanes in which it calls them, by number.
void sqlite_plan_store::read_lanes() {
  statement lanes(db_,
                  "SELECT l.id, l.graph_root, l.tenant, l.app, r.position FROM lane l LEFT JOIN run_lane r ON r.run = ? AND r.lane = l.id");
  std::vector<planning::known_lane> all;
  for (lanes.with(run_); lanes.step();) {
    all.push_back({.id = lanes.integer(0),
                   .name = {std::string(lanes.text(1)), std::string(lanes.text(2)), std::string(lanes.text(3))},
                   .position = lanes.null(4) ? std::nullopt : std::optional(lanes.as<lane_id>(4))});
  }
  statement organizers(db_, "SELECT id FROM organizer WHERE lane = ?");
  lanes_.emplace();
  for (const auto& [lane, position] : planning::lanes_of_keys(all)) {
    for (organizers.with(lane); organizers.step();) lanes_->emplace(organizers.as<organizer_id>(0), position);
    organizers.reset();
  }
}

result<void> sqlite_plan_store::read_live(key_id after, utc_time now, std::size_t count, std::vector<planning::live_key>& found) {
  if (!lanes_) read_lanes();
  found.clear();
  auto lane = lanes_->end();
  organizer_id last = 0;  // keys that a run added stand together by organizer
  for (live_.with(after, to_stored(now)); found.size() < count && live_.step();) {
    const auto organizer = live_.as<organizer_id>(1);
    if (organizer != last) lane = lanes_->find(organizer);
    last = organizer;
    if (lane == lanes_->end()) continue;
    found.push_back({.key = live_.as<key_id>(0),
                     .source = live_.as<row_id>(2),
                     .organizer = organizer,
                     .lane = lane->second,
                     .feed = live_.as<planning::feed_id>(3)});
  }
  live_.reset();
  return db_.status();
}

result<void> sqlite_plan_store::read_inventory(key_id after, std::size_t count, std::vector<planning::inventory_entry>& found) {
  if (!lanes_) read_lanes();
  statement keys(db_,
                 "SELECT i.id, i.organizer, i.feed, i.ends_at, i.wanted_hash, r.payload, b.state, b.pending, b.compared_hash, "
                 "b.meeting_id IS NOT NULL, b.expires_at, b.drift FROM inventory i JOIN record r ON r.id = i.source "
                 "LEFT JOIN observation b ON b.id = i.id WHERE i.id > ? ORDER BY i.id");
  found.clear();
  for (keys.with(after); found.size() < count && keys.step();) {
    const auto lane = lanes_->find(keys.as<organizer_id>(1));
    if (lane == lanes_->end()) continue;
    auto& entry = found.emplace_back();
    entry.key = keys.as<key_id>(0);
    entry.lane = lane->second;
    entry.payload = keys.text(5);
    auto& known = entry.known;
    known.feed = keys.as<planning::feed_id>(2);
    if (!keys.null(3)) known.ends = from_stored(keys.integer(3));
    known.wanted = read_digest(keys.text(4));
    if (keys.null(6)) continue;
    known.state = static_cast<observed>(keys.integer(6));
    known.pending = keys.integer(7) != 0;
    known.compared = read_digest(keys.text(8));
    known.has_meeting = keys.integer(9) != 0;
    if (!keys.null(10)) known.expires = from_stored(keys.integer(10));
    known.extendable = planning::can_extend(keys.text(11));
  }
  keys.reset();
  return db_.status();
}

result<void> sqlite_plan_store::read_states(std::span<const key_id> keys, std::span<planning::seen_key> found) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    found[i] = {};
    if (!observed_.find(keys[i])) continue;
    found[i] = {.state = static_cast<observed>(observed_.row().integer(1)), .has_meeting = observed_.row().integer(4) != 0};
  }
  return db_.status();
}

result<void> sqlite_plan_store::read_records(std::span<const row_id> records, std::vector<std::string>& found) {
  found.assign(records.size(), {});
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records_.find(records[i])) found[i] = records_.row().text(1);
  }
  records_.close();
  return db_.status();
}

result<void> sqlite_plan_store::name_keys(std::span<const key_id> keys, std::vector<std::optional<named_key>>& found) {
  found.assign(keys.size(), std::nullopt);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (wanted_payload_.with(keys[i]).step()) {
      auto wanted = decode_spec(wanted_payload_.text(0));
      if (wanted) found[i] = named_key{std::move(wanted->organizer), std::move(wanted->external_id)};
    }
    wanted_payload_.reset();
  }
  return db_.status();
}

result<void> sqlite_plan_store::name_organizers(std::span<const organizer_id> organizers, std::vector<std::string>& found) {
  statement name(db_, "SELECT object_id FROM organizer WHERE id = ?");
  found.assign(organizers.size(), {});
  for (std::size_t i = 0; i < organizers.size(); ++i) {
    if (name.with(organizers[i]).step()) found[i] = name.text(0);
    name.reset();
  }
  return db_.status();
}

result<void> sqlite_plan_store::count_made(std::span<const organizer_id> organizers, std::span<std::uint64_t> found) {
  statement made(db_, find_made);
  const auto now = wall_now();
  for (std::size_t i = 0; i < organizers.size(); ++i) found[i] = made_in_month(made, organizers[i], now);
  return db_.status();
}

result<void> sqlite_plan_store::write_payloads(std::span<const planning::row_payload> rows) {
  for (const auto& [number, payload] : rows) rewrite_.with(blob(payload), make_row(run_, number)).run();
  return db_.status();
}

result<void> sqlite_plan_store::write_copies(std::span<const planning::inventory_row_copy> rows) {
  statement copy(db_,
                 "INSERT INTO record(id, lane, raw, payload, update_rule, line) SELECT ?1, ?2, x'', r.payload, ?3, 0 "
                 "FROM inventory i JOIN record r ON r.id = i.source WHERE i.id = ?4");
  for (const auto& row : rows) copy.with(make_row(run_, row.number), row.lane, static_cast<int>(row.update), row.key).run();
  return db_.status();
}

result<void> sqlite_plan_store::write_inventory_payloads(std::span<const planning::key_row> rows, bool with_settings) {
  statement show(
      db_,
      "UPDATE record SET payload = w.payload, update_rule = record.update_rule | (CASE WHEN ?3 THEN w.update_rule & 2 ELSE 0 END) "
      "FROM (SELECT r.payload, r.update_rule FROM inventory i JOIN record r ON r.id = i.source WHERE i.id = ?2) w "
      "WHERE record.id = ?1");
  for (const auto& [key, number] : rows) show.with(make_row(run_, number), key, with_settings).run();
  return db_.status();
}

result<void> sqlite_plan_store::add_to_rows(std::uint64_t rows) {
  statement add(db_, "UPDATE run SET rows = rows + ? WHERE id = ?");
  add.with(rows, run_).run();
  return db_.status();
}

result<void> sqlite_plan_store::write_wanted(std::span<const planning::wanted_row> rows) {
  for (const auto& row : rows) replace_wanted(row);
  return db_.status();
}

result<void> sqlite_plan_store::write_feeds(std::span<const planning::feed_row> rows) {
  for (const auto& row : rows) belong_.with(row.feed, to_stored(row.ends), row.key).run();
  return db_.status();
}

void sqlite_plan_store::replace_wanted(const planning::wanted_row& row) {
  const digest_bytes hash(row.payload);
  const auto before = source_.with(row.key).step() ? std::optional(source_.as<row_id>(0)) : std::nullopt;
  source_.reset();
  want_.with(make_row(run_, row.number), blob(hash.view()), row.key).run();
  if (before) forget_source_.with(*before).run();
  mark_pending_.with(row.pending, row.key).run();
}

result<void> sqlite_plan_store::write_decisions(std::span<const planning::decided_row> rows) {
  for (const auto& row : rows) write_one(row);
  return db_.status();
}

void sqlite_plan_store::write_one(const planning::decided_row& row) {
  const auto id = make_row(run_, row.number);
  switch (row.what) {
    case decision::invalid:
      // The record has the reason.
      return outcomes_.decided(id, outcome::rejected, "invalid", {}, {});
    case decision::conflict:
      decide_.with(id, std::nullopt, row.organizer, std::nullopt).run();
      return outcomes_.decided(id, outcome::rejected, "conflict", row.why, {});
    case decision::unchanged:
      decide_.with(id, row.key, row.organizer, std::nullopt).run();
      return outcomes_.decided(id, outcome::unchanged, {}, {}, {});
    case decision::drifted: {
      decide_.with(id, row.key, row.organizer, std::nullopt).run();
      const bool seen = drift_.with(row.key).step();
      outcomes_.decided(id, outcome::drifted, {}, {}, seen ? drift_.text(0) : std::string_view());
      return drift_.reset();
    }
    case decision::gone:
      decide_.with(id, row.key, row.organizer, std::nullopt).run();
      return outcomes_.decided(id, outcome::removed, {}, {}, {});
    case decision::unknown:
    case decision::other_feed:
    case decision::left_out: {
      const bool known = row.key != 0;
      decide_.with(id, known ? std::optional(row.key) : std::nullopt, row.organizer, std::nullopt).run();
      return outcomes_.decided(id, outcome::failed, planning::code_of(row.what), row.why, {});
    }
    case decision::duplicate:
      return duplicate_.with(make_row(run_, row.first), id).run();
    case decision::call:
      return;  // written with its number, see write_call_decisions
  }
}

result<void> sqlite_plan_store::write_calls(std::span<const planning::planned_call> calls) {
  for (const auto& call : calls) {
    const digest_bytes hash(call.payload);
    if (call.is_new) {
      add_key_.with(call.key, call.organizer, make_row(run_, call.number), blob(hash.view()), call.feed, to_stored(call.ends)).run();
    }
    owe_.with(run_, call.organizer, call.number, call.key, call.inherited.token, call.inherited.strikes, call.has_duplicates, call.call,
              blob(hash.view()), stored_operation(call))
        .run();
    // It may be deleted as soon as the plan is committed: a later plan that wants it owes a call.
    if (call.op == operation::remove && !call.waits) doubt_.with(call.key).run();
  }
  return db_.status();
}

result<void> sqlite_plan_store::write_new_keys(std::span<const planning::new_key> keys) {
  for (const auto& key : keys) {
    const digest_bytes hash(key.hash);
    index_key_.with(blob(hash.view()), key.id).run();
  }
  return db_.status();
}

result<void> sqlite_plan_store::write_call_decisions(std::span<const planning::numbered_row> rows) {
  for (const auto& row : rows) {
    decide_.with(make_row(run_, row.number), row.key, row.organizer, outcome_id_of_call(run_, row.call)).run();
  }
  return db_.status();
}

result<void> sqlite_plan_store::write_duplicates() {
  statement duplicates(
      db_,
      "INSERT INTO decision(id, key, organizer) SELECT t.id, d.key, d.organizer FROM duplicate t JOIN decision d ON d.id = t.first "
      "WHERE t.first BETWEEN ? AND ? ORDER BY t.id");
  duplicates.with(first_row(run_), last_row(run_)).run();
  return db_.status();
}

result<void> sqlite_plan_store::write_superseded(std::span<const planning::owed_elsewhere> rows, utc_time when) {
  for (const auto& row : rows) {
    if (!row.discarded) {
      outcomes_.superseded({.row = make_row(row.run, row.number),
                            .outcome_id = outcome_id_of_call(row.run, row.call),
                            .key = row.key,
                            .duplicates = row.duplicates},
                           run_, when);
    }
    drop_.with(row.run, row.organizer, row.number).run();
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || rows[i].run != rows[i - 1].run) finish_.with(to_stored(when), rows[i].run).run();
  }
  return db_.status();
}

}  // namespace convoke::ledger::sqlite

// The writes of a plan: see plan_store.hpp.

#include <algorithm>
#include <utility>

#include "ledger/planning/kinds.hpp"
#include "ledger/postgres/plan_store.hpp"

namespace convoke::ledger::postgres {
namespace {

using planning::decision;
using integers = std::vector<std::int64_t>;
using texts = std::vector<std::optional<std::string_view>>;

std::vector<std::string_view> views(const std::vector<digest_bytes>& hashes) {
  std::vector<std::string_view> out;
  for (const auto& hash : hashes) out.push_back(hash.view());
  return out;
}

std::int64_t signed_id(row_id id) {
  return static_cast<std::int64_t>(id);
}

std::optional<std::string_view> or_null(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

result<void> postgres_plan_store::change(pipeline& statements) {
  const auto done = statements.size() == 0 ? outcome_of<std::vector<rows>>() : statements.run(db_);
  if (!done) return std::unexpected(done.error().to_error());
  return {};
}

result<planning::feed_id> postgres_plan_store::number_feed(std::string_view name) {
  const auto values = params().with(name);
  const auto added = change(
      "INSERT INTO convoke.feed(name) SELECT $1 WHERE NOT EXISTS(SELECT FROM convoke.feed WHERE name = $1) ON CONFLICT DO NOTHING", values);
  if (!added) return std::unexpected(added.error());
  const auto found = ask("SELECT id FROM convoke.feed WHERE name = $1", values);
  if (!found) return std::unexpected(found.error());
  return found->empty() ? planning::no_feed : found->as<planning::feed_id>(0, 0);
}

result<void> postgres_plan_store::write_payloads(std::span<const planning::row_payload> rows) {
  integers ids;
  std::vector<std::string_view> payloads;
  for (const auto& [number, payload] : rows) {
    ids.push_back(signed_id(make_row(run_, number)));
    payloads.push_back(payload);
  }
  return change("UPDATE convoke.record r SET payload = w.payload FROM unnest($1, $2) w(id, payload) WHERE r.id = w.id",
                params().integers(ids).many_bytes(payloads));
}

result<void> postgres_plan_store::write_copies(std::span<const planning::inventory_row_copy> rows) {
  integers ids, lanes, rules, keys;
  for (const auto& row : rows) {
    ids.push_back(signed_id(make_row(run_, row.number)));
    lanes.push_back(row.lane);
    rules.push_back(static_cast<int>(row.update));
    keys.push_back(signed_id(row.key));
  }
  return change(
      "INSERT INTO convoke.record(id, lane, raw, payload, update_rule, line) SELECT w.id, w.lane, ''::bytea, s.payload, w.rule, 0 "
      "FROM unnest($1, $2, $3, $4) w(id, lane, rule, key) JOIN convoke.inventory i ON i.id = w.key "
      "JOIN convoke.record s ON s.id = i.source",
      params().integers(ids).integers(lanes).integers(rules).integers(keys));
}

result<void> postgres_plan_store::write_inventory_payloads(std::span<const planning::key_row> rows, bool with_settings) {
  integers ids, keys;
  for (const auto& [key, number] : rows) {
    ids.push_back(signed_id(make_row(run_, number)));
    keys.push_back(signed_id(key));
  }
  return change(
      "UPDATE convoke.record r SET payload = s.payload, update_rule = r.update_rule | CASE WHEN $3 THEN s.update_rule & 2 ELSE 0 END "
      "FROM unnest($1, $2) w(id, key) JOIN convoke.inventory i ON i.id = w.key JOIN convoke.record s ON s.id = i.source WHERE r.id = w.id",
      params().integers(ids).integers(keys).with(with_settings));
}

result<void> postgres_plan_store::add_to_rows(std::uint64_t rows) {
  return change("UPDATE convoke.run SET rows = rows + $1 WHERE id = $2", params().with(rows).with(run_));
}

result<void> postgres_plan_store::write_wanted(std::span<const planning::wanted_row> rows) {
  integers keys, sources, pending;
  std::vector<digest_bytes> hashes;
  for (const auto& row : rows) {
    keys.push_back(signed_id(row.key));
    sources.push_back(signed_id(make_row(run_, row.number)));
    hashes.emplace_back(row.payload);
    pending.push_back(row.pending ? 1 : 0);
  }
  pipeline all;
  // Only of a run that was pruned: its record was kept for the inventory alone.
  all.add(
         "DELETE FROM convoke.record r USING unnest($1) w(key), convoke.inventory i, convoke.run o "
         "WHERE i.id = w.key AND r.id = i.source AND r.raw IS NULL AND o.id = r.id >> 32 AND o.pruned <> 0")
      .integers(keys);
  all.add(
         "UPDATE convoke.inventory i SET source = w.source, wanted_hash = w.hash FROM unnest($1, $2, $3) w(key, source, hash) "
         "WHERE i.id = w.key")
      .integers(keys)
      .integers(sources)
      .many_bytes(views(hashes));
  all.add("UPDATE convoke.observation o SET pending = w.pending <> 0 FROM unnest($1, $2) w(key, pending) WHERE o.id = w.key")
      .integers(keys)
      .integers(pending);
  return change(all);
}

result<void> postgres_plan_store::write_feeds(std::span<const planning::feed_row> rows) {
  integers keys, feeds, ends;
  for (const auto& row : rows) {
    keys.push_back(signed_id(row.key));
    feeds.push_back(row.feed);
    ends.push_back(to_stored(row.ends));
  }
  return change(
      "UPDATE convoke.inventory i SET feed = w.feed, ends_at = w.ends FROM unnest($1, $2, $3) w(key, feed, ends) WHERE i.id = w.key",
      params().integers(keys).integers(feeds).integers(ends));
}

// Outcomes with what the decisions say, and for a drifted row with the differences that were observed of its key.
void postgres_plan_store::add_decided(pipeline& to, std::span<const planning::decided_row> rows) {
  integers ids, outcomes;
  std::vector<std::optional<std::int64_t>> drifted;
  texts codes, reasons;
  const auto add = [&](const planning::decided_row& row, outcome o, std::string_view code) {
    ids.push_back(signed_id(make_row(run_, row.number)));
    outcomes.push_back(static_cast<int>(o));
    codes.push_back(or_null(code));
    reasons.push_back(or_null(row.why));
    drifted.push_back(o == outcome::drifted ? std::optional(signed_id(row.key)) : std::nullopt);
    ++counts_[o];
  };
  for (const auto& row : rows) {
    if (row.what == decision::invalid) add(row, outcome::rejected, "invalid");  // the record has the reason
    if (row.what == decision::conflict) add(row, outcome::rejected, "conflict");
    if (row.what == decision::unchanged) add(row, outcome::unchanged, {});
    if (row.what == decision::drifted) add(row, outcome::drifted, {});
    if (row.what == decision::gone) add(row, outcome::removed, {});
    if (const auto code = planning::code_of(row.what); !code.empty()) add(row, outcome::failed, code);
  }
  if (ids.empty()) return;
  to.add(
        "INSERT INTO convoke.outcome(id, outcome, error_code, error_message, drift) SELECT w.id, w.outcome, w.code, w.why, o.drift "
        "FROM unnest($1, $2, $3, $4, $5) w(id, outcome, code, why, key) LEFT JOIN convoke.observation o ON o.id = w.key ORDER BY w.id")
      .integers(ids)
      .integers(outcomes)
      .texts(codes)
      .texts(reasons)
      .integers(drifted);
}

result<void> postgres_plan_store::write_decisions(std::span<const planning::decided_row> rows) {
  integers ids, organizers, firsts, duplicates;
  std::vector<std::optional<std::int64_t>> keys;
  for (const auto& row : rows) {
    const auto id = signed_id(make_row(run_, row.number));
    if (row.what == decision::duplicate) {
      firsts.push_back(signed_id(make_row(run_, row.first)));
      duplicates.push_back(id);
    } else if (row.what != decision::invalid && row.what != decision::call) {
      ids.push_back(id);
      keys.push_back(row.key == 0 ? std::nullopt : std::optional(signed_id(row.key)));
      organizers.push_back(row.organizer);
    }
    // A call is written with its number, see write_call_decisions.
  }
  pipeline all;
  if (!ids.empty()) {
    all.add("INSERT INTO convoke.decision(id, key, organizer) SELECT * FROM unnest($1, $2, $3)")
        .integers(ids)
        .integers(keys)
        .integers(organizers);
  }
  if (!duplicates.empty()) {
    all.add("INSERT INTO convoke.duplicate(first, id) SELECT * FROM unnest($1, $2)").integers(firsts).integers(duplicates);
  }
  add_decided(all, rows);
  return change(all);
}

result<void> postgres_plan_store::write_calls(std::span<const planning::planned_call> calls) {
  integers new_keys, organizers_of_new, sources, feeds, ends, removed;
  std::vector<digest_bytes> wanted, hashes;
  integers organizers, numbers, keys, tokens, sessions, strikes, duplicates, names, operations;
  for (const auto& call : calls) {
    const auto key = signed_id(call.key);
    if (call.is_new) {
      new_keys.push_back(key);
      organizers_of_new.push_back(call.organizer);
      sources.push_back(signed_id(make_row(run_, call.number)));
      wanted.emplace_back(call.payload);
      feeds.push_back(call.feed);
      ends.push_back(to_stored(call.ends));
    }
    organizers.push_back(call.organizer);
    numbers.push_back(call.number);
    keys.push_back(key);
    const auto held = sessions_.find(call.inherited.token);
    tokens.push_back(static_cast<std::int64_t>(call.inherited.token));
    sessions.push_back(held == sessions_.end() ? 0 : held->second);
    strikes.push_back(call.inherited.strikes);
    duplicates.push_back(call.has_duplicates ? 1 : 0);
    names.push_back(call.call);
    hashes.emplace_back(call.payload);
    operations.push_back(stored_operation(call));
    if (call.op == operation::remove && !call.waits) removed.push_back(key);
  }
  pipeline all;
  // They may be deleted as soon as the plan is committed: a later plan that wants one of them owes a call.
  if (!removed.empty()) all.add("UPDATE convoke.observation SET state = 6 WHERE id = ANY($1)").integers(removed);
  if (!new_keys.empty()) {
    all.add("INSERT INTO convoke.inventory(id, organizer, source, wanted_hash, feed, ends_at) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)")
        .integers(new_keys)
        .integers(organizers_of_new)
        .integers(sources)
        .many_bytes(views(wanted))
        .integers(feeds)
        .integers(ends);
  }
  all.add(
         "INSERT INTO convoke.owed(run, organizer, number, key, token, session, strikes, duplicates, call, hash, operation) "
         "SELECT $1, organizer, number, key, token, session, strikes, duplicates <> 0, call, hash, operation "
         "FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
         "w(organizer, number, key, token, session, strikes, duplicates, call, hash, operation)")
      .with(run_)
      .integers(organizers)
      .integers(numbers)
      .integers(keys)
      .integers(tokens)
      .integers(sessions)
      .integers(strikes)
      .integers(duplicates)
      .integers(names)
      .many_bytes(views(hashes))
      .integers(operations);
  return change(all);
}

result<void> postgres_plan_store::write_new_keys(std::span<const planning::new_key> keys) {
  std::vector<digest_bytes> hashes;
  integers ids;
  for (const auto& key : keys) {
    hashes.emplace_back(key.hash);
    ids.push_back(signed_id(key.id));
  }
  return change("INSERT INTO convoke.inventory_key(hash, id) SELECT * FROM unnest($1, $2)",
                params().many_bytes(views(hashes)).integers(ids));
}

result<void> postgres_plan_store::write_call_decisions(std::span<const planning::numbered_row> rows) {
  integers ids, keys, organizers, outcomes;
  for (const auto& row : rows) {
    ids.push_back(signed_id(make_row(run_, row.number)));
    keys.push_back(signed_id(row.key));
    organizers.push_back(row.organizer);
    outcomes.push_back(signed_id(outcome_id_of_call(run_, row.call)));
  }
  return change("INSERT INTO convoke.decision(id, key, organizer, outcome_id) SELECT * FROM unnest($1, $2, $3, $4)",
                params().integers(ids).integers(keys).integers(organizers).integers(outcomes));
}

result<void> postgres_plan_store::write_duplicates() {
  return change(
      "INSERT INTO convoke.decision(id, key, organizer) SELECT t.id, d.key, d.organizer FROM convoke.duplicate t "
      "JOIN convoke.decision d ON d.id = t.first WHERE t.first BETWEEN $1 AND $2 ORDER BY t.id",
      params().with(first_row(run_)).with(last_row(run_)));
}

result<void> postgres_plan_store::write_superseded(std::span<const planning::owed_elsewhere> rows, utc_time when) {
  integers calls, first, runs, organizers, numbers;
  for (const auto& row : rows) {
    runs.push_back(row.run);
    organizers.push_back(row.organizer);
    numbers.push_back(row.number);
    if (row.discarded) continue;
    calls.push_back(signed_id(outcome_id_of_call(row.run, row.call)));
    if (row.duplicates > 0) first.push_back(signed_id(make_row(row.run, row.number)));
  }
  pipeline all;
  all.add(
         "WITH ended AS (INSERT INTO convoke.outcome(id, outcome, attempts, http_status, error_message, finished_at) "
         "SELECT id, $3, 0, 0, $4, $5 FROM (SELECT id FROM unnest($1) c(id) UNION ALL "
         "SELECT d.id FROM unnest($2) f(id) JOIN convoke.duplicate d ON d.first = f.id) taken RETURNING id) "
         "INSERT INTO convoke.tally(run, outcome, n) SELECT (id >> 32)::int, $3, count(*) FROM ended GROUP BY 1 ORDER BY 1 "
         "ON CONFLICT (run, outcome, slot) DO UPDATE SET n = tally.n + excluded.n")
      .integers(calls)
      .integers(first)
      .with(static_cast<int>(outcome::superseded))
      .with("run " + std::to_string(run_) + " took it over")
      .with(to_stored(when));
  all.add(
         "DELETE FROM convoke.owed o USING unnest($1, $2, $3) w(run, organizer, number) "
         "WHERE o.run = w.run AND o.organizer = w.organizer AND o.number = w.number")
      .integers(runs)
      .integers(organizers)
      .integers(numbers);
  all.add(
         "UPDATE convoke.run r SET state = 3, finished_at = $2 WHERE r.id IN (SELECT unnest($1)) AND r.state = 2 "
         "AND NOT EXISTS(SELECT FROM convoke.owed o WHERE o.run = r.id)")
      .integers(runs)
      .with(to_stored(when));
  return change(all);
}

result<void> postgres_plan_store::write_counts() {
  integers outcomes, counts;
  for (const auto& [what, n] : std::exchange(counts_, {})) {
    outcomes.push_back(static_cast<int>(what));
    counts.push_back(static_cast<std::int64_t>(n));
  }
  if (outcomes.empty()) return {};
  return change(
      "INSERT INTO convoke.tally(run, outcome, n) SELECT $1, * FROM unnest($2, $3) "
      "ON CONFLICT (run, outcome, slot) DO UPDATE SET n = tally.n + excluded.n",
      params().with(run_).integers(outcomes).integers(counts));
}

}  // namespace convoke::ledger::postgres

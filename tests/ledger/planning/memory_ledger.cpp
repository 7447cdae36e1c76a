#include "ledger/planning/memory_ledger.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>

#include <convoke/key.hpp>

namespace convoke::ledger::planning::testing {

void memory_plan_store::check_size(std::size_t size) const {
  BOOST_REQUIRE(size > 0u);
  BOOST_REQUIRE(size <= page_rows_);
}

result<void> memory_plan_store::number_organizers(std::span<plan_organizer> organizers) {
  for (auto& o : organizers) {
    o.stored =
        ledger_.organizers.try_emplace({o.lane, o.object_id}, static_cast<organizer_id>(ledger_.organizers.size() + 1)).first->second;
  }
  return {};
}

result<feed_id> memory_plan_store::number_feed(std::string_view name) {
  BOOST_REQUIRE(!name.empty());
  return ledger_.feeds.try_emplace(std::string(name), static_cast<feed_id>(ledger_.feeds.size() + 1)).first->second;
}

result<void> memory_plan_store::find_keys(std::span<const digest> keys, std::span<key_id> found) {
  check_size(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    BOOST_REQUIRE((!last_digest_ || *last_digest_ < keys[i]));
    last_digest_ = keys[i];
    const auto known = ledger_.keys.find(keys[i]);
    found[i] = known == ledger_.keys.end() ? 0 : known->second;
  }
  return {};
}

result<void> memory_plan_store::read_known(std::span<const key_id> keys, std::span<known_key> found) {
  check_size(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    BOOST_REQUIRE(last_key_ < keys[i]);
    last_key_ = keys[i];
    const auto& entry = ledger_.inventory.at(keys[i]);
    if (entry.observed) {
      found[i] = {.state = entry.observed->state,
                  .pending = entry.observed->pending,
                  .has_meeting = entry.observed->has_meeting,
                  .compared = entry.observed->compared,
                  .expires = entry.observed->expires};
    }
    found[i].feed = entry.feed;
    found[i].ends = entry.ends;
    found[i].wanted = entry.wanted;
  }
  return {};
}

result<void> memory_plan_store::read_payloads(std::span<const key_row> rows, std::vector<payload_pair>& found) {
  found.clear();
  for (const auto& [key, number] : rows) {
    found.push_back({.number = number,
                     .first = ledger_.payloads.at(ledger_.inventory.at(key).source),
                     .row = ledger_.payloads.at(make_row(run_, number))});
  }
  return {};
}

result<void> memory_plan_store::read_owed(const owed_place& after, std::size_t count, std::vector<owed_elsewhere>& found) {
  check_size(count);
  found.clear();
  for (auto at = ledger_.owed.upper_bound({after.run, after.organizer, after.number}); at != ledger_.owed.end(); ++at) {
    const auto& [run, organizer, number] = at->first;
    if (run == run_) continue;
    if (found.size() == count) break;
    const auto& call = at->second.call;
    found.push_back({.run = run,
                     .organizer = organizer,
                     .number = number,
                     .call = call.call,
                     .key = call.key,
                     .token = call.inherited.token,
                     .strikes = call.inherited.strikes,
                     .duplicates = ledger_.duplicates.count(make_row(run, number)),
                     .discarded = ledger_.discarded.contains(run),
                     .removes = call.op == operation::remove,
                     .kind = ledger_.headers.at(run).kind});
  }
  return {};
}

result<void> memory_plan_store::read_live(key_id after, utc_time now, std::size_t count, std::vector<live_key>& found) {
  check_size(count);
  found.clear();
  for (auto at = ledger_.inventory.upper_bound(after); at != ledger_.inventory.end() && found.size() < count; ++at) {
    const auto& entry = at->second;
    if (entry.ends && *entry.ends <= now) continue;
    const auto organizer = std::ranges::find_if(ledger_.organizers, [&](const auto& one) { return one.second == entry.organizer; });
    found.push_back(
        {.key = at->first, .source = entry.source, .organizer = entry.organizer, .lane = organizer->first.first, .feed = entry.feed});
  }
  return {};
}

result<void> memory_plan_store::read_inventory(key_id after, std::size_t count, std::vector<planning::inventory_entry>& found) {
  BOOST_REQUIRE(count > 0u);
  found.clear();
  for (auto at = ledger_.inventory.upper_bound(after); at != ledger_.inventory.end() && found.size() < count; ++at) {
    const auto& entry = at->second;
    const auto organizer = std::ranges::find_if(ledger_.organizers, [&](const auto& one) { return one.second == entry.organizer; });
    auto& out = found.emplace_back();
    out.key = at->first;
    out.lane = organizer->first.first;
    out.payload = ledger_.payloads.at(entry.source);
    out.known.feed = entry.feed;
    out.known.ends = entry.ends;
    out.known.wanted = entry.wanted;
    if (!entry.observed) continue;
    out.known.state = entry.observed->state;
    out.known.pending = entry.observed->pending;
    out.known.has_meeting = entry.observed->has_meeting;
    out.known.compared = entry.observed->compared;
    out.known.expires = entry.observed->expires;
  }
  return {};
}

result<void> memory_plan_store::read_states(std::span<const key_id> keys, std::span<seen_key> found) {
  check_size(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto& seen = ledger_.inventory.at(keys[i]).observed;
    if (seen) found[i] = {.state = seen->state, .has_meeting = seen->has_meeting};
  }
  return {};
}

result<void> memory_plan_store::read_records(std::span<const row_id> records, std::vector<std::string>& found) {
  BOOST_REQUIRE(!records.empty());
  found.clear();
  for (const auto record : records) found.push_back(ledger_.payloads.at(record));
  return {};
}

result<void> memory_plan_store::name_keys(std::span<const key_id> keys, std::vector<std::optional<named_key>>& found) {
  found.clear();
  for (const auto key : keys) {
    const auto spec = decode_spec(ledger_.payloads.at(ledger_.inventory.at(key).source));
    found.push_back(named_key{spec->organizer, spec->external_id});
  }
  return {};
}

result<void> memory_plan_store::name_organizers(std::span<const organizer_id> organizers, std::vector<std::string>& found) {
  found.assign(organizers.size(), {});
  for (const auto& [name, id] : ledger_.organizers) {
    for (std::size_t i = 0; i < organizers.size(); ++i)
      if (organizers[i] == id) found[i] = name.second;
  }
  return {};
}

result<void> memory_plan_store::count_made(std::span<const organizer_id> organizers, std::span<std::uint64_t> found) {
  for (std::size_t i = 0; i < organizers.size(); ++i) found[i] = 1000 + organizers[i];
  return {};
}

result<void> memory_plan_store::write_payloads(std::span<const row_payload> rows) {
  check_size(rows.size());
  for (const auto& [number, payload] : rows) ledger_.payloads.at(make_row(run_, number)) = payload;
  return {};
}

result<void> memory_plan_store::write_copies(std::span<const inventory_row_copy> rows) {
  BOOST_REQUIRE(!rows.empty());  // pages of payloads have a size of their own
  for (const auto& row : rows) {
    BOOST_REQUIRE(last_copy_ < row.number);
    last_copy_ = row.number;
    const auto payload = ledger_.payloads.at(ledger_.inventory.at(row.key).source);
    BOOST_REQUIRE(ledger_.payloads.emplace(make_row(run_, row.number), payload).second);
    ledger_.copies.emplace(make_row(run_, row.number), row.key);
  }
  return {};
}

result<void> memory_plan_store::write_inventory_payloads(std::span<const key_row> rows, bool) {
  check_size(rows.size());
  for (const auto& [key, number] : rows) {
    const auto payload = ledger_.payloads.at(ledger_.inventory.at(key).source);
    ledger_.payloads.at(make_row(run_, number)) = payload;
  }
  return {};
}

result<void> memory_plan_store::add_to_rows(std::uint64_t rows) {
  ledger_.added_rows += rows;
  return {};
}

result<void> memory_plan_store::write_wanted(std::span<const wanted_row> rows) {
  check_size(rows.size());
  for (const auto& row : rows) {
    BOOST_REQUIRE(last_wanted_ < row.key);
    last_wanted_ = row.key;
    auto& entry = ledger_.inventory.at(row.key);
    entry.source = make_row(run_, row.number);
    entry.wanted = row.payload;
    if (entry.observed) entry.observed->pending = row.pending;
  }
  return {};
}

result<void> memory_plan_store::write_feeds(std::span<const feed_row> rows) {
  check_size(rows.size());
  for (const auto& row : rows) {
    BOOST_REQUIRE(last_belonging_ < row.key);
    last_belonging_ = row.key;
    auto& entry = ledger_.inventory.at(row.key);
    BOOST_REQUIRE((entry.feed != row.feed || entry.ends != row.ends));
    entry.feed = row.feed;
    entry.ends = row.ends;
  }
  return {};
}

void memory_plan_store::add_decision(std::uint32_t number, stored_decision decided) {
  BOOST_REQUIRE(ledger_.decisions.emplace(make_row(run_, number), std::move(decided)).second);
}

result<void> memory_plan_store::write_decisions(std::span<const decided_row> rows) {
  check_size(rows.size());
  for (const auto& row : rows) {
    BOOST_REQUIRE(last_decided_ < row.number);
    last_decided_ = row.number;
    BOOST_REQUIRE((row.what != decision::call));
    if (row.what == decision::duplicate) {
      ledger_.duplicates.emplace(make_row(run_, row.first), make_row(run_, row.number));
    } else {
      add_decision(row.number, {row.what, row.key, row.organizer, row.why});
    }
  }
  return {};
}

result<void> memory_plan_store::write_calls(std::span<const planned_call> calls) {
  check_size(calls.size());
  for (const auto& call : calls) {
    BOOST_REQUIRE(call.call == ++last_call_);
    if (call.is_new) {
      const stored_key entry{.organizer = call.organizer,
                             .source = make_row(run_, call.number),
                             .wanted = call.payload,
                             .feed = call.feed,
                             .ends = call.ends,
                             .observed = {}};
      BOOST_REQUIRE(ledger_.inventory.emplace(call.key, entry).second);
    }
    BOOST_REQUIRE(ledger_.owed.emplace(owed_key{run_, call.organizer, call.number}, owed_entry{.call = call}).second);
  }
  return {};
}

result<void> memory_plan_store::write_new_keys(std::span<const new_key> keys) {
  check_size(keys.size());
  for (const auto& key : keys) {
    BOOST_REQUIRE((!last_new_ || *last_new_ < key.hash));
    last_new_ = key.hash;
    BOOST_REQUIRE(ledger_.keys.emplace(key.hash, key.id).second);
  }
  return {};
}

result<void> memory_plan_store::write_call_decisions(std::span<const numbered_row> rows) {
  check_size(rows.size());
  for (const auto& row : rows) {
    BOOST_REQUIRE(last_call_row_ < row.number);
    last_call_row_ = row.number;
    add_decision(row.number, {decision::call, row.key, row.organizer, {}});
  }
  return {};
}

result<void> memory_plan_store::write_duplicates() {
  for (const auto& [first, further] : ledger_.duplicates) {
    if (first >> 32 != run_) continue;
    const auto& of_first = ledger_.decisions.at(first);
    add_decision(number_of(further), {decision::duplicate, of_first.key, of_first.organizer, {}});
  }
  return {};
}

result<void> memory_plan_store::write_superseded(std::span<const owed_elsewhere> rows, utc_time) {
  check_size(rows.size());
  for (const auto& row : rows) {
    BOOST_REQUIRE(ledger_.owed.erase({row.run, row.organizer, row.number}) == 1u);
    if (!row.discarded) ledger_.superseded.push_back(make_row(row.run, row.number));
  }
  return {};
}

std::string organizer_name(unsigned n) {
  const auto digits = std::to_string(n);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

meeting_spec wanted_of(const input_row& row) {
  meeting_spec s;
  s.organizer = organizer_name(row.organizer);
  s.external_id = row.external_id;
  s.subject = "Lecture " + std::to_string(row.version);
  s.start = utc_time(std::chrono::seconds(1'790'000'000)) + std::chrono::days(row.day);
  s.end = s.start + std::chrono::hours(1);
  return s;
}

run_header header_of(const std::string& input) {
  run_header h;
  h.input_name = h.feed = input;
  h.lanes = {{"https://graph.example/v1.0", "tenant-1", "app-1"}};
  return h;
}

planned plan_rows(memory_ledger& ledger, const std::vector<input_row>& rows, const run_header& header, const limits& bounds, utc_time now) {
  planned out{.run = static_cast<run_id>(ledger.headers.size() + 1), .summary = {}};
  ledger.headers.emplace(out.run, header);
  memory_plan_store store(ledger, out.run, bounds.page_rows);
  classifier plan(store, out.run, header, bounds);
  for (const auto& row : rows) {
    if (!row.valid) {
      const named_key name{organizer_name(row.organizer), row.external_id};
      const auto keys = row.readable ? plan.hashes_of(0, {&name, 1}) : std::vector<digest>{};
      BOOST_REQUIRE(plan.add_invalid({.number = row.number, .line = row.number}, keys).has_value());
      continue;
    }
    const auto payload = encode_spec(wanted_of(row));
    BOOST_REQUIRE(plan.add({.number = row.number, .line = row.number}, payload, update_rule::never).has_value());
    ledger.payloads.emplace(make_row(out.run, row.number), payload);
  }
  auto summary = plan.classify(now);
  BOOST_REQUIRE(summary.has_value());
  out.summary = std::move(*summary);
  BOOST_REQUIRE(plan.supersede(utc_time{}).has_value());
  ledger.opened.push_back(out.run);
  return out;
}

std::vector<planned_call> calls_of(const memory_ledger& ledger, run_id run) {
  std::vector<planned_call> out;
  for (const auto& [place, entry] : ledger.owed)
    if (std::get<0>(place) == run) out.push_back(entry.call);
  return out;
}

namespace {

auto find_owed(memory_ledger& ledger, run_id run, std::uint32_t number) {
  const auto found = std::ranges::find_if(
      ledger.owed, [&](const auto& entry) { return std::get<0>(entry.first) == run && std::get<2>(entry.first) == number; });
  BOOST_REQUIRE((found != ledger.owed.end()));
  return found;
}

}  // namespace

void observe(memory_ledger& ledger, run_id run, std::uint32_t number, observed_state state) {
  const auto found = find_owed(ledger, run, number);
  const auto& call = found->second.call;
  ledger.inventory.at(call.key).observed = observation{.state = state, .compared = call.payload};
  ledger.owed.erase(found);
}

void claim(memory_ledger& ledger, run_id run, std::uint32_t number, lease_token token, std::uint32_t strikes) {
  find_owed(ledger, run, number)->second.call.inherited = {.token = token, .strikes = strikes};
}

}  // namespace convoke::ledger::planning::testing

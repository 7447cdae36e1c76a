#pragma once

// The statements of postgres/inventory.cpp, and the columns of many keys as their parameters.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/digest.hpp"
#include "ledger/inventory.hpp"

namespace convoke::ledger::postgres {

using numbers = std::vector<std::int64_t>;

inline const std::string select_keys =
    std::string("SELECT ") + inventory_key_columns +
    " FROM convoke.inventory i JOIN convoke.record r ON r.id = i.source JOIN convoke.organizer p "
    "ON p.id = i.organizer LEFT JOIN convoke.feed f ON f.id = i.feed LEFT JOIN convoke.observation b ON b.id = i.id ";
inline const std::string next_keys = select_keys + "WHERE i.id > $1 ORDER BY i.id LIMIT $2";
inline const std::string keys_with_hashes =
    std::string("SELECT ") + inventory_key_columns +
    ", w.n FROM unnest($1) WITH ORDINALITY w(hash, n) JOIN convoke.inventory_key k ON k.hash = w.hash "
    "JOIN convoke.inventory i ON i.id = k.id JOIN convoke.record r ON r.id = i.source "
    "JOIN convoke.organizer p ON p.id = i.organizer LEFT JOIN convoke.feed f ON f.id = i.feed "
    "LEFT JOIN convoke.observation b ON b.id = i.id ORDER BY w.n";
inline constexpr int place_column = 21;

inline constexpr const char* new_run =
    "INSERT INTO convoke.run(id, identity, state, input_name, input_sha256, settings, dialect, header, tzdata_version, convoke_version, "
    "drift_fails, planned_at, opened_at, finished_at, pruned) SELECT coalesce(max(id), 0) + 1, $1, 3, $1, '', '{}', '{}', '', '', '', "
    "false, $2, $2, $2, 1 FROM convoke.run RETURNING id";
inline constexpr const char* new_positions =
    "INSERT INTO convoke.run_lane(run, position, lane) SELECT $1, (SELECT coalesce(max(position) + 1, 0) FROM convoke.run_lane "
    "WHERE run = $1) + w.n - 1, w.lane FROM unnest($2) WITH ORDINALITY w(lane, n) "
    "WHERE NOT EXISTS(SELECT FROM convoke.run_lane o WHERE o.run = $1 AND o.lane = w.lane)";
inline constexpr const char* new_organizers =
    "INSERT INTO convoke.organizer(lane, object_id) SELECT DISTINCT * FROM unnest($1, $2) w(lane, name) ORDER BY 1, 2 ON CONFLICT DO "
    "NOTHING";
inline constexpr const char* new_feeds =
    "INSERT INTO convoke.feed(name) SELECT DISTINCT w.name FROM unnest($1) w(name) WHERE w.name <> '' ORDER BY 1 ON CONFLICT DO NOTHING";
// $1: what the ids are counted from.
inline constexpr const char* new_records =
    "INSERT INTO convoke.record(id, lane, payload, update_rule) SELECT $1 + w.n, l.position, w.payload, w.rule FROM unnest($3, $4, $5) "
    "WITH ORDINALITY w(lane, payload, rule, n) JOIN convoke.run_lane l ON l.run = $2 AND l.lane = w.lane";
inline constexpr const char* new_inventory =
    "INSERT INTO convoke.inventory(id, organizer, source, wanted_hash, feed, ends_at) SELECT $1 + w.n, p.id, $1 + w.n, w.wanted, "
    "coalesce(f.id, 0), w.ends_at FROM unnest($2, $3, $4, $5, $6) WITH ORDINALITY w(lane, organizer, wanted, feed, ends_at, n) "
    "JOIN convoke.organizer p ON p.lane = w.lane AND p.object_id = w.organizer LEFT JOIN convoke.feed f ON f.name = w.feed";
inline constexpr const char* new_hashes =
    "INSERT INTO convoke.inventory_key(hash, id) SELECT w.hash, $1 + w.n FROM unnest($2) WITH ORDINALITY w(hash, n)";
inline constexpr const char* new_observations =
    "INSERT INTO convoke.observation(id, state, pending, compared_hash, observed_at, drift, meeting_id, join_web_url, join_meeting_id, "
    "passcode, dial_in_number, conference_id, options_url, expires_at) SELECT $1 + w.n, w.state, w.pending <> 0, w.compared, "
    "w.observed_at, w.drift, w.meeting_id, "
    "w.url, w.join_id, w.passcode, w.dial_in, w.conference_id, w.options_url, w.expires_at "
    "FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) "
    "w(n, state, pending, compared, observed_at, drift, meeting_id, url, join_id, passcode, dial_in, conference_id, options_url, "
    "expires_at)";

inline constexpr const char* running_cooldowns =
    "SELECT c.lane, o.object_id, (extract(epoch FROM c.until - clock_timestamp()) * 10000000)::bigint, "
    "greatest(0, (extract(epoch FROM clock_timestamp() - c.saved_at) * 10000000)::bigint) FROM convoke.cooldown c "
    "LEFT JOIN convoke.organizer o ON o.id = c.organizer WHERE c.until > clock_timestamp() ORDER BY c.lane, c.organizer";
// Ticks are tenths of a microsecond.
inline constexpr const char* new_cooldown =
    "INSERT INTO convoke.cooldown(lane, organizer, until, saved_at, session, serial) SELECT $1, coalesce((SELECT id FROM convoke.organizer "
    "WHERE lane = $1 AND object_id = $2), 0), clock_timestamp() + $3 * interval '1 microsecond' / 10, "
    "clock_timestamp() - $4 * interval '1 microsecond' / 10, 0, nextval('convoke.cooldown_serial') ON CONFLICT(lane, organizer) DO UPDATE "
    "SET until = excluded.until, saved_at = excluded.saved_at, session = excluded.session, serial = excluded.serial "
    "WHERE excluded.until > cooldown.until";
inline constexpr const char* new_pace =
    "INSERT INTO convoke.learnt(lane, rate, refused, credit, saved_at) VALUES($1, $2, $3, $4, $5) ON CONFLICT(lane) DO UPDATE SET "
    "rate = excluded.rate, refused = excluded.refused, credit = excluded.credit, saved_at = excluded.saved_at "
    "WHERE excluded.saved_at > learnt.saved_at";
inline constexpr const char* new_counts =
    "INSERT INTO convoke.made(organizer, month, n) SELECT p.id, w.month, w.n FROM unnest($1, $2, $3, $4) w(lane, organizer, month, n) "
    "JOIN convoke.organizer p ON p.lane = w.lane AND p.object_id = w.organizer ON CONFLICT(organizer, month) DO UPDATE "
    "SET n = greatest(made.n, excluded.n)";

// The columns of many keys.
struct key_columns {
  numbers lanes, rules;
  std::vector<std::string_view> organizers, payloads, feeds;
  std::vector<digest_bytes> hashes, wanted;
  std::vector<std::optional<std::int64_t>> ends;

  key_columns(const inventory_page& page, std::span<const digest> with_hashes, const numbers& lane_numbers) {
    for (const auto& key : page.keys) {
      lanes.push_back(lane_numbers[key.lane]);
      rules.push_back(key.update_rule);
      organizers.emplace_back(key.organizer);
      payloads.emplace_back(key.payload);
      feeds.emplace_back(key.feed);
      wanted.emplace_back(key.wanted);
      ends.push_back(key.ends_at);
    }
    for (const auto& hash : with_hashes) hashes.emplace_back(hash);
  }
};
struct observation_columns {
  using texts = std::vector<std::optional<std::string_view>>;
  numbers places, states, pending;
  std::vector<std::optional<std::int64_t>> observed_at, expires_at;
  texts compared, drift, meeting_id, url, join_id, passcode, dial_in, conference_id, options_url;

  explicit observation_columns(const inventory_page& page) {
    for (std::size_t i = 0; i < page.keys.size(); ++i) {
      if (!page.keys[i].seen) continue;
      const auto& seen = *page.keys[i].seen;
      places.push_back(static_cast<std::int64_t>(i) + 1);
      states.push_back(seen.state);
      pending.push_back(seen.pending ? 1 : 0);
      observed_at.push_back(seen.observed_at);
      const auto keep = [](texts& in, const std::optional<std::string>& text) {
        in.push_back(text ? std::optional<std::string_view>(*text) : std::nullopt);
      };
      keep(compared, seen.compared);
      keep(drift, seen.drift);
      keep(meeting_id, seen.meeting_id);
      keep(url, seen.join_web_url);
      keep(join_id, seen.join_meeting_id);
      keep(passcode, seen.passcode);
      keep(dial_in, seen.dial_in_number);
      keep(conference_id, seen.conference_id);
      keep(options_url, seen.options_url);
      expires_at.push_back(seen.expires_at);
    }
  }
};

inline std::vector<std::string_view> views(const std::vector<digest_bytes>& of) {
  std::vector<std::string_view> out;
  out.reserve(of.size());
  for (const auto& one : of) out.push_back(one.view());
  return out;
}

}  // namespace convoke::ledger::postgres

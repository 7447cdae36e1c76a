#pragma once

// The statements of a renewal. $1: the session. What they change, they change only while its lease lasts. None waits for a row that
// another renewal can hold while that one waits for a row of this one.

namespace convoke::ledger::postgres::exchanging {

// These return how much of the lease is left, in µs; no row where it has ended.
inline constexpr const char* extend =
    "UPDATE convoke.session SET expires_at = clock_timestamp() + $2::float8 * interval '1 second' "
    "WHERE id = $1 AND NOT ended AND expires_at > clock_timestamp() "
    "RETURNING (extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::bigint";
inline constexpr const char* lease =
    "SELECT (extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::bigint FROM convoke.session "
    "WHERE id = $1 AND NOT ended AND expires_at > clock_timestamp()";

// calls, successes: since the session began.
inline constexpr const char* report =
    "UPDATE convoke.session_lane l SET wants = i.wants, weight = i.weight, calls = i.calls, successes = i.successes, "
    "seen_at = clock_timestamp() FROM unnest($2::bigint[], $3::float8[], $4::float8[], $5::bigint[], $6::bigint[]) "
    "AS i(lane, wants, weight, calls, successes) WHERE l.session = $1 AND l.lane = i.lane AND convoke.is_live($1)";
// A renewal that is tried again states the same throttles again.
inline constexpr const char* add_throttles =
    "INSERT INTO convoke.lane_throttle(lane, session, sent, until) SELECT i.lane, $1, clock_timestamp() - i.ago * interval '1 "
    "microsecond', "
    "clock_timestamp() + i.remaining * interval '1 microsecond' FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) "
    "AS i(lane, ago, remaining) WHERE convoke.is_live($1) AND NOT EXISTS(SELECT FROM convoke.lane_throttle t WHERE t.lane = i.lane "
    "AND t.session = $1 AND abs(extract(epoch FROM t.sent - clock_timestamp()) * 1000000 + i.ago) < 500000)";
inline constexpr const char* drop_throttles =
    "DELETE FROM convoke.lane_throttle WHERE id IN (SELECT id FROM convoke.lane_throttle "
    "WHERE sent < clock_timestamp() - interval '10 minutes' FOR UPDATE SKIP LOCKED)";

// Only of a session that has led the lane all the time: where another one stood in for it, what it has to say is old.
inline constexpr const char* publish =
    "UPDATE convoke.lane_rate q SET rate = i.rate, pace_rate = i.pace, refused = i.refused, credit = i.credit, "
    "published_at = clock_timestamp() FROM unnest($2::bigint[], $3::float8[], $4::float8[], $5::float8[], $6::float8[]) "
    "AS i(lane, rate, pace, refused, credit) JOIN (SELECT r.lane FROM convoke.lane_rate r WHERE r.lane = ANY($2) AND r.leader = $1 "
    "AND convoke.leader_of(r.lane) = $1 AND convoke.is_live($1) ORDER BY r.lane FOR UPDATE OF r) k ON k.lane = i.lane "
    "WHERE q.lane = k.lane";
// A row that another renewal holds is skipped: the next renewal grants the part.
inline constexpr const char* grant =
    "UPDATE convoke.session_lane l SET part = k.part, safe_part = k.safe_part FROM (SELECT m.session, m.lane, i.part, i.safe_part "
    "FROM unnest($2::bigint[], $3::bigint[], $4::float8[], $5::float8[]) AS i(lane, session, part, safe_part) "
    "JOIN convoke.lane_rate r ON r.lane = i.lane JOIN convoke.session_lane m ON m.session = i.session AND m.lane = i.lane "
    "WHERE r.leader = $1 AND convoke.leader_of(r.lane) = $1 AND convoke.is_live($1) "
    "AND (m.part <> i.part OR m.safe_part <> i.safe_part) FOR UPDATE OF m SKIP LOCKED) k WHERE l.session = k.session AND l.lane = k.lane";
// The lanes that this session begins to lead.
inline constexpr const char* lead =
    "UPDATE convoke.lane_rate q SET leader = $1 FROM (SELECT r.lane FROM convoke.lane_rate r WHERE r.lane = ANY($2::bigint[]) "
    "AND r.leader <> $1 AND convoke.leader_of(r.lane) = $1 AND convoke.is_live($1) ORDER BY r.lane FOR UPDATE OF r) k "
    "WHERE q.lane = k.lane RETURNING q.lane";

// Of each lane this session, and where it leads also the others.
inline constexpr const char* members =
    "WITH live AS (SELECT l.lane, l.session, l.wants, l.weight, l.part, l.safe_part, l.calls, l.successes, "
    "l.settled OR clock_timestamp() >= r.active_since + $3::float8 * interval '1 second' AS settled, r.leader, "
    "count(*) OVER (PARTITION BY l.lane) AS workers "
    "FROM convoke.session_lane l JOIN convoke.session s ON s.id = l.session JOIN convoke.lane_rate r ON r.lane = l.lane "
    "WHERE l.lane = ANY($2::bigint[]) AND NOT s.ended AND s.expires_at > clock_timestamp()) "
    "SELECT lane, session, wants, weight, part, safe_part, calls, successes, settled, leader, workers FROM live "
    "WHERE session = $1 OR leader = $1 ORDER BY lane, session";
inline constexpr const char* rates = "SELECT lane, rate, pace_rate, refused, credit FROM convoke.lane_rate WHERE lane = ANY($1::bigint[])";
inline constexpr const char* throttles =
    "SELECT t.id, t.lane, (extract(epoch FROM clock_timestamp() - t.sent) * 1000000)::bigint, "
    "(extract(epoch FROM t.until - clock_timestamp()) * 1000000)::bigint, coalesce(t.sent <= r.published_at, false) "
    "FROM convoke.lane_throttle t JOIN convoke.lane_rate r ON r.lane = t.lane WHERE t.lane = ANY($2::bigint[]) AND t.session <> $1 "
    "AND r.leader = $1 AND t.sent > clock_timestamp() - interval '5 minutes' ORDER BY t.id";

}  // namespace convoke::ledger::postgres::exchanging

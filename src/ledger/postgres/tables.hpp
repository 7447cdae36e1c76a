#pragma once

// The tables of a PostgreSQL ledger, all in the schema `convoke` of the database that the URL names. What a table holds is what the table
// of the same name holds in a SQLite ledger (sqlite/schema.cpp), unless a comment says otherwise. Times that only this project's code reads
// are ticks, as in SQLite; times of leases, cooldowns and exchanges are the database's own (timestamptz), because only its clock decides
// about them.

namespace convoke::ledger::postgres {

inline constexpr int schema_version = 5;

// Locks of a transaction: pg_advisory_xact_lock(lock_class, which). A plan takes `writes` exclusively from classify() to its commit; every
// claim, write, close, release and end of a run takes it shared, so that what a plan read of owed rows and observations is still so when it
// commits. Renewals take none. A survey, or a join, takes it shared only to make ordinary rows of those that waited (waiting_rows.cpp), and
// leaves that to a later one where a plan has it. A plan also takes `plans` exclusively from its beginning, so plans follow each other;
// pruning takes it too. Creating and migrating the schema takes `migration`.
inline constexpr int lock_class = 0x636f6e76;  // "conv"
inline constexpr int lock_writes = 1, lock_migration = 2, lock_plans = 3;

inline constexpr const char* tables = R"sql(
CREATE TABLE convoke.meta(name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE convoke.lane(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, graph_root text NOT NULL, tenant text NOT NULL, app text NOT NULL,
  UNIQUE(graph_root, tenant, app));
CREATE TABLE convoke.organizer(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lane int NOT NULL, object_id text NOT NULL,
  UNIQUE(lane, object_id));
CREATE TABLE convoke.run(id int PRIMARY KEY, identity text NOT NULL, state int NOT NULL, input_name text NOT NULL,
  input_sha256 text NOT NULL, settings text NOT NULL, dialect text NOT NULL, header text NOT NULL, tzdata_version text NOT NULL,
  convoke_version text NOT NULL, drift_fails boolean NOT NULL, rows bigint NOT NULL DEFAULT 0, planned_at bigint NOT NULL,
  opened_at bigint, finished_at bigint, pruned int NOT NULL DEFAULT 0, update_drifted boolean NOT NULL DEFAULT false,
  enforce_roles boolean NOT NULL DEFAULT false, feed text NOT NULL DEFAULT '', keep_alive bigint,
  kind int NOT NULL DEFAULT 1, repair boolean NOT NULL DEFAULT false,
  remove_vanished boolean NOT NULL DEFAULT false);
CREATE INDEX run_identity ON convoke.run(identity);
CREATE TABLE convoke.run_lane(run int NOT NULL, position int NOT NULL, lane int NOT NULL, PRIMARY KEY(run, position));
-- n is added up over `slot`, so that workers which write at the same time do not wait for one row: a worker uses the slot of its session
CREATE TABLE convoke.tally(run int NOT NULL, outcome int NOT NULL, slot int NOT NULL DEFAULT 0, n bigint NOT NULL,
  PRIMARY KEY(run, outcome, slot)) WITH (fillfactor = 50);
CREATE TABLE convoke.record(id bigint PRIMARY KEY, lane int NOT NULL, raw bytea, payload bytea, error text, update_rule int NOT NULL DEFAULT 0,
  line bigint, first bigint, occurrence bigint);
CREATE TABLE convoke.decision(id bigint PRIMARY KEY, key bigint, organizer int, outcome_id bigint);
CREATE TABLE convoke.duplicate(first bigint NOT NULL, id bigint NOT NULL, PRIMARY KEY(first, id));
-- token: new with every claim and random; 0: unclaimed. session: whose claim it is. A row is stale where it has a token and no session with
-- that id is live. No index has a column that changes, so a claim is a heap-only update while its page has room
-- struck_at: when it last used up its attempts. Sessions that had begun by then leave it to later ones
CREATE TABLE convoke.owed(run int NOT NULL, organizer int NOT NULL, number bigint NOT NULL, key bigint NOT NULL, token bigint NOT NULL,
  session bigint NOT NULL DEFAULT 0, strikes int NOT NULL, duplicates boolean NOT NULL, call bigint NOT NULL, hash bytea NOT NULL,
  operation int NOT NULL DEFAULT 1, struck_at timestamptz, PRIMARY KEY(run, organizer, number)) WITH (fillfactor = 70);
-- token: of the claim under which the outcome was written. It answers after a lost connection whether a commit took effect
CREATE TABLE convoke.outcome(id bigint PRIMARY KEY, outcome int NOT NULL, attempts bigint, http_status int, error_code text,
  error_message text, request_id text, client_request_id text, drift text, finished_at bigint, token bigint);
CREATE TABLE convoke.last_failure(id bigint PRIMARY KEY, number bigint NOT NULL, attempts bigint NOT NULL, http_status int NOT NULL,
  error_code text, error_message text, request_id text, client_request_id text);
CREATE TABLE convoke.feed(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE convoke.inventory(id bigint PRIMARY KEY, organizer int NOT NULL, source bigint NOT NULL, wanted_hash bytea NOT NULL,
  feed int NOT NULL DEFAULT 0, ends_at bigint);
CREATE TABLE convoke.inventory_key(hash bytea PRIMARY KEY, id bigint NOT NULL);
CREATE TABLE convoke.observation(id bigint PRIMARY KEY, state int NOT NULL, pending boolean NOT NULL, compared_hash bytea, observed_at bigint,
  drift text, meeting_id text, join_web_url text, join_meeting_id text, passcode text, dial_in_number text, conference_id text,
  options_url text, expires_at bigint);
CREATE TABLE convoke.cooldown(lane int NOT NULL, organizer int NOT NULL, until timestamptz NOT NULL, saved_at timestamptz NOT NULL,
  session bigint NOT NULL, serial bigint NOT NULL, PRIMARY KEY(lane, organizer));
CREATE SEQUENCE convoke.cooldown_serial;
CREATE TABLE convoke.learnt(lane int PRIMARY KEY, rate float8 NOT NULL, refused float8 NOT NULL, credit float8 NOT NULL, saved_at bigint NOT NULL);
CREATE TABLE convoke.made(organizer int NOT NULL, month int NOT NULL, n bigint NOT NULL, PRIMARY KEY(organizer, month)) WITH (fillfactor = 50);
CREATE TABLE convoke.known_user(graph_root text NOT NULL, tenant text NOT NULL, upn text NOT NULL, object_id text NOT NULL,
  looked_up_at bigint NOT NULL, PRIMARY KEY(graph_root, tenant, upn));
CREATE TABLE convoke.user_cooldown(graph_root text NOT NULL, tenant text NOT NULL, until timestamptz NOT NULL, PRIMARY KEY(graph_root, tenant));

-- The small hot tables. No index has a column that changes; a session that ended is deleted by others once its rows are taken.
-- id: random. run: 0 for a session of all open runs. ended: it left, or another session found its lease over and may hold its rows; its lease
-- is never extended again. attempt: raised before a claim in doubt is repeated, so that the first one, which the server may still meet late,
-- claims nothing then. A row is stale only where its session has ended or is missing, so a late renewal and a claim never both succeed
CREATE TABLE convoke.session(id bigint PRIMARY KEY, host text NOT NULL, process int NOT NULL, run int NOT NULL, started_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL, ended boolean NOT NULL DEFAULT false, attempt int NOT NULL DEFAULT 0) WITH (fillfactor = 30);
-- wants, weight: as last stated. part, safe_part: as last granted by the leader; 0: nothing yet. calls, successes: since the session began.
-- position: of the lane in the session. seen_at: of the last renewal
CREATE TABLE convoke.session_lane(session bigint NOT NULL, lane int NOT NULL, position int NOT NULL, wants float8 NOT NULL DEFAULT 0,
  weight float8 NOT NULL DEFAULT 1, part float8 NOT NULL DEFAULT 0, safe_part float8 NOT NULL DEFAULT 0, calls bigint NOT NULL DEFAULT 0,
  successes bigint NOT NULL DEFAULT 0, seen_at timestamptz NOT NULL, settled boolean NOT NULL DEFAULT true, PRIMARY KEY(session, lane))
  WITH (fillfactor = 30);
-- what the leader of a lane published. active_since: when a session joined the lane while no other was live
CREATE TABLE convoke.lane_rate(lane int PRIMARY KEY, leader bigint NOT NULL, rate float8 NOT NULL, pace_rate float8 NOT NULL, refused float8 NOT NULL,
  credit float8 NOT NULL, published_at timestamptz, active_since timestamptz NOT NULL) WITH (fillfactor = 30);
-- throttles of a lane that its leader is to see; deleted after some minutes
CREATE TABLE convoke.lane_throttle(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lane int NOT NULL, session bigint NOT NULL,
  sent timestamptz NOT NULL, until timestamptz NOT NULL);

-- whether the lease of a session lasts
CREATE FUNCTION convoke.is_live(wanted bigint) RETURNS boolean LANGUAGE sql AS $$
  SELECT EXISTS(SELECT FROM convoke.session WHERE id = wanted AND NOT ended AND expires_at > clock_timestamp()) $$;
-- the session that leads a lane: of those that renewed within the last 5 s the one that started first; where none did, of all
CREATE FUNCTION convoke.leader_of(wanted bigint) RETURNS bigint LANGUAGE sql AS $$
  SELECT l.session FROM convoke.session_lane l JOIN convoke.session s ON s.id = l.session
  WHERE l.lane = wanted AND NOT s.ended AND s.expires_at > clock_timestamp()
  ORDER BY l.seen_at < clock_timestamp() - interval '5 seconds', s.started_at, s.id LIMIT 1 $$;

CREATE FUNCTION convoke.outcome_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an outcome is final'; END $$;
CREATE TRIGGER outcome_is_final BEFORE UPDATE ON convoke.outcome FOR EACH ROW EXECUTE FUNCTION convoke.outcome_is_final();
CREATE TRIGGER outcome_stays BEFORE DELETE ON convoke.outcome FOR EACH ROW
  WHEN (current_setting('convoke.pruning', true) IS DISTINCT FROM 'yes') EXECUTE FUNCTION convoke.outcome_is_final();
CREATE FUNCTION convoke.run_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a run cannot go back'; END $$;
CREATE TRIGGER run_goes_forward BEFORE UPDATE ON convoke.run FOR EACH ROW WHEN (NEW.state < OLD.state)
  EXECUTE FUNCTION convoke.run_goes_forward();
)sql";

}  // namespace convoke::ledger::postgres

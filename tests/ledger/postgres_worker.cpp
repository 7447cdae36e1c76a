#include "ledger/postgres_worker.hpp"

namespace convoke::ledger::testing {

database::database() {
  std::ignore = open();  // makes the schema
  own_ = connect();
}

std::int64_t database::number(const std::string& query) const {
  return must(own_.run(query.c_str())).integer(0, 0);
}

lane_name lane_of(unsigned lane) {
  return {"https://graph.example", "tenant", "app-" + std::to_string(lane)};
}

run_id database::add_run(unsigned rows, const std::function<unsigned(unsigned)>& organizer_of, unsigned lane) {
  const auto name = lane_of(lane);
  must(own_.run("INSERT INTO convoke.lane(graph_root, tenant, app) VALUES($1, $2, $3) ON CONFLICT DO NOTHING",
                postgres::params().with(name.graph_root).with(name.tenant).with(name.app)));
  const auto lane_id = must(own_.run("SELECT id FROM convoke.lane WHERE app = $1", postgres::params().with(name.app))).integer(0, 0);
  const auto run = static_cast<run_id>(number("SELECT coalesce(max(id), 0) + 1 FROM convoke.run"));
  must(own_.run(
      "INSERT INTO convoke.run(id, identity, state, input_name, input_sha256, settings, dialect, header, tzdata_version, "
      "convoke_version, drift_fails, rows, planned_at, opened_at) VALUES($1, 'r', 2, '', '', '', '', '', '', '', false, $2, 0, $1)",
      postgres::params().with(run).with(rows)));
  must(own_.run("INSERT INTO convoke.run_lane VALUES($1, 0, $2)", postgres::params().with(run).with(lane_id)));
  std::vector<std::int64_t> organizers;
  for (unsigned i = 1; i <= rows; ++i) organizers.push_back(organizer_of(i));
  must(
      own_.run("INSERT INTO convoke.organizer(lane, object_id) SELECT DISTINCT $1::int, 'organizer ' || n FROM unnest($2::bigint[]) n "
               "ORDER BY 2 ON CONFLICT DO NOTHING",
               postgres::params().with(lane_id).integers(organizers)));
  must(
      own_.run("INSERT INTO convoke.owed(run, organizer, number, key, token, strikes, duplicates, call, hash) "
               "SELECT $1, o.id, i.position, $1::bigint << 32 | i.position, 0, 0, false, i.position, decode(repeat('ab', 16), 'hex') "
               "FROM unnest($3::bigint[]) WITH ORDINALITY AS i(n, position) JOIN convoke.organizer o ON o.lane = $2::int "
               "AND o.object_id = 'organizer ' || i.n",
               postgres::params().with(run).with(lane_id).integers(organizers)));
  must(
      own_.run("INSERT INTO convoke.record(id, lane, payload) SELECT $1::bigint << 32 | i, 0, 'payload' FROM generate_series(1, $2::int) i",
               postgres::params().with(run).with(rows)));
  must(
      own_.run("INSERT INTO convoke.decision(id, key, organizer, outcome_id) SELECT o.run::bigint << 32 | o.number, o.key, o.organizer, "
               "o.run::bigint << 32 | 2147483648 | o.call FROM convoke.owed o WHERE o.run = $1",
               postgres::params().with(run)));
  return run;
}

void database::expire(lease_token session) {
  must(own_.run("UPDATE convoke.session SET expires_at = clock_timestamp() - interval '1 second' WHERE id = $1",
                postgres::params().with(session)));
}

opened_run worker::join(run_id wanted, std::vector<unsigned> lanes, std::optional<std::chrono::nanoseconds> give_again_after) {
  session_request request{.run = wanted, .lanes = {}, .give_again_after = give_again_after};
  for (const auto lane : lanes) request.lanes.push_back(lane_of(lane));
  run_info info;
  info.id = wanted;
  auto opened = must(sessions.join(db, request, info, postgres::random_token()));
  run = wanted;
  lease = opened.lease;
  return opened;
}

result<claim_answer> worker::try_claim(std::vector<page_wanted> pages, bool stale) {
  postgres::group all;
  all.claims.push_back({.wanted = {.run = run, .lane = 0, .lease = lease, .stale = stale, .pages = std::move(pages)}});
  must(writer.commit(db, all));
  return std::move(all.claims[0].answer);
}

claimed_page worker::claim(organizer_id organizer, std::uint32_t count, bool stale) {
  auto answer = try_claim({{.organizer = organizer, .count = count}}, stale);
  if (!answer) BOOST_FAIL("unexpected error: " << answer.error().message);
  return std::move(answer->pages.at(0));
}

committed_rows worker::write(row_writes rows) {
  postgres::group all;
  all.writes.push_back({.rows = std::move(rows)});
  must(writer.commit(db, all));
  return std::move(all.writes[0].answer);
}

result<renewal> worker::renew(std::vector<lane_report> lanes, bool extend) {
  return must(postgres::renew(renewals, list, {.lease = lease, .extend = extend, .lanes = std::move(lanes)}));
}

void worker::reconnect() {
  db = at_.connect();
}

finished_row finished(const claimed_row& row, outcome o) {
  finished_row out;
  out.row = row.row;
  out.key = row.key;
  out.organizer = row.organizer;
  out.token = row.token;
  out.result = o;
  out.attempts = 1;
  out.http_status = 201;
  out.finished_at = utc_time(std::chrono::seconds(1'780'000'000));
  out.stored.emplace();
  out.stored->id = "m" + std::to_string(row.key);
  out.stored->join_web_url = "https://join";
  return out;
}

released_row freed(const claimed_row& row, bool strike) {
  return {.row = row.row,
          .key = row.key,
          .organizer = row.organizer,
          .token = row.token,
          .strike = strike,
          .attempts = 5,
          .http_status = 503,
          .error_code = "ServiceUnavailable",
          .error_message = "later",
          .request_id = "r",
          .client_request_id = "c",
          .finished_at = utc_time(std::chrono::seconds(1'780'000'000))};
}

std::vector<finished_row> all_finished(const claimed_page& page) {
  std::vector<finished_row> out;
  for (const auto& row : page.rows) out.push_back(finished(row));
  return out;
}

}  // namespace convoke::ledger::testing

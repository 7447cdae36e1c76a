#include "ledger/postgres/users.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/stored.hpp"

namespace convoke::ledger::postgres {
namespace {

constexpr const char* find =
    "SELECT upn, object_id FROM convoke.known_user WHERE graph_root = $1 AND tenant = $2 AND looked_up_at > $3 AND looked_up_at <= $4 "
    "ORDER BY upn COLLATE \"C\"";
constexpr const char* closed =
    "SELECT (extract(epoch FROM until - clock_timestamp()) * 1000000)::bigint FROM convoke.user_cooldown "
    "WHERE graph_root = $1 AND tenant = $2 AND until > clock_timestamp()";
constexpr const char* forget =
    "DELETE FROM convoke.known_user WHERE (graph_root, tenant, upn) IN (SELECT graph_root, tenant, upn FROM "
    "convoke.known_user WHERE looked_up_at <= $1 OR looked_up_at > $2 FOR UPDATE SKIP LOCKED)";
// What another process writes just now stays: it was looked up later.
constexpr const char* forget_user =
    "DELETE FROM convoke.known_user WHERE (graph_root, tenant, upn) IN (SELECT u.graph_root, u.tenant, u.upn FROM convoke.organizer o "
    "JOIN convoke.lane l ON l.id = o.lane JOIN convoke.known_user u ON u.graph_root = l.graph_root AND u.tenant = l.tenant AND "
    "u.object_id = o.object_id WHERE o.id = $1 FOR UPDATE OF u SKIP LOCKED)";
// In the order of the keys: processes that save the same users wait for each other.
constexpr const char* add =
    "INSERT INTO convoke.known_user(graph_root, tenant, upn, object_id, looked_up_at) SELECT $1, $2, u.upn, u.object_id, $5 FROM "
    "unnest($3::text[], $4::text[]) AS u(upn, object_id) ORDER BY u.upn "
    "ON CONFLICT (graph_root, tenant, upn) DO UPDATE SET object_id = excluded.object_id, looked_up_at = excluded.looked_up_at";
constexpr const char* close_until =
    "INSERT INTO convoke.user_cooldown(graph_root, tenant, until) VALUES($1, $2, clock_timestamp() + $3::bigint * interval '1 "
    "microsecond') "
    "ON CONFLICT (graph_root, tenant) DO UPDATE SET until = excluded.until";

// A clock that is a little ahead of this one must not make what its machine saved look like the future.
constexpr std::chrono::hours clock_difference{1};

}  // namespace

outcome_of<remembered_users> read_users(connection& db, const lane_name& lane, utc_time now) {
  remembered_users out;
  // The tables of a rehearsal exist only while it plans, unless the ledger has them already.
  const auto missing = db.run("SELECT to_regclass('convoke.user_cooldown') IS NULL");
  if (!missing) return std::unexpected(missing.error());
  if (missing->integer(0, 0) != 0) return out;
  const auto users = db.run(
      find, params().with(lane.graph_root).with(lane.tenant).with(to_stored(now - user_lifetime)).with(to_stored(now + clock_difference)));
  if (!users) return std::unexpected(users.error());
  for (int i = 0; i < users->size(); ++i)
    out.users.push_back({.upn = std::string(users->text(i, 0)), .object_id = std::string(users->text(i, 1))});
  const auto wait = db.run(closed, params().with(lane.graph_root).with(lane.tenant));
  if (!wait) return std::unexpected(wait.error());
  if (!wait->empty()) out.closed_until = now + std::chrono::microseconds(wait->integer(0, 0));
  return out;
}

outcome_of<void> write_users(connection& db, const lane_name& lane, const learnt_users& what, utc_time now) {
  const auto forgotten = db.run(forget, params().with(to_stored(now - user_lifetime)).with(to_stored(now + clock_difference)));
  if (!forgotten) return std::unexpected(forgotten.error());
  std::vector<std::string_view> upns, ids;
  for (const auto& user : what.users) {
    upns.push_back(user.upn);
    ids.push_back(user.object_id);
  }
  if (!upns.empty()) {
    const auto added = db.run(add, params().with(lane.graph_root).with(lane.tenant).texts(upns).texts(ids).with(to_stored(now)));
    if (!added) return std::unexpected(added.error());
  }
  if (what.closed_until) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(*what.closed_until - now).count();
    const auto saved = db.run(close_until, params().with(lane.graph_root).with(lane.tenant).with(left));
    if (!saved) return std::unexpected(saved.error());
  }
  return {};
}

void add_forget_user(pipeline& to, organizer_id organizer) {
  to.add(forget_user).with(organizer);
}

}  // namespace convoke::ledger::postgres

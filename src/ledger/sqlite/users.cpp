#include "ledger/sqlite/users.hpp"

#include <algorithm>
#include <string>

#include "ledger/stored.hpp"

namespace convoke::ledger::sqlite {

result<remembered_users> read_users(connection& db, const lane_name& lane, utc_time now) {
  remembered_users out;
  statement find(db,
                 "SELECT upn, object_id FROM known_user WHERE graph_root = ? AND tenant = ? AND looked_up_at > ? AND looked_up_at <= ? "
                 "ORDER BY upn");
  for (find.with(lane.graph_root, lane.tenant, to_stored(now - user_lifetime), to_stored(now)); find.step();)
    out.users.push_back({.upn = std::string(find.text(0)), .object_id = std::string(find.text(1))});
  // Where the wall clock went back since it was saved the whole wait begins again, as with other cooldowns.
  statement closed(db, "SELECT until, saved_at FROM user_cooldown WHERE graph_root = ? AND tenant = ?");
  if (closed.with(lane.graph_root, lane.tenant).step()) {
    const auto until = from_stored(closed.integer(0)), saved = from_stored(closed.integer(1));
    const auto ends = now + (until - std::max(saved, std::min(now, until)));
    if (ends > now) out.closed_until = ends;
  }
  if (!db.ok()) return std::unexpected(db.failure());
  return out;
}

result<void> write_users(connection& db, const lane_name& lane, const learnt_users& what, utc_time now) {
  statement forget(db, "DELETE FROM known_user WHERE looked_up_at <= ? OR looked_up_at > ?");
  forget.with(to_stored(now - user_lifetime), to_stored(now)).run();
  statement add(db, "INSERT OR REPLACE INTO known_user(graph_root, tenant, upn, object_id, looked_up_at) VALUES(?, ?, ?, ?, ?)");
  for (const auto& user : what.users) add.with(lane.graph_root, lane.tenant, user.upn, user.object_id, to_stored(now)).run();
  if (what.closed_until) {
    statement close(db, "INSERT OR REPLACE INTO user_cooldown(graph_root, tenant, until, saved_at) VALUES(?, ?, ?, ?)");
    close.with(lane.graph_root, lane.tenant, to_stored(*what.closed_until), to_stored(now)).run();
  }
  return db.status();
}

}  // namespace convoke::ledger::sqlite

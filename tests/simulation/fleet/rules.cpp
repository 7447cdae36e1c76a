#include <utility>

#include "engine/rules.hpp"
#include "simulation/fleet/fleet.hpp"
#include "simulation/fleet/switches.hpp"
#include "simulation/rules.hpp"

namespace convoke::simulation::fleet {

namespace {

struct removed {
  const char* name;
  guarantee what;
};
constexpr removed of_the_fleet[] = {
    {"database: writes check the token", guarantee::token_checked},
    {"database: the number of changed rows is checked", guarantee::changes_counted},
    {"database: outcomes are insert-only", guarantee::insert_only},
    {"database: a commit in doubt is looked up", guarantee::outcome_read_again},
    {"database: an ended session is not extended", guarantee::busy_when_over},
    {"database: leases end by the database's clock", guarantee::database_clock},
    {"database: rows of live sessions are not claimed", guarantee::live_claims_kept},
    {"database: stale rows are claimed after a survey", guarantee::survey_first},
    {"database: superseding rows inherit the claim", guarantee::claims_inherited},
    {"database: a lost write frees what was inherited", guarantee::inherited_freed},
    {"database: cooldowns are announced", guarantee::cooldowns_announced},
    {"database: one session leads a lane", guarantee::one_leader},
    {"driver: nothing is sent after a failed renewal", guarantee::failed_renewal_stops},
    {"driver: the lease counts from the sending", guarantee::measured_from_sending},
    {"driver: the lease is trusted less than it lasts", guarantee::margin_kept},
    {"driver: claims that a failover brought back are left", guarantee::lost_claims_end},
    {"driver: the leader divides the rate", guarantee::parts_granted},
};
static_assert(std::size(of_the_fleet) == static_cast<std::size_t>(guarantee::count_) - 1);

struct removed_rule {
  const char* name;
  engine::rule what;
};
// Not safe_parts_respected: a worker that cannot renew stops soon, and the rates are not measured so finely. The engine's tests have it.
constexpr removed_rule of_the_engine[] = {
    {"engine: stale rows wait an attempt timeout", engine::rule::stale_rows_wait},
    {"engine: rows that another process took are dropped", engine::rule::lost_writes_forgotten},
    {"engine: nothing is sent once the lease may have ended", engine::rule::lease_obeyed},
    {"engine: nor in the last seconds before", engine::rule::lease_margin_kept},
    {"engine: announced cooldowns are obeyed", engine::rule::announced_cooldowns_obeyed},
    {"engine: rows that become stale later wait as well", engine::rule::late_stale_rows_wait},
    {"engine: a worker calls at its part of the rate", engine::rule::parts_respected},
    {"engine: rows of other workers are waited for", engine::rule::others_awaited},
};
static_assert(std::size(of_the_engine) ==
              1 + static_cast<std::size_t>(engine::rule::count_) - static_cast<std::size_t>(engine::rule::first_of_several_workers));

}  // namespace

bool check_fleet_rules(unsigned seeds, unsigned jobs) {
  std::vector<removal> rules;
  for (const auto& r : of_the_fleet) rules.push_back({r.name, [r] { switched_off = r.what; }, [] { switched_off = guarantee::none; }});
  for (const auto& r : of_the_engine)
    rules.push_back({r.name, [r] { engine::switched_off = r.what; }, [] { engine::switched_off = engine::rule::none; }});
  return check_removals(rules, simulate_fleet, seeds, jobs);
}

}  // namespace convoke::simulation::fleet

// The rows of a job, and the meetings that exist before it.

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "simulation/world.hpp"

namespace convoke::simulation {

using namespace std::chrono_literals;
using engine::update_rule;

meeting_spec make_spec(const scenario& of, unsigned row, engine::organizer_id organizer, bool refused) {
  const auto monday = utc_time(std::chrono::sys_days(std::chrono::year(2026) / 9 / 7)) + 8h;
  meeting_spec s;
  s.organizer = organizer_guid(of.seed, organizer);
  s.external_id = fmt::format("Class-{}", row);
  s.subject = fmt::format("Algebra {}", row);
  if (refused) s.subject->append(5000, 'x');
  s.start = monday + std::chrono::minutes(30 * (row % 4000));
  s.end = s.start + 90min;
  if (row % 16 == 3) s.attendees.push_back({attendee_id::upn, "ada@contoso.example", attendee_role::presenter});
  return s;
}

namespace {

// What createOrGet cannot set. Some rows want what a new meeting shows already.
std::vector<option_value> options_of(unsigned row) {
  constexpr std::uint8_t presenters = 13, lobby = 18;
  if (row % 32 == 5) return {{.option = presenters, .value = "everyone"}};
  return {{.option = presenters, .value = "organizer"}, {.option = lobby, .value = "invited"}};
}

}  // namespace

void world::make_plan() {
  busy_until_.resize(1);  // keys count from 1
  for (unsigned i = 0; i < scenario_.rows; ++i) {
    auto organizer = static_cast<organizer_id>(random_.chance(scenario_.skew) ? 0 : random_.below(scenario_.organizers));
    auto rule = update_rule::never;
    if (random_.chance(scenario_.with_update_rule)) rule = random_.chance(0.7) ? update_rule::if_different : update_rule::always;
    if (i > 0 && random_.chance(scenario_.shared_keys)) {
      const auto other = random_.below(i);
      const auto first = ledger_.rows()[other];
      specs_.push_back(specs_[other]);
      ledger_.add(first.key, first.organizer, first.update);
      continue;
    }
    specs_.push_back(make_spec(scenario_, i, organizer, random_.chance(scenario_.refused_rows)));
    if (scenario_.with_update_rule > 0 && i % 8 == 5) specs_.back().options = options_of(i);
    ledger_.add(busy_until_.size(), organizer, rule);
    busy_until_.push_back(mono_time::min());
  }
  shared_keys_.resize(busy_until_.size());
  for (unsigned i = 0; i < scenario_.rows; ++i) {
    const bool different = random_.chance(scenario_.different);
    if (!different && !random_.chance(scenario_.known)) continue;
    if (!make_row_known(i, different)) break;
    if (random_.chance(scenario_.later_operation)) begin_later(i);
  }
}

// Another program made this meeting before. False where the token endpoint does not give a token.
bool world::make_row_known(std::size_t index, bool different) {
  auto wanted = specs_[index];
  if (different) {
    switch (random_.below(3)) {
      case 0:
        wanted.subject = "Another subject";
        break;
      case 1:
        wanted.start += 1h;
        wanted.end += 1h;
        break;
      default:
        wanted.attendees.push_back({attendee_id::upn, "grace@contoso.example", attendee_role::attendee});
    }
  }
  sim::reply r;
  if (!call_directly(operation::create_or_get, index, wanted, r)) return false;
  if (now_ < start_ - 10min) now_ += 5s;
  return true;
}

// The ledger knows the meeting from an earlier run, and the row owes another operation than createOrGet.
void world::begin_later(std::size_t index) {
  const auto& planned = ledger_.rows()[index];
  const auto& all = lanes_[planned.lane].service->meetings().all();
  const auto found = all.find(specs_[index].organizer + specs_[index].external_id);
  if (found == all.end() || !found->second.exists()) return;
  static constexpr std::array later = {operation::update, operation::update, operation::get, operation::remove};
  const auto op = later[random_.below(later.size())];
  // A meeting that is only looked at has no options that nothing set.
  if (op == operation::get) specs_[index].options.clear();
  ledger_.begin_with(index, op, sim::meeting_id(*found), op == operation::get && index % 2 == 0);
  sim::reply r;
  if (random_.chance(scenario_.deleted_before)) (void)call_directly(operation::remove, index, specs_[index], r);
}

}  // namespace convoke::simulation

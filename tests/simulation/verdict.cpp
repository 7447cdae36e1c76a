// The end of a job: what the ledger says, held against what the service holds.

#include <set>

#include "sim/service/answer.hpp"
#include "simulation/world.hpp"

namespace convoke::simulation {

void world::check_row(std::size_t index, const sim::meeting_store& store) {
  const auto& row = ledger_.rows()[index];
  const auto& wanted = specs_[index];
  const auto name = "row " + std::to_string(index + 1);
  if (!row.result) return complain(name + " has no outcome");
  const auto* last = ledger_.ended_with(index);
  const auto found = store.all().find(wanted.organizer + wanted.external_id);
  const bool there = found != store.all().end() && found->second.exists();
  if (*row.result == outcome::failed) {
    const bool cause = last->error_code == "retries" ? row.strikes >= 3 : last->status >= 300 && last->status < 500;
    if (!cause) complain(name + " failed without cause: " + std::to_string(last->status) + " " + last->error_code);
    return;
  }
  if (!there) return complain(name + " is said to be there and is not");
  const auto& held = found->second;
  if (!last->stored || last->stored->id != sim::meeting_id(*found))
    return complain(name + " is known by an id that the service does not use");
  const bool same = held.has_subject && held.subject() == *wanted.subject && held.start == wanted.start && held.end == wanted.end;
  if (*row.result == outcome::existing && !same) complain(name + " is called existing, and differs");
  if (*row.result == outcome::drifted && same) complain(name + " is called drifted, and does not differ");
  if (*row.result == outcome::created && !same) complain(name + " was created, and is another meeting");
}

void world::check_the_end() {
  const auto& store = service_->meetings();
  if (store.duplicates() > 0) complain(std::to_string(store.duplicates()) + " keys were made more than once");
  for (auto& w : ledger_.complaints()) complain(std::move(w));
  if (over_ || !referee_->complaints().empty()) return;  // the job did not come to its end
  std::set<std::string, std::less<>> planned;
  for (const auto& s : specs_) planned.insert(s.organizer + s.external_id);
  for (const auto& [key, record] : store.all())
    if (record.exists() && !planned.contains(key)) complain("a meeting that nobody planned: " + key);
  for (std::size_t i = 0; i < specs_.size() && referee_->complaints().size() < 10; ++i) check_row(i, store);
}

}  // namespace convoke::simulation

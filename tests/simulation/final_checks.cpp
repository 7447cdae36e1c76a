// The end of a job: compares the contents of the ledger with the meetings of the service.

#include "simulation/final_checks.hpp"

#include <algorithm>
#include <set>

#include "core/meeting_options.hpp"
#include "sim/service/meeting_options.hpp"
#include "simulation/world.hpp"

namespace convoke::simulation {

namespace {

std::string people_of(const meeting_spec& s) {
  std::string people;
  for (const auto& a : s.attendees) people += (a.kind == attendee_id::upn ? "u" : "i") + a.value + "\n";
  return people;
}

// Without roles, which Graph does not have to keep.
std::string people_of(std::string_view stored) {
  std::string people;
  while (!stored.empty()) {
    const auto line = stored.substr(0, stored.find('\n'));
    stored.remove_prefix(line.size() + 1);
    people += std::string(line.substr(0, line.find('\t'))) + "\n";
  }
  return people;
}

// The service has a table of its own.
bool has_option(const sim::key_record& held, const option_value& wanted) {
  const auto& known = *core::option_numbered(wanted.option);
  std::string value;
  core::append_option_json(value, known, wanted.value);
  const auto all = sim::meeting_options();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto name = std::string(all[i].member) + (all[i].part.empty() ? "" : ".") + std::string(all[i].part);
    if (name != known.name) continue;
    const auto number = static_cast<std::uint8_t>(i);
    return held.options && held.options->contains(number) ? held.options->at(number) == value : all[i].unset == value;
  }
  return false;
}

bool agrees(const meeting_spec& wanted, const sim::key_record& held) {
  const auto set = [&held](const option_value& one) { return has_option(held, one); };
  return std::ranges::all_of(wanted.options, set) && held.has_subject && held.subject() == *wanted.subject && held.start == wanted.start &&
         held.end == wanted.end && people_of(held.people()) == people_of(wanted);
}

std::optional<std::string> wrong_meeting(const ended_row& row, const sim::meeting_store::entry& e) {
  using engine::update_rule;
  if (!row.last.stored || row.last.stored->id != sim::meeting_id(e)) return "has an id that the service does not use";
  const bool same = agrees(row.wanted, e.second);
  if (row.result == outcome::drifted && same) return "is reported as different, and does not differ";
  if (row.result != outcome::drifted && !same) return "is reported as " + std::string(to_string(row.result)) + ", and differs";
  const bool updates = row.planned != operation::get || (row.repairs && row.update == update_rule::if_different);
  if (row.result == outcome::drifted && row.update != update_rule::never && updates)
    return "is reported as different, and an update was owed";
  if ((row.result == outcome::created || row.result == outcome::existing) && row.update == update_rule::always)
    return "ended without the update that it owed";
  if (row.result == outcome::updated && e.second.updates == 0) return "is reported as updated, and no update reached the service";
  if (row.result == outcome::unchanged && row.planned != operation::get) return "is reported as unchanged, and owed more than a get";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> wrong_end(const ended_row& row, const sim::meeting_store& meetings) {
  if (row.result == outcome::failed) {
    const bool cause = row.last.error_code == "retries" ? row.strikes >= 3 : row.last.status >= 300 && row.last.status < 500;
    if (cause) return std::nullopt;
    return "failed without cause: " + std::to_string(row.last.status) + " " + row.last.error_code;
  }
  const auto found = meetings.all().find(row.wanted.organizer + row.wanted.external_id);
  const bool there = found != meetings.all().end() && found->second.exists();
  if (row.result == outcome::lost && row.repairs) return "is reported as lost, and was to be repaired";
  if (row.result == outcome::removed || row.result == outcome::lost) {
    if (!there) return std::nullopt;
    return "is reported as " + std::string(to_string(row.result)) + ", and its meeting exists";
  }
  return there ? wrong_meeting(row, *found) : "is reported as there and is not";
}

void world::check_row(std::size_t index) {
  const auto& row = ledger_.rows()[index];
  const auto name = "row " + std::to_string(index + 1);
  if (!row.result) return violated(name + " has no outcome");
  const ended_row ended{specs_[index], row.planned, row.update, *row.result, row.strikes, *ledger_.ended_with(index), row.repairs};
  if (const auto wrong = wrong_end(ended, lanes_[row.lane].service->meetings())) violated(name + " " + *wrong);
}

void world::check_the_end() {
  for (const auto& l : lanes_) {
    const auto duplicates = l.service->meetings().duplicates();
    if (duplicates > 0) violated(std::to_string(duplicates) + " keys were made more than once");
  }
  for (auto& w : ledger_.violations()) violated(std::move(w));
  if (over_ || !checker_->violations().empty()) return;  // the job did not finish
  std::set<std::string, std::less<>> planned;
  for (const auto& s : specs_) planned.insert(s.organizer + s.external_id);
  for (const auto& l : lanes_) {
    for (const auto& [key, record] : l.service->meetings().all())
      if (record.exists() && !planned.contains(key)) violated("a meeting that is in no plan: " + key);
  }
  for (std::size_t i = 0; i < specs_.size() && checker_->violations().size() < 10; ++i) check_row(i);
}

}  // namespace convoke::simulation

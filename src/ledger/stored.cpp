#include "ledger/stored.hpp"

#include <cmath>

namespace convoke::ledger {

std::optional<std::int64_t> stored_date(const occurrence_date& date) noexcept {
  if (!date) return std::nullopt;
  const std::chrono::year_month_day day(*date);
  return (std::int64_t{static_cast<int>(day.year())} * 100 + static_cast<unsigned>(day.month())) * 100 + static_cast<unsigned>(day.day());
}

std::chrono::local_days date_from_stored(std::int64_t date) noexcept {
  const std::chrono::year year(static_cast<int>(date / 10'000));
  const std::chrono::month month(static_cast<unsigned>(date / 100 % 100));
  return std::chrono::local_days(year / month / std::chrono::day(static_cast<unsigned>(date % 100)));
}

bool worth_saving(const lane_pace& pace) noexcept {
  const auto sound = [](double x) { return std::isfinite(x) && x >= 0; };
  return sound(pace.rate) && pace.rate > 0 && sound(pace.refused) && sound(pace.credit);
}

std::string to_bytes(const std::vector<digest>& keys) {
  std::string out;
  for (const auto& key : keys) out += digest_bytes(key).view();
  return out;
}

std::vector<digest> to_digests(std::string_view bytes) {
  constexpr std::size_t size = 16;
  std::vector<digest> out;
  for (; bytes.size() >= size; bytes.remove_prefix(size)) out.push_back(read_digest(bytes.substr(0, size)));
  return out;
}

std::string_view to_string(run_state state) noexcept {
  switch (state) {
    case run_state::planned:
      return "planned";
    case run_state::open:
      return "open";
    case run_state::finished:
      return "finished";
    case run_state::discarded:
      return "discarded";
  }
  return "unknown";
}

void count(outcome_counts& counts, outcome o, std::uint64_t n) noexcept {
  switch (o) {
    case outcome::created:
      counts.created += n;
      break;
    case outcome::existing:
      counts.existing += n;
      break;
    case outcome::drifted:
      counts.drifted += n;
      break;
    case outcome::updated:
      counts.updated += n;
      break;
    case outcome::unchanged:
      counts.unchanged += n;
      break;
    case outcome::failed:
      counts.failed += n;
      break;
    case outcome::rejected:
      counts.rejected += n;
      break;
    case outcome::superseded:
      counts.superseded += n;
      break;
    case outcome::lost:
      counts.lost += n;
      break;
    case outcome::removed:
      counts.removed += n;
      break;
  }
}

std::uint64_t ended(const outcome_counts& c) noexcept {
  return c.created + c.existing + c.drifted + c.updated + c.unchanged + c.failed + c.rejected + c.superseded + c.lost + c.removed;
}

std::int64_t month_of(utc_time t) noexcept {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(t));
  return std::int64_t{static_cast<int>(date.year())} * 12 + static_cast<unsigned>(date.month()) - 1;
}

std::string_view state_word(int state, bool pending) noexcept {
  if (pending) return "wanted";
  switch (static_cast<observed>(state)) {
    case observed::satisfied:
      return "satisfied";
    case observed::drifted:
      return "drifted";
    case observed::failed:
      return "failed";
    case observed::lost:
      return "lost";
    case observed::removed:
      return "removed";
    case observed::incomplete:
      return "wanted";
  }
  return "wanted";
}

bool shows_meeting(outcome o) noexcept {
  return o != outcome::failed && o != outcome::rejected && o != outcome::superseded;
}

bool belongs_in_failed(const std::optional<outcome>& o, bool drift_fails) noexcept {
  if (!o) return false;
  return *o == outcome::failed || *o == outcome::rejected || *o == outcome::lost || (drift_fails && *o == outcome::drifted);
}

std::unexpected<error> no_such_run(run_id id) {
  return fail(errc::usage, "there is no run " + std::to_string(id) + " in this ledger; `convoke runs` lists them");
}

std::unexpected<error> records_not_kept(run_id id) {
  return fail(errc::usage, "the records of run " + std::to_string(id) + " are no longer kept; --keep-runs says for how many runs they are");
}

}  // namespace convoke::ledger

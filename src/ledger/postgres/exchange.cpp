#include "ledger/postgres/exchange.hpp"

#include <algorithm>

#include "ledger/postgres/exchange_statements.hpp"
#include "ledger/postgres/memory.hpp"
#include "ledger/postgres/pipeline.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

std::int64_t microseconds(ticks t) {
  return std::chrono::duration_cast<std::chrono::microseconds>(t).count();
}

// Where the answers of a renewal are.
struct answer_indices {
  std::size_t lease = 0, lead = 0, members = 0, rates = 0, throttles = 0, cooldowns = 0;
};

void add_report(pipeline& to, const session& of, const renewal_request& wanted) {
  std::vector<std::int64_t> lanes, calls, successes;
  std::vector<double> wants, weights;
  for (const auto& lane : wanted.lanes) {
    if (lane.lane >= of.lanes.size()) continue;
    const auto& own = of.exchange[lane.lane].own;
    lanes.push_back(of.lanes[lane.lane]);
    wants.push_back(lane.wants);
    weights.push_back(lane.weight);
    // Sums since the session began: to state them twice is harmless.
    calls.push_back(static_cast<std::int64_t>(own.calls + lane.calls));
    successes.push_back(static_cast<std::int64_t>(own.successes + lane.successes));
  }
  to.add(exchanging::report).with(of.id).integers(lanes).reals(wants).reals(weights).integers(calls).integers(successes);
}

void add_throttles(pipeline& to, const session& of, const renewal_request& wanted) {
  std::vector<std::int64_t> lanes, ago, left;
  const auto now = os::wall_now();
  for (const auto& lane : wanted.lanes) {
    if (lane.lane >= of.lanes.size()) continue;
    for (const auto& throttle : lane.throttles) {
      lanes.push_back(of.lanes[lane.lane]);
      ago.push_back(microseconds(now - throttle.sent));
      left.push_back(microseconds(throttle.until - now));
    }
  }
  if (!lanes.empty()) to.add(exchanging::add_throttles).with(of.id).integers(lanes).integers(ago).integers(left);
}

void add_published(pipeline& to, const session& of, const renewal_request& wanted) {
  std::vector<std::int64_t> lanes, grant_lanes, grant_sessions;
  std::vector<double> rates, paces, refused, credits, parts, safe_parts;
  for (const auto& lane : wanted.lanes) {
    if (!lane.leads || lane.lane >= of.lanes.size()) continue;
    const auto id = of.lanes[lane.lane];
    lanes.push_back(id);
    rates.push_back(lane.leads->rate);
    paces.push_back(lane.leads->pace.rate);
    refused.push_back(lane.leads->pace.refused);
    credits.push_back(lane.leads->pace.credit);
    for (const auto& grant : lane.leads->grants) {
      grant_lanes.push_back(id);
      grant_sessions.push_back(static_cast<std::int64_t>(grant.session));
      parts.push_back(grant.part);
      safe_parts.push_back(grant.safe_part);
    }
  }
  if (lanes.empty()) return;
  to.add(exchanging::publish).with(of.id).integers(lanes).reals(rates).reals(paces).reals(refused).reals(credits);
  if (!parts.empty()) to.add(exchanging::grant).with(of.id).integers(grant_lanes).integers(grant_sessions).reals(parts).reals(safe_parts);
}

void add_terms(pipeline& to, const session& of, answer_indices& at) {
  at.lead = to.size();
  to.add(exchanging::lead).with(of.id).integers(of.lanes);
  at.members = to.size();
  to.add(exchanging::members).with(of.id).integers(of.lanes).with(std::chrono::duration<double>(lease_time).count());
  at.rates = to.size();
  to.add(exchanging::rates).integers(of.lanes);
  at.throttles = to.size();
  to.add(exchanging::throttles).with(of.id).integers(of.lanes);
}

std::size_t position_of(const session& of, std::int64_t lane) {
  return static_cast<std::size_t>(std::ranges::find(of.lanes, lane) - of.lanes.begin());
}

// What others did since the last renewal of this session, which leads the lane. When it begins to lead nothing is counted: the one that led
// before did.
void add_others(lane_terms& terms, lane_exchange& known, std::vector<std::pair<lease_token, lane_exchange::counts>> others, bool led) {
  std::unordered_map<lease_token, lane_exchange::counts> now;
  for (const auto& [id, counts] : others) {
    now.emplace(id, counts);
    if (!led) continue;
    const auto before = known.others.find(id);
    const auto base = before == known.others.end() ? lane_exchange::counts{} : before->second;
    terms.calls += counts.calls - std::min(base.calls, counts.calls);
    terms.successes += counts.successes - std::min(base.successes, counts.successes);
  }
  known.others = std::move(now);
}

// Whether the session leads each lane, and its members.
void read_members(std::vector<lane_terms>& terms, const rows& begun, const rows& found, session& of) {
  std::vector<std::vector<std::pair<lease_token, lane_exchange::counts>>> others(terms.size());
  std::vector<bool> leads(terms.size()), led(terms.size(), true);
  for (int i = 0; i < begun.size(); ++i) {
    if (const auto at = position_of(of, begun.integer(i, 0)); at < led.size()) led[at] = false;
  }
  for (int i = 0; i < found.size(); ++i) {
    const auto at = position_of(of, found.integer(i, 0));
    if (at >= terms.size()) continue;
    auto& lane = terms[at];
    const auto id = found.as<lease_token>(i, 1);
    leads[at] = found.as<lease_token>(i, 9) == of.id;
    lane.workers = found.as<std::uint32_t>(i, 10);
    if (id == of.id) {
      lane.part = found.real(i, 4);
      lane.safe_part = found.real(i, 5);
    } else {
      others[at].push_back({id, {.calls = found.as<std::uint64_t>(i, 6), .successes = found.as<std::uint64_t>(i, 7)}});
    }
    lane.members.push_back(
        {.session = id, .wants = found.real(i, 2), .weight = found.real(i, 3), .part = found.real(i, 4), .settled = found.as<bool>(i, 8)});
  }
  for (std::size_t at = 0; at < terms.size(); ++at) {
    auto& known = of.exchange[at];
    // One that led before, and that another one stood in for in between, first takes over what that one published.
    terms[at].leads = leads[at] && (led[at] || !known.leads);
    if (!terms[at].leads) {
      terms[at].members.clear();
      known.others.clear();
    } else {
      add_others(terms[at], known, std::move(others[at]), known.leads);
    }
  }
}

void read_rates(std::vector<lane_terms>& terms, const rows& found, const session& of) {
  for (int i = 0; i < found.size(); ++i) {
    const auto at = position_of(of, found.integer(i, 0));
    if (at >= terms.size()) continue;
    terms[at].rate = found.real(i, 1);
    if (found.real(i, 2) > 0) terms[at].pace = lane_pace{.rate = found.real(i, 2), .refused = found.real(i, 3), .credit = found.real(i, 4)};
  }
}

void read_throttles(std::vector<lane_terms>& terms, const rows& found, session& of, utc_time now) {
  std::vector<std::unordered_set<std::int64_t>> seen(terms.size());
  for (int i = 0; i < found.size(); ++i) {
    const auto at = position_of(of, found.integer(i, 1));
    if (at >= terms.size() || !terms[at].leads) continue;
    const auto id = found.integer(i, 0);
    auto& known = of.exchange[at];
    seen[at].insert(id);
    // When it begins to lead, those before the last publication were taken into account.
    if (known.leads ? known.throttles.contains(id) : found.as<bool>(i, 4)) continue;
    terms[at].throttles.push_back(
        {.sent = now - std::chrono::microseconds(found.integer(i, 2)), .until = now + std::chrono::microseconds(found.integer(i, 3))});
  }
  for (std::size_t at = 0; at < terms.size(); ++at) of.exchange[at].throttles = std::move(seen[at]);
}

std::vector<lane_terms> read_terms(const std::vector<rows>& answers, const answer_indices& at, session& of) {
  std::vector<lane_terms> terms(of.lanes.size());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    terms[i].lane = static_cast<lane_id>(i);
    terms[i].leads = false;
  }
  read_members(terms, answers[at.lead], answers[at.members], of);
  read_rates(terms, answers[at.rates], of);
  read_throttles(terms, answers[at.throttles], of, os::wall_now());
  for (std::size_t i = 0; i < terms.size(); ++i) of.exchange[i].leads = terms[i].leads;
  return terms;
}

void confirm(session& of, const renewal_request& wanted) {
  for (const auto& lane : wanted.lanes) {
    if (lane.lane >= of.exchange.size()) continue;
    of.exchange[lane.lane].own.calls += lane.calls;
    of.exchange[lane.lane].own.successes += lane.successes;
  }
}

}  // namespace

outcome_of<result<renewal>> renew(connection& db, session_list& list, const renewal_request& wanted) {
  const auto of = list.find(wanted.lease);
  if (!of) return result<renewal>(std::unexpected(session_over()));
  pipeline all;
  answer_indices at;
  all.add(begin_transaction);
  at.lease = all.size();
  if (wanted.extend) {
    all.add(exchanging::extend).with(of->id).with(std::chrono::duration<double>(lease_time).count());
    all.add(exchanging::drop_throttles);
  } else {
    all.add(exchanging::lease).with(of->id);
  }
  add_report(all, *of, wanted);
  add_throttles(all, *of, wanted);
  add_published(all, *of, wanted);
  add_terms(all, *of, at);
  at.cooldowns = all.size();
  add_announced(all, *of);
  all.add(commit_transaction);

  auto answers = all.run(db);
  if (!answers) return std::unexpected(answers.error());
  const auto& lease = (*answers)[at.lease];
  if (lease.empty()) return result<renewal>(std::unexpected(session_over()));
  confirm(*of, wanted);
  renewal out;
  out.left = std::chrono::microseconds(lease.integer(0, 0));
  out.lanes = read_terms(*answers, at, *of);
  out.cooldowns = read_announced((*answers)[at.cooldowns], *of);
  return result<renewal>(std::move(out));
}

outcome_of<std::vector<lane_terms>> first_terms(connection& db, session& begun) {
  pipeline all;
  answer_indices at;
  add_terms(all, begun, at);
  auto answers = all.run(db);
  if (!answers) return std::unexpected(answers.error());
  return read_terms(*answers, at, begun);
}

}  // namespace convoke::ledger::postgres

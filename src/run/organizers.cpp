#include "run/organizers.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <stop_token>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/executor_work_guard.hpp>

#include "core/text.hpp"
#include "files/digest.hpp"
#include "os/clock.hpp"
#include "report/wording.hpp"
#include "run/context.hpp"
#include "run/lane_parts.hpp"
#include "run/lookup_session.hpp"
#include "run/mailbox.hpp"
#include "run/tls_contexts.hpp"
#include "run/validate.hpp"

namespace convoke::run {

using report::count_of;

namespace {

constexpr std::uint64_t seeds_per_lane = 64;  // a lane has fewer connections for its look-ups
constexpr std::size_t users_of_a_commit = 200;

std::uint64_t seed_of(const job& j) {
  if (j.seed != 0) return j.seed;
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

std::string name_of(const lane_options& lane) {
  return core::escape_for_people(lane.name.empty() ? lane.tenant : lane.name, 60);
}

// The look-ups of all lanes, and what ends them early.
struct lookups {
  std::vector<std::unique_ptr<lookup_session>> sessions;
  bool interrupted = false;

  [[nodiscard]] bool closed() const {
    return std::ranges::all_of(sessions, [](const auto& one) { return one->closed(); });
  }
  void interrupt() {
    interrupted = true;
    for (const auto& one : sessions) one->close();
  }
};

// `each` is called after whatever happened; its error ends the look-ups.
template <class F>
result<void> run_all(boost::asio::io_context& io, lookups& all, const stop_tokens& stop, F each) {
  mailbox<lookups> mail(io, all);
  // The thread that requests a stop may be any: what it does is to post.
  const auto forward = [address = mail.here()] { address.post([](lookups& self) { self.interrupt(); }); };
  const std::stop_callback drain(stop.drain, forward), at_once(stop.at_once, forward);
  for (const auto& one : all.sessions) one->start();
  const auto work = boost::asio::make_work_guard(io);
  result<void> out;
  while (!all.closed()) {
    io.run_one();
    if (!out) continue;
    out = each();
    if (out) continue;
    for (const auto& one : all.sessions) one->close();
  }
  return out;
}

// How bad an end is: the worst lane decides how the command ends.
int rank(errc code) {
  return code == errc::credentials ? 2 : 1;
}

std::string in_minutes(std::chrono::nanoseconds wait) {
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(wait).count();
  return count_of(static_cast<std::uint64_t>(minutes), "minute", "minutes");
}

}  // namespace

error looked_up_organizers::explain(const engine::user_lookups::end& why, const lane_need& need, std::size_t found) const {
  std::string text = job_.lanes.size() > 1 ? fmt::format("Tenant {}: {}", name_of(job_.lanes[need.lane]), why.why) : why.why;
  text += " Nothing was planned and nothing was sent";
  text += found == 0
              ? std::string(".")
              : fmt::format("; {} of {} found{}.", report::grouped(found), count_of(need.upns.size(), "organizer is", "organizers are"),
                            use_ == use::plan ? " and remembered" : "");
  if (job_.lanes.size() > 1) text += " --tenant NAME plans the rows of another tenant alone.";
  error out{why.code, {}};
  if (why.code != errc::credentials)
    text += why.come_back ? fmt::format(" Run the same command again in {}.", in_minutes(*why.come_back))
                          : std::string(" Run the same command again later.");
  if (why.come_back) out.come_back = std::chrono::ceil<std::chrono::seconds>(*why.come_back);
  out.message = std::move(text);
  return out;
}

result<organizer_source::counts> unresolved_organizers::resolve(std::span<const std::vector<std::string>> upns, user_names& into) {
  counts out;
  for (std::size_t lane = 0; lane < upns.size(); ++lane) {
    for (const auto& upn : upns[lane]) {
      const auto digits = files::sha256_hex(fmt::format("{}\n{}", lane, upn));
      const std::string_view d = digits;
      auto id = fmt::format("{}-{}-{}-{}-{}", d.substr(0, 8), d.substr(8, 4), d.substr(12, 4), d.substr(16, 4), d.substr(20, 12));
      names_.emplace(id, upn);
      into.set(lane, upn, {.is = user_names::entry::kind::found, .text = std::move(id)});
      ++out.names;
    }
  }
  return out;
}

void unresolved_organizers::show_names(plan_summary& of) const {
  for (auto& one : of.organizers)
    if (const auto name = names_.find(one.organizer); name != names_.end()) one.organizer = name->second;
}

result<organizer_source::counts> looked_up_organizers::resolve(std::span<const std::vector<std::string>> upns, user_names& into) {
  counts out;
  auto needs = read_known(upns, into, out);
  if (!needs) return std::unexpected(std::move(needs.error()));
  if (needs->empty()) return out;
  if (const auto done = look_up(*needs, into, out); !done) return std::unexpected(done.error());
  return out;
}

// What the ledger remembers; returns what it does not.
result<std::vector<looked_up_organizers::lane_need>> looked_up_organizers::read_known(std::span<const std::vector<std::string>> upns,
                                                                                      user_names& into, counts& out) {
  std::vector<lane_need> needs;
  for (std::size_t lane = 0; lane < upns.size(); ++lane) {
    if (upns[lane].empty()) continue;
    auto known = store_.users(lanes_[lane], os::wall_now());
    if (!known) return std::unexpected(std::move(known.error()));
    for (auto& user : known->users) into.set(lane, user.upn, {.is = user_names::entry::kind::found, .text = std::move(user.object_id)});
    lane_need need{.lane = lane};
    if (!job_.pace.forget_cooldowns) need.closed_until = known->closed_until;
    for (const auto& upn : upns[lane]) {
      ++out.names;
      if (into.find(lane, upn) != nullptr)
        ++out.cached;
      else
        need.upns.push_back(upn);
    }
    if (!need.upns.empty()) needs.push_back(std::move(need));
  }
  return needs;
}

result<void> looked_up_organizers::check_credentials_of(std::span<const lane_need> needs, std::uint64_t count) const {
  for (const auto& need : needs) {
    const auto& lane = job_.lanes[need.lane];
    auto usable = check_credentials(lane);
    if (usable && lane.no_credential.empty()) continue;
    const auto& why = lane.no_credential.empty() ? usable.error().message : lane.no_credential;
    return fail(errc::usage, fmt::format("{} must be looked up (the first one is {}), which needs a credential{}. {} Nothing was planned. "
                                         "Give one, or name organizers by their Entra object ids in place of UPNs.",
                                         count_of(count, "organizer", "organizers"), core::escape_for_people(need.upns.front()),
                                         job_.lanes.size() > 1 ? " for the tenant " + name_of(lane) : std::string(), why));
  }
  return {};
}

// Saves what was found since the last time, and the cooldown.
result<void> looked_up_organizers::remember(const lane_need& need, const engine::user_lookups& of, mono_time now, progress& so_far) {
  const auto at = os::wall_now();
  ledger::learnt_users learnt;
  so_far.known = of.known();
  so_far.saved.resize(need.upns.size());
  for (std::size_t i = 0; i < need.upns.size(); ++i) {
    const auto& user = of.users()[i];
    if (user.is != engine::user_lookups::user::state::found || so_far.saved[i]) continue;
    so_far.saved[i] = true;
    learnt.users.push_back({.upn = need.upns[i], .object_id = user.text});
  }
  const auto closed_for = of.closed_for(now);
  if (closed_for > std::chrono::seconds(1) || job_.pace.forget_cooldowns)
    learnt.closed_until = at + std::chrono::duration_cast<ticks>(closed_for);
  if (learnt.users.empty() && !learnt.closed_until) return {};
  return store_.save_users(lanes_[need.lane], learnt, at);
}

result<std::unique_ptr<lookup_session>> looked_up_organizers::make_session(const lane_need& need, const network& on, std::uint64_t seed) {
  auto parts = make_lane_parts(on.io, on.tls, job_.lanes[need.lane], job_.pace, seed + seeds_per_lane * need.lane);
  if (!parts) return std::unexpected(std::move(parts.error()));
  lookup_terms terms{.policy = {.max_attempts = job_.pace.max_attempts,
                                .max_cooldown = job_.pace.max_cooldown,
                                .max_outage = job_.pace.max_outage,
                                .seed = seed + need.lane},
                     .connect_timeout = job_.pace.connect_timeout,
                     .attempt_timeout = job_.pace.attempt_timeout};
  if (need.closed_until) terms.policy.closed_for = *need.closed_until - os::wall_now();
  return std::make_unique<lookup_session>(on.io, on.time, terms, std::move(*parts), need.upns,
                                          [this](const std::string& line) { watch_.note(line); });
}

// What is known of the users of a lane now. Returns how many were found.
std::size_t looked_up_organizers::take(const lane_need& need, const engine::user_lookups& done, user_names& into, counts& out) {
  using state = engine::user_lookups::user::state;
  std::size_t found = 0;
  for (std::size_t i = 0; i < need.upns.size(); ++i) {
    const auto& [is, attempts, text] = done.users()[i];
    if (is == state::found) {
      ++found;
      into.set(need.lane, need.upns[i], {.is = user_names::entry::kind::found, .text = text});
    } else if (is == state::unknown || is == state::refused) {
      ++out.unknown;
      const auto as = is == state::unknown ? user_names::entry::kind::unknown : user_names::entry::kind::refused;
      into.set(need.lane, need.upns[i], {.is = as, .text = text});
    }
  }
  out.looked_up += found;
  return found;
}

result<void> looked_up_organizers::look_up(const std::vector<lane_need>& needs, user_names& into, counts& out) {
  std::uint64_t count = 0;
  for (const auto& need : needs) count += need.upns.size();
  if (const auto usable = check_credentials_of(needs, count); !usable) return usable;
  // The io_context goes first: what is left in it refers to the others.
  auto tls = tls_contexts::create(job_.lanes);
  if (!tls) return std::unexpected(std::move(tls.error()));
  const auto context = make_context();
  if (!context) return std::unexpected(context.error());
  machine_clock time(**context);
  watch_.note(fmt::format("Looking up {}.", count_of(count, "organizer", "organizers")));
  lookups all;
  const auto seed = seed_of(job_);
  for (const auto& need : needs) {
    auto made = make_session(need, {.io = **context, .tls = *tls, .time = time}, seed);
    if (!made) return std::unexpected(std::move(made.error()));
    all.sessions.push_back(std::move(*made));
  }
  std::vector<progress> saved(needs.size());
  // A process that is killed meanwhile does not look all of them up again.
  const auto save = [&]() -> result<void> {
    for (std::size_t i = 0; i < needs.size(); ++i) {
      const auto& done = all.sessions[i]->outcome();
      if (done.known() < saved[i].known + users_of_a_commit) continue;
      if (auto kept = remember(needs[i], done, time.now(), saved[i]); !kept) return kept;
    }
    return {};
  };
  if (const auto ran = run_all(**context, all, stop_, save); !ran) return ran;

  std::optional<error> worst;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const auto& need = needs[i];
    const auto& done = all.sessions[i]->outcome();
    const auto found = take(need, done, into, out);
    if (const auto kept = remember(need, done, time.now(), saved[i]); !kept) return kept;
    if (!done.ended() || (worst && rank(done.ended()->code) <= rank(worst->code))) continue;
    worst = explain(*done.ended(), need, found);
  }
  if (all.interrupted)
    return fail(errc::interrupted,
                "Interrupted while organizers were looked up: nothing was planned and nothing was sent. Run the same command again.");
  if (worst) return std::unexpected(std::move(*worst));
  return {};
}

}  // namespace convoke::run

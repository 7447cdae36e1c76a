#include "run/driver.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>

#include "engine/scopes.hpp"
#include "run/driver_state.hpp"

namespace convoke::run {

engine::settings engine_settings(const job& j, std::uint64_t seed) {
  engine::settings s;
  s.rate = j.pace.rate;
  s.start_rate = j.pace.start_rate;
  s.fixed_rate = j.pace.fixed_rate;
  s.organizer_rate = j.pace.organizer_rate;
  s.organizer_concurrency = j.pace.organizer_concurrency;
  s.max_attempts = j.pace.max_attempts;
  s.attempt_timeout = j.pace.attempt_timeout;
  s.row_deadline = j.pace.row_deadline;
  if (j.pace.max_duration) s.max_duration = *j.pace.max_duration;
  s.max_outage = j.pace.max_outage;
  s.max_cooldown = j.pace.max_cooldown;
  s.drain = j.pace.drain;
  s.connections = j.pace.connections;
  s.seed = seed;
  return s;
}

std::optional<engine::remembered_pace> remembered(const std::optional<ledger::saved_pace>& saved, utc_time wall) {
  if (!saved) return std::nullopt;
  const auto& [pace, when] = *saved;
  return engine::remembered_pace{.pace = {.rate = pace.rate, .refused = pace.refused, .credit = pace.credit},
                                 .age = std::max<std::chrono::nanoseconds>(wall - when, std::chrono::nanoseconds(0))};
}

std::uint64_t calls_owed(const ledger::opened_run& opened) noexcept {
  std::uint64_t calls = 0;
  for (const auto& o : opened.organizers) calls += o.fresh + o.stale;
  return calls;
}

std::vector<engine::lane_setup> lane_setups(const ledger::opened_run& opened, const job& j, mono_time now, utc_time wall) {
  std::vector<engine::lane_setup> lanes(opened.info.header.lanes.size());
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i].lane = static_cast<engine::lane_id>(i);
  for (const auto& o : opened.organizers) lanes[o.lane].organizers.push_back({o.id, o.fresh, o.stale});
  for (std::size_t i = 0; i < std::min(lanes.size(), opened.learnt.size()); ++i) lanes[i].learnt = remembered(opened.learnt[i], wall);
  for (const auto& f : opened.cooldowns) {
    const auto [until, cut] = engine::obey_saved(f.until, f.saved_at, j.pace.max_cooldown);
    if (until > wall || cut) lanes[f.lane].cooldowns.push_back({f.organizer, now + std::max(until - wall, ticks(0)), cut});
  }
  return lanes;
}

driven driver::run(std::unique_ptr<auth::token_source> tokens) {
  tokens_ = std::move(tokens);
  caught_.on_signal(io_, [this](int count) { on_signal(count); });

  const auto wanted = std::min<std::uint64_t>(job_.pace.connections, std::max<std::uint64_t>(owed_, 1));
  enabled_ = static_cast<unsigned>(wanted);
  for (engine::connection_id id = 0; id < enabled_; ++id) slots_.push_back(std::make_unique<slot>(io_, id, root_, tls_, seed_ + id + 1));
  const auto rethrow = [](const std::exception_ptr& failed) {
    if (failed) std::rethrow_exception(failed);
  };
  for (auto& s : slots_) {
    ++serving_;
    asio::co_spawn(io_, serve(*s), rethrow);
  }
  ++serving_;
  asio::co_spawn(io_, report_progress(), rethrow);
  // The source belongs to this driver and calls no handler after its end.
  tokens_->start({.ready = [this](std::uint32_t number) { on_token(number); },
                  .failed = [this](const error& why, bool fatal, std::optional<mono_time> again) { on_no_token(why, fatal, again); }});
  pump();
  if (caught_.raised()) on_signal(caught_.count());
  try {
    while (!ended_ || serving_ > 0 || asked_ > 0 || commits_.busy()) io_.run_one();
  } catch (...) {
    // An observer threw: the ledger keeps what is known by now, and no answer is delivered any more.
    commits_.flush_all();
    throw;
  }

  caught_.stop_listening();
  driven out{.reason = ended_->reason, .detail = ended_->detail, .come_back = ended_->come_back, .numbers = engine_.numbers()};
  if (first_send_ && last_commit_) out.call_time = *last_commit_ - *first_send_;
  return out;
}

namespace {

result<std::unique_ptr<auth::token_source>> make_tokens(asio::io_context& io, net::tls_context& tls, const job& j) {
  if (!j.lanes.front().token.empty()) return auth::token_source::ready(j.lanes.front().token.clone());
  auto authority = net::parse_endpoint(j.lanes.front().authority_url, j.lanes.front().allow_http);
  if (!authority) return std::unexpected(authority.error());
  auth::client_secret_source source{.authority = std::move(*authority),
                                    .tenant = j.lanes.front().tenant,
                                    .client_id = j.lanes.front().client_id,
                                    .graph_root = j.lanes.front().graph_url,
                                    .client_secret = j.lanes.front().client_secret.clone(),
                                    .attempt_timeout = j.pace.attempt_timeout,
                                    .max_cooldown = j.pace.max_cooldown};
  return auth::token_source::from_secret(io.get_executor(), tls, std::move(source));
}

}  // namespace

result<driven> drive(asio::io_context& io, signals& caught, ledger::store& store, const ledger::opened_run& opened, const job& j,
                     std::uint64_t seed, observer& watch) {
  auto root = net::parse_endpoint(j.lanes.front().graph_url, j.lanes.front().allow_http);
  if (!root) return std::unexpected(root.error());
  auto tls = net::tls_context::create(j.lanes.front().ca_file);
  if (!tls) return std::unexpected(tls.error());
  auto token_tls = net::tls_context::create(j.lanes.front().ca_file);
  if (!token_tls) return std::unexpected(token_tls.error());
  auto tokens = make_tokens(io, *token_tls, j);
  if (!tokens) return std::unexpected(tokens.error());
  driver d(io, caught, store, opened, j, seed, watch, std::move(*root), std::move(*tls));
  return d.run(std::move(*tokens));
}

}  // namespace convoke::run

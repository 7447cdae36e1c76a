#include "run/driver.hpp"

#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "auth/auth.hpp"
#include "engine/engine.hpp"
#include "graph/graph.hpp"
#include "net/net.hpp"
#include "run/commits.hpp"

namespace convoke::run {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// A connection that lies idle this long is looked at before it is trusted with a call.
constexpr auto idle_check = 1s;
constexpr auto idle_limit = 25s;

// One place for one connection of the lane. The engine knows it by its number.
struct slot {
  slot(asio::io_context& io, engine::connection_id number, const net::endpoint& root, net::tls_context& tls, std::uint64_t seed)
      : id(number), connection(io.get_executor(), root, tls), caller(root, seed), wake(io) {}

  engine::connection_id id;
  net::connection connection;
  graph::caller caller;
  asio::steady_timer wake;
  std::optional<engine::send_call> grant;
  mono_time idle_since{};
  bool waiting = false;  // in a wait on `wake`
  bool drop = false;
};

struct claimed {
  spec wanted;
  engine::key_id key = 0;
  engine::organizer_id organizer = 0;
};

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
  s.connections = j.pace.connections;
  s.seed = seed;
  return s;
}

std::vector<engine::lane_setup> lane_setups(const ledger::opened_run& opened, mono_time now, utc_time wall) {
  std::vector<engine::lane_setup> lanes(opened.info.header.lanes.size());
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i].lane = static_cast<engine::lane_id>(i);
  for (const auto& o : opened.organizers) lanes[o.lane].organizers.push_back({o.id, o.fresh, o.stale});
  for (const auto& f : opened.fences)
    if (f.until > wall) lanes[f.lane].fences.push_back({f.organizer, now + (f.until - wall)});
  return lanes;
}

// One lane only for now: several lanes of a run need a token source and slots each, which is what this class holds once.
class driver {
 public:
  driver(asio::io_context& io, signals& caught, ledger::store& store, const ledger::opened_run& opened, const job& j, std::uint64_t seed,
         observer& watch, net::endpoint root, net::tls_context tls)
      : io_(io),
        caught_(caught),
        store_(store),
        run_(opened.info.id),
        job_(j),
        seed_(seed),
        watch_(watch),
        root_(std::move(root)),
        tls_(std::move(tls)),
        engine_(engine_settings(j, seed), lane_setups(opened, net::boot_now(), net::wall_now()), net::boot_now()),
        commits_(io, store, [this](auto done) { on_commit(std::move(done)); }),
        timer_(io),
        progress_timer_(io),
        work_(io.get_executor()) {
    progress_.rows = opened.info.rows;
    progress_.done = opened.info.rows - opened.info.counts.owed;
    owed_ = opened.info.counts.owed;
  }

  driven run(std::unique_ptr<auth::token_source> tokens);

 private:
  void pump();
  void carry_out(engine::fetch_rows& a);
  void carry_out(engine::send_call& a);
  void carry_out(engine::record_outcome& a);
  void carry_out(engine::release_row& a);
  void carry_out(engine::close_organizer& a);
  void carry_out(engine::save_fence& a);
  void carry_out(engine::refresh_token& a);
  void carry_out(engine::set_connections& a);
  void carry_out(engine::drop_connection& a);
  void carry_out(engine::wake_at& a);
  void carry_out(engine::finished& a);

  asio::awaitable<void> serve(slot& s);
  asio::awaitable<void> carry_calls(slot& s);
  asio::awaitable<bool> await_grant(slot& s);
  asio::awaitable<bool> await_turn_to_connect(slot& s);
  asio::awaitable<void> report_progress();

  void on_claimed(engine::lane_id lane, engine::organizer_id organizer, bool stale, result<ledger::claim_answer> answer,
                  std::vector<spec> specs);
  void on_commit(result<std::vector<ledger::row_id>> done);
  void on_signal(int count);
  void storage_failed(const error& why);
  void close_all();
  void ready(slot& s);
  claimed take(engine::row_id row);

  asio::io_context& io_;
  signals& caught_;
  ledger::store& store_;
  ledger::run_id run_;
  const job& job_;
  std::uint64_t seed_;
  observer& watch_;
  net::endpoint root_;
  net::tls_context tls_;
  engine::engine engine_;
  commits commits_;
  std::unique_ptr<auth::token_source> tokens_;
  std::vector<std::unique_ptr<slot>> slots_;
  std::vector<engine::action> actions_;  // of one round; kept for its memory
  std::unordered_map<engine::row_id, claimed> rows_;
  asio::steady_timer timer_;
  asio::steady_timer progress_timer_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;

  unsigned enabled_ = 0;
  std::size_t serving_ = 0;
  std::size_t asked_ = 0;  // ledger jobs under way
  bool pumping_ = false;
  bool closing_ = false;
  std::optional<engine::finished> ended_;
  std::string last_trouble_;  // told once, not once a connection
  std::optional<mono_time> first_send_, last_commit_;
  std::uint64_t owed_ = 0;
  observer::progress progress_;
  mono_time began_{};
};

driven driver::run(std::unique_ptr<auth::token_source> tokens) {
  began_ = net::boot_now();
  tokens_ = std::move(tokens);
  caught_.on_signal([this](int count) { on_signal(count); });

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
  tokens_->start({.ready =
                      [this](std::uint32_t number) {
                        if (closing_) return;
                        engine_.token_ready(0, number, net::boot_now());
                        pump();
                      },
                  .failed =
                      [this](const error& why, bool fatal) {
                        if (closing_) return;
                        watch_.note(why.message);
                        engine_.token_failed(0, why, fatal, net::boot_now());
                        pump();
                      }});
  pump();
  if (caught_.count() > 0) on_signal(caught_.count());
  while (!ended_ || serving_ > 0 || asked_ > 0 || commits_.busy()) io_.run_one();

  caught_.on_signal({});
  driven out{.reason = ended_->reason, .detail = ended_->detail, .come_back = ended_->come_back, .numbers = engine_.numbers()};
  if (first_send_ && last_commit_) out.call_time = *last_commit_ - *first_send_;
  return out;
}

void driver::pump() {
  // Carrying an action out may tell the engine something; what follows from that is taken up by the loop that is running.
  if (pumping_) return;
  pumping_ = true;
  for (;;) {
    engine_.take_actions(actions_);
    if (actions_.empty()) break;
    for (auto& a : actions_) std::visit([this](auto& one) { carry_out(one); }, a);
  }
  commits_.flush();
  pumping_ = false;
}

void driver::carry_out(engine::fetch_rows& a) {
  ++asked_;
  store_.claim(run_, a.lane, a.organizer, a.count, a.stale, [this, a](result<ledger::claim_answer> answer) {
    // Still the ledger's thread: the payloads are decoded here, off the thread that sends.
    std::vector<spec> specs;
    if (answer) {
      specs.reserve(answer->rows.size());
      for (const auto& row : answer->rows) {
        auto decoded = decode_spec(row.payload);
        if (!decoded) {
          answer = std::unexpected(decoded.error());
          break;
        }
        specs.push_back(std::move(*decoded));
      }
    }
    asio::post(io_, [this, a, moved = std::move(answer), wanted = std::move(specs)]() mutable {
      on_claimed(a.lane, a.organizer, a.stale, std::move(moved), std::move(wanted));
    });
  });
}

void driver::on_claimed(engine::lane_id lane, engine::organizer_id organizer, bool stale, result<ledger::claim_answer> answer,
                        std::vector<spec> specs) {
  --asked_;
  if (!answer) return storage_failed(answer.error());
  if (closing_) return;
  std::vector<engine::owed_row> owed;
  owed.reserve(answer->rows.size());
  for (std::size_t i = 0; i < answer->rows.size(); ++i) {
    const auto& row = answer->rows[i];
    rows_.insert_or_assign(row.row, claimed{std::move(specs[i]), row.key, row.organizer});
    owed.push_back({row.row, row.key, row.organizer, row.epoch, row.strikes});
  }
  engine_.rows_arrived(lane, organizer, stale, std::move(owed), answer->exhausted, net::boot_now());
  pump();
}

void driver::carry_out(engine::send_call& a) {
  if (!first_send_) first_send_ = net::boot_now();
  slot& s = *slots_[a.connection];
  s.grant = a;
  if (s.waiting) s.wake.cancel();
}

claimed driver::take(engine::row_id row) {
  auto node = rows_.extract(row);
  return node.empty() ? claimed{} : std::move(node.mapped());
}

void driver::carry_out(engine::record_outcome& a) {
  const auto row = take(a.row);
  commits_.add(finished_row(std::move(a), row.organizer));
}

void driver::carry_out(engine::release_row& a) {
  const auto row = take(a.row);
  commits_.add(released_row(std::move(a), row.key, row.organizer));
}

void driver::carry_out(engine::close_organizer& a) {
  commits_.flush_all();
  ++asked_;
  std::erase_if(rows_, [&](const auto& row) { return row.second.organizer == a.organizer; });
  store_.close_organizer(run_, a.lane, a.organizer, like_answer(std::move(a.last)),
                         [this, lane = a.lane, organizer = a.organizer](result<std::uint32_t> rows) {
                           asio::post(io_, [this, lane, organizer, rows = std::move(rows)] {
                             --asked_;
                             if (!rows) return storage_failed(rows.error());
                             last_commit_ = net::boot_now();
                             progress_.done += *rows;
                             engine_.organizer_closed(lane, organizer, *rows, net::boot_now());
                             pump();
                           });
                         });
}

void driver::carry_out(engine::save_fence& a) {
  const auto left = std::chrono::duration_cast<ticks>(a.until - net::boot_now());
  store_.save_fence(run_, a.lane, a.organizer, net::wall_now() + left);
}

void driver::carry_out(engine::refresh_token& a) {
  tokens_->rejected(a.rejected);
}

void driver::carry_out(engine::set_connections& a) {
  enabled_ = a.count;
}

void driver::carry_out(engine::drop_connection& a) {
  slot& s = *slots_[a.connection];
  s.drop = true;
  if (s.waiting) s.wake.cancel();
}

void driver::carry_out(engine::wake_at& a) {
  const auto now = net::boot_now();
  timer_.expires_after(std::max(a.when - now, std::chrono::nanoseconds(0)));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || closing_) return;
    engine_.tick(net::boot_now());
    pump();
  });
}

void driver::carry_out(engine::finished& a) {
  if (!ended_) ended_ = std::move(a);
  commits_.flush_all();
  close_all();
}

void driver::close_all() {
  if (closing_) return;
  closing_ = true;
  timer_.cancel();
  progress_timer_.cancel();
  tokens_->stop();
  for (auto& s : slots_) {
    s->wake.cancel();
    s->connection.close();
  }
}

void driver::on_commit(result<std::vector<ledger::row_id>> done) {
  if (!done) return storage_failed(done.error());
  const auto now = net::boot_now();
  last_commit_ = now;
  progress_.done += done->size();
  if (closing_) return;
  engine_.committed(std::span<const engine::row_id>(*done), now);
  pump();
}

void driver::storage_failed(const error& why) {
  if (closing_) {
    // Too late for the engine; the exit code must still tell.
    if (ended_) ended_ = engine::finished{engine::stop_reason::storage, why.message, std::nullopt};
    return;
  }
  watch_.note(why.message);
  engine_.storage_failed(why, net::boot_now());
  pump();
}

void driver::on_signal(int count) {
  if (closing_) return;
  if (count == 1) {
    watch_.note("Stopping: no new calls; those in flight may finish. A second signal leaves at once.");
    engine_.stop(engine::stop_reason::interrupted, net::boot_now());
    pump();
    return;
  }
  ended_ = engine::finished{engine::stop_reason::interrupted, "Left at once; what was known is saved.", std::nullopt};
  commits_.flush_all();
  close_all();
}

asio::awaitable<void> driver::serve(slot& s) {
  for (;;) {
    const bool go_on = co_await await_turn_to_connect(s);
    if (!go_on) break;
    const auto connected = co_await s.connection.connect(job_.pace.connect_timeout);
    if (closing_) break;
    if (connected.what != net::failure::none) {
      engine::answer why;
      why.error = graph::translate(connected.what);
      why.error_message = connected.message;
      why.finished_at = net::wall_now();
      if (std::exchange(last_trouble_, connected.message) != connected.message) watch_.note(connected.message);
      engine_.connect_failed(0, s.id, why, net::boot_now());
      pump();
      continue;
    }
    co_await carry_calls(s);
    s.connection.close();
    if (closing_) break;
  }
  --serving_;
}

asio::awaitable<bool> driver::await_turn_to_connect(slot& s) {
  for (;;) {
    if (closing_) co_return false;
    const auto now = net::boot_now();
    const auto at = engine_.may_connect_at(0);
    const bool allowed = s.id < enabled_;
    if (allowed && at <= now) co_return true;
    s.wake.expires_after(allowed ? at - now : std::chrono::nanoseconds(idle_check));
    boost::system::error_code woken;
    co_await s.wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

void driver::ready(slot& s) {
  s.idle_since = net::boot_now();
  engine_.connection_ready(0, s.id, s.idle_since);
  pump();
}

// Calls on one connection, one after the other, until it must be replaced.
asio::awaitable<void> driver::carry_calls(slot& s) {
  s.drop = false;
  ready(s);
  for (;;) {
    const bool granted = co_await await_grant(s);
    if (!granted) co_return;
    const auto grant = *std::exchange(s.grant, std::nullopt);
    const auto row = rows_.find(grant.row);
    const auto* token = tokens_->current();
    engine::answer answer;
    const bool idle_long = net::boot_now() - s.idle_since > idle_check;
    if (token == nullptr || (idle_long && !s.connection.usable())) {
      answer.error = engine::attempt_error::stale;
      answer.error_message = token == nullptr ? "the token ran out before the call" : "the connection closed while it was idle";
      answer.finished_at = net::wall_now();
    } else {
      const auto number = tokens_->current_number();
      const auto& wanted = row->second.wanted;
      answer = co_await s.caller.create_or_get(s.connection, wanted, *token, number, job_.pace.attempt_timeout);
    }
    if (closing_) co_return;
    const bool keep = s.connection.usable();
    const auto now = net::boot_now();
    engine_.answered(grant.row, std::move(answer), now);
    if (!keep) {
      pump();
      co_return;
    }
    if (s.id >= enabled_) co_return;
    // Actions first: one of them may be to drop this very connection.
    pump();
    if (s.drop) co_return;
    ready(s);
  }
}

// False: the connection must be replaced, or all is over.
asio::awaitable<bool> driver::await_grant(slot& s) {
  while (!s.grant) {
    if (closing_ || s.drop) co_return false;
    s.wake.expires_after(idle_limit);
    s.waiting = true;
    boost::system::error_code woken;
    co_await s.wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    s.waiting = false;
    const bool unasked = !s.grant && !s.drop && !closing_;
    if (unasked && (s.id >= enabled_ || !s.connection.usable())) {
      engine_.connection_lost(0, s.id, net::boot_now());
      pump();
      if (!s.grant) co_return false;
    }
  }
  co_return !closing_;
}

asio::awaitable<void> driver::report_progress() {
  std::uint64_t seen = progress_.done;
  auto last = began_;
  double smooth = 0;
  while (!closing_) {
    progress_timer_.expires_after(200ms);
    boost::system::error_code woken;
    co_await progress_timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (closing_) break;
    const auto now = net::boot_now();
    const double seconds = std::chrono::duration<double>(now - last).count();
    const double recent = seconds > 0 ? static_cast<double>(progress_.done - seen) / seconds : 0;
    smooth = smooth == 0 ? recent : 0.8 * smooth + 0.2 * recent;
    seen = progress_.done;
    last = now;
    const auto& numbers = engine_.numbers();
    progress_.calls = numbers.calls;
    progress_.throttled = numbers.throttled;
    progress_.rate = smooth;
    progress_.closed_for.reset();
    if (numbers.fenced_until && *numbers.fenced_until > now)
      progress_.closed_for = std::chrono::duration_cast<std::chrono::milliseconds>(*numbers.fenced_until - now);
    progress_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
    watch_.advanced(progress_);
  }
  --serving_;
}

result<std::unique_ptr<auth::token_source>> make_tokens(asio::io_context& io, net::tls_context& tls, const job& j) {
  if (!j.lane.token.empty()) return auth::token_source::ready(j.lane.token.clone());
  auto authority = net::parse_endpoint(j.lane.authority_url, j.lane.allow_http);
  if (!authority) return std::unexpected(authority.error());
  auth::client_secret_source source{.authority = std::move(*authority),
                                    .tenant = j.lane.tenant,
                                    .client_id = j.lane.client_id,
                                    .graph_root = j.lane.graph_url,
                                    .client_secret = j.lane.client_secret.clone(),
                                    .attempt_timeout = j.pace.attempt_timeout};
  return auth::token_source::from_secret(io.get_executor(), tls, std::move(source));
}

}  // namespace

result<driven> drive(asio::io_context& io, signals& caught, ledger::store& store, const ledger::opened_run& opened, const job& j,
                     std::uint64_t seed, observer& watch) {
  auto root = net::parse_endpoint(j.lane.graph_url, j.lane.allow_http);
  if (!root) return std::unexpected(root.error());
  auto tls = net::tls_context::create(j.lane.ca_file);
  if (!tls) return std::unexpected(tls.error());
  auto token_tls = net::tls_context::create(j.lane.ca_file);
  if (!token_tls) return std::unexpected(token_tls.error());
  auto tokens = make_tokens(io, *token_tls, j);
  if (!tokens) return std::unexpected(tokens.error());
  driver d(io, caught, store, opened, j, seed, watch, std::move(*root), std::move(*tls));
  return d.run(std::move(*tokens));
}

}  // namespace convoke::run

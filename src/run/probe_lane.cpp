#include "run/probe_lane.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "net/net.hpp"
#include "run/probe_answers.hpp"
#include "spec/attendees.hpp"
#include "wire/users.hpp"

namespace convoke::run {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds token_limit{60};
constexpr std::chrono::seconds long_wait{2};  // of which people are informed, and which outlives the process
constexpr std::chrono::days ahead{7};         // the meetings are

std::string new_run() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device random;
  std::string out;
  for (int i = 0; i < 8; ++i) out += letters[random() % letters.size()];
  return out;
}

std::string seconds_text(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

probe_lane::probe_lane(asio::io_context& io, lane_parts parts, probe_task task)
    : io_(io), parts_(std::move(parts)), task_(std::move(task)), timer_(io), second_(io) {
  for (unsigned i = 0; i < 2; ++i) links_.push_back(parts_.links(i));
}

probe_lane::~probe_lane() = default;

void probe_lane::stop() noexcept {
  stopped_ = true;
  timer_.cancel();
}

asio::awaitable<void> probe_lane::run() {
  if (auto opened = open_journal(); !opened) trouble_ = std::move(opened.error());
  if (!trouble_) {
    co_await get_token();
  }
  if (!stopped_ && !trouble_) {
    co_await find_organizer();
  }
  if (!stopped_ && !trouble_) {
    if (auto begun = begin_session(); !begun) trouble_ = std::move(begun.error());
  }
  if (!stopped_ && !trouble_) {
    co_await carry_out();
  }
  parts_.tokens->stop();
  for (auto& one : links_) one->close();
}

asio::awaitable<void> probe_lane::pause_until(mono_time when) {
  for (auto now = net::boot_now(); !stopped_ && now < when; now = net::boot_now()) {
    timer_.expires_after(when - now);
    const auto waited = co_await timer_.async_wait(asio::as_tuple(asio::deferred));
    static_cast<void>(waited);
  }
}

asio::awaitable<void> probe_lane::get_token() {
  auto& tokens = *parts_.tokens;
  const auto end = net::boot_now() + token_limit;
  tokens.start({.ready = [this](std::uint32_t) { timer_.cancel(); },
                .failed =
                    [this](const error& why, bool fatal, std::optional<mono_time>) {
                      token_failure_ = why;
                      no_token_for_good_ = fatal;
                      timer_.cancel();
                    }});
  while (!stopped_ && !no_token_for_good_ && !tokens.current() && net::boot_now() < end) {
    timer_.expires_after(end - net::boot_now());
    const auto waited = co_await timer_.async_wait(asio::as_tuple(asio::deferred));
    static_cast<void>(waited);
  }
  if (!stopped_ && !tokens.current()) trouble_ = token_failure_;
}

// One request on one connection. A connection that was closed before anything was sent costs nothing.
asio::awaitable<graph::plain_answer> probe_lane::exchange(unsigned link, std::string method, std::string target, std::string body) {
  auto& on = *links_[link];
  graph::plain_answer answer;
  for (int trial = 0; trial < 2; ++trial) {
    if (!on.usable()) {
      const auto connected = co_await on.connect(task_.pace.connect_timeout);
      if (connected.what != net::failure::none) {
        answer.error = engine::attempt_error::connect;
        answer.error_message = connected.message;
        answer.sent = false;
        break;
      }
    }
    const auto token = parts_.tokens->current();
    if (!token) {
      answer.error = engine::attempt_error::connect;
      answer.error_message = "the access token ran out, and there is no other one";
      answer.sent = false;
      break;
    }
    const graph::plain_request request{.method = method, .target = target, .body = body};
    const auto limit = task_.pace.attempt_timeout;
    answer = co_await on.plain(request, *token->text, token->number, limit);
    // What is not an answer to the request may be followed by the one that is.
    if (answer.error != engine::attempt_error::none) on.close();
    if (answer.sent || answer.error != engine::attempt_error::stale) break;
  }
  co_return answer;
}

asio::awaitable<void> probe_lane::find_organizer() {
  const auto& given = task_.options.organizer;
  if (auto id = parse_guid(given)) {
    organizer_ = *std::move(id);
    co_return;
  }
  if (const auto now = net::boot_now(); now < not_before_ && task_.note)
    task_.note("The service is not called for " + seconds_text(not_before_ - now) + ".");
  co_await pause_until(not_before_);
  if (stopped_) co_return;
  ++journal_.record.calls;
  const std::string_view names[] = {given};
  const std::string body(users_.request(names, 1));
  const auto answer = co_await exchange(0, "POST", std::string(wire::batch_path), body);
  if (stopped_) co_return;
  const auto shown = core::escape_for_people(given);
  if (answer.error != engine::attempt_error::none) {
    trouble_ = error{errc::network, fmt::format("The organizer {} cannot be looked up: {}.", shown, answer.error_message)};
    co_return;
  }
  auto meaning = users_.understand(answer);
  const auto item = meaning.items.empty() ? std::move(meaning.envelope) : std::move(meaning.items.front());
  using enum engine::lookup_item::kind;
  if (item.what == found) {
    organizer_ = item.object_id;
  } else if (item.what == unknown) {
    trouble_ = error{errc::input, fmt::format("The tenant has no user {}.", shown)};
  } else if (item.what == denied || item.what == unauthorized) {
    trouble_ = error{errc::credentials,
                     fmt::format("The app may not look up the organizer {}: give its object id, or grant User.Read.All.", shown)};
  } else {
    give_up_look_up(item.text, item.retry_after);
  }
}

void probe_lane::give_up_look_up(const std::string& why, std::optional<std::chrono::nanoseconds> wait) {
  trouble_ = error{errc::network, fmt::format("The organizer {} cannot be looked up now: {} Run the command again later.",
                                              core::escape_for_people(task_.options.organizer), why)};
  if (!wait) return;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait);
  trouble_->come_back = seconds;
  journal_.closed_until = net::wall_now() + seconds;
  if (auto saved = write_journal(task_.options.journal, journal_); !saved) trouble_ = std::move(saved.error());
}

std::unexpected<error> probe_lane::another_probe() const {
  return fail(errc::usage,
              fmt::format("{} is the journal of another probe: of {}, tenant {}, organizer {}. Run that one again, so that it removes what "
                          "it made; or write to another file with --out.",
                          core::escape_for_people(task_.options.journal), core::escape_for_people(journal_.graph_root),
                          core::escape_for_people(journal_.tenant), core::escape_for_people(journal_.organizer)));
}

result<void> probe_lane::open_journal() {
  auto before = read_journal(task_.options.journal);
  if (!before) return std::unexpected(std::move(before.error()));
  const auto now = net::wall_now();
  not_before_ = net::boot_now();
  const auto& lane = task_.lane;
  journal_ = {.graph_root = lane.graph_url,
              .tenant = lane.tenant,
              .organizer = {},
              .attendee = task_.options.attendee,
              .start = std::chrono::floor<std::chrono::hours>(now) + ahead,
              .closed_until = {},
              .record = {}};
  journal_.record.run = new_run();
  if (!*before) return {};
  const bool same = (*before)->graph_root == lane.graph_url && (*before)->tenant == lane.tenant;
  // One that ended with the look-up of its organizer made nothing: what it says of another service is of no use.
  if (!same && (*before)->organizer.empty()) return {};
  journal_ = std::move(**before);
  if (!same) return another_probe();
  if (!journal_.closed_until || *journal_.closed_until <= now) return {};
  const auto left = std::chrono::nanoseconds(*journal_.closed_until - now);
  if (left > task_.options.patience)
    return std::unexpected(
        error{errc::network,
              fmt::format("The service said to wait until {}: run the same command again then.", format_utc(*journal_.closed_until)),
              std::chrono::ceil<std::chrono::seconds>(left)});
  not_before_ += left;
  return {};
}

result<void> probe_lane::begin_session() {
  if (journal_.organizer.empty()) {
    journal_.organizer = organizer_;
    journal_.attendee = task_.options.attendee;
  } else if (journal_.organizer != organizer_) {
    return another_probe();
  } else if (task_.note) {
    task_.note("A probe that was interrupted is continued.");
    // Its findings are of one attendee.
    if (journal_.attendee != task_.options.attendee)
      task_.note(journal_.attendee.empty()
                     ? std::string("It was begun without --attendee, and goes on without.")
                     : fmt::format("It was begun with --attendee {}, and goes on with it.", core::escape_for_people(journal_.attendee)));
  }
  session_.emplace(std::move(journal_.record),
                   experiments::terms{.organizer = organizer_,
                                      .attendee = journal_.attendee,
                                      .start = journal_.start,
                                      .interval = task_.options.interval,
                                      .patience = task_.options.patience},
                   not_before_);
  return {};
}

result<void> probe_lane::save() {
  journal_.record = session_->state();
  return write_journal(task_.options.journal, journal_);
}

void probe_lane::announce() {
  const auto& name = session_->state().experiment;
  if (name == announced_ || name.empty()) return;
  announced_ = name;
  if (task_.note) task_.note(fmt::format("Experiment {}, after {} calls.", name, session_->state().calls));
}

asio::awaitable<void> probe_lane::carry_out() {
  using kind = experiments::session::action::kind;
  while (!stopped_ && !trouble_) {
    const auto now = net::boot_now();
    auto coming = session_->next(now);
    announce();
    if (coming.what == kind::finished) break;
    if (coming.what == kind::wait) {
      if (coming.until - now >= long_wait + task_.options.interval) {
        if (task_.note) task_.note("The service is not called for " + seconds_text(coming.until - now) + ".");
        journal_.closed_until = net::wall_now() + std::chrono::ceil<std::chrono::seconds>(coming.until - now);
        if (auto saved = save(); !saved) trouble_ = std::move(saved.error());
      }
      co_await pause_until(coming.until);
      continue;
    }
    co_await make(std::move(coming.send));
  }
  if (trouble_) co_return;
  if (const auto& wait = session_->come_back()) journal_.closed_until = net::wall_now() + std::chrono::ceil<std::chrono::seconds>(*wait);
  if (auto saved = save(); !saved) trouble_ = std::move(saved.error());
}

// The journal first: what is sent may be carried out although no answer comes.
asio::awaitable<void> probe_lane::make(experiments::call made) {
  journal_.closed_until.reset();
  if (auto saved = save(); !saved) {
    trouble_ = std::move(saved.error());
    co_return;
  }
  std::vector<experiments::seen> answers(made.copies);
  if (made.copies == 1) {
    answers[0] = co_await send(0, made);
  } else {
    // Both connections are there before either call is sent, so that the calls meet.
    for (auto& link : links_) {
      if (link->usable()) continue;
      const auto connected = co_await link->connect(task_.pace.connect_timeout);
      static_cast<void>(connected);  // the call reports it
    }
    bool done = false;
    const auto other = [this, &made, &answers]() -> asio::awaitable<void> { answers[1] = co_await send(1, made); };
    asio::co_spawn(io_, other, [this, &done](const std::exception_ptr& bug) {
      done = true;
      second_.cancel();
      if (bug) std::rethrow_exception(bug);
    });
    answers[0] = co_await send(0, made);
    while (!done) {
      second_.expires_at(std::chrono::steady_clock::time_point::max());
      const auto waited = co_await second_.async_wait(asio::as_tuple(asio::deferred));
      static_cast<void>(waited);
    }
  }
  const auto now = net::boot_now();
  const bool says_to_wait =
      std::ranges::any_of(answers, [](const experiments::seen& one) { return one.wait.has_value() && !one.success(); });
  session_->take(std::move(answers), now);
  if (says_to_wait) keep_wait(now);
}

void probe_lane::keep_wait(mono_time now) {
  const auto until = session_->not_before();
  if (until <= now) return;
  journal_.closed_until = net::wall_now() + std::chrono::ceil<std::chrono::seconds>(until - now);
  if (auto saved = save(); !saved) trouble_ = std::move(saved.error());
}

asio::awaitable<experiments::seen> probe_lane::send(unsigned link, const experiments::call& made) {
  auto request = request_of(made, organizer_);
  const auto answer = co_await exchange(link, std::move(request.method), std::move(request.target), std::move(request.body));
  co_return seen_of(answer, made.what);
}

result<probe_report> probe_lane::report() const {
  if (trouble_ && !session_) return std::unexpected(*trouble_);
  probe_report out{.findings = {}, .tenant = task_.lane.tenant, .graph_root = task_.lane.graph_url, .at = net::wall_now()};
  if (!session_) {
    out.end = probe_ending::interrupted;
    return out;
  }
  // The journal could not be written: what was made stands in the one before.
  if (trouble_) return std::unexpected(*trouble_);
  for (auto& one : session_->findings()) {
    const auto* const asked = experiments::find_question(one.name);
    out.findings.push_back({.name = std::move(one.name),
                            .question = asked == nullptr ? std::string() : std::string(asked->text),
                            .value = std::move(one.value),
                            .unsettled = std::move(one.unsettled),
                            .evidence = std::move(one.evidence)});
  }
  out.calls = session_->state().calls;
  out.removed = session_->state().removed;
  out.left = session_->left();
  out.detail = session_->why();
  if (const auto wait = session_->come_back()) out.come_back = std::chrono::ceil<std::chrono::seconds>(*wait);
  using enum experiments::probe_end;
  switch (session_->end()) {
    case done:
      break;
    case denied:
      out.end = probe_ending::denied;
      break;
    case unavailable:
      out.end = probe_ending::unavailable;
      break;
    case left_over:
      out.end = probe_ending::left_over;
      break;
  }
  if (stopped_ && out.end == probe_ending::done) out.end = probe_ending::interrupted;
  return out;
}

}  // namespace convoke::run

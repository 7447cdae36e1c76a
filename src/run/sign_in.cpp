#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <convoke/job.hpp>

#include "auth/auth.hpp"
#include "auth/credentials.hpp"
#include "auth/user_session.hpp"
#include "core/text.hpp"
#include "files/input.hpp"
#include "ledger/inspect.hpp"
#include "ledger/ledger.hpp"
#include "ledger/open.hpp"
#include "os/clock.hpp"
#include "run/conclude.hpp"
#include "run/context.hpp"
#include "run/input_scan.hpp"
#include "run/lane_parts.hpp"
#include "run/owed.hpp"
#include "run/planner.hpp"
#include "run/tls_contexts.hpp"
#include "run/validate.hpp"

namespace convoke {

namespace {

using namespace run;

constexpr auto interrupted_text = "Interrupted before the sign-in was complete: nothing was sent. Run the same command again.";

// Whether there is no saved sign-in for this lane.
bool asks_person(const lane_options& lane) {
  std::error_code ignored;
  return lane.delegated() && (lane.sign_in_file.empty() || !std::filesystem::exists(lane.sign_in_file, ignored));
}

result<void> check_input(const job& j, const stop_tokens& stops) {
  if (j.input.empty() && j.plan.kind == run_kind::verify) return {};
  if (const auto there = files::input::look(j.input); !there) return there;
  // A pipe can be read only once.
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(j.input, ignored)) return {};
  auto input = scan(j, stops);
  if (!input) return std::unexpected(std::move(input.error()));
  if (const auto fits = check_header(*input, j); !fits) return fits;
  return check_expected_rows(*input, j, stops);
}

result<ledger::inspection> inspect(const job& j, const std::stop_token& stop) {
  auto found = ledger::inspect_ledger(j.ledger, [&stop] { return stop.stop_requested(); });
  if (!found && found.error().code == errc::interrupted) return fail(errc::interrupted, interrupted_text);
  return found;
}

// Plans and dry runs look at the ledger by themselves: a dry run writes nothing to it.
result<void> check_ledger(const job& j, const std::stop_token& stop) {
  const auto found = inspect(j, stop);
  if (!found) return std::unexpected(found.error());
  const auto shown = ledger::shown_ledger(j.ledger);
  if (!found->not_writable.empty())
    return fail(errc::storage, fmt::format("The ledger {} cannot be written: {}. Let this user write to it, or choose another one with "
                                           "--ledger. Nothing was sent.",
                                           shown, core::escape_for_people(found->not_writable, 400)));
  if (!found->holder.empty() && j.wait_lock.count() == 0)
    return fail(errc::busy, fmt::format("{} uses the ledger {}; wait for it to end, or use --wait-lock",
                                        core::escape_for_people(found->holder, 400), shown));
  return {};
}

// What would end the job whoever signs in, looked at once and only where a person has to be asked: then no person is.
class checks_before_asking {
 public:
  checks_before_asking(const job& j, job_use use, std::stop_token stop) : j_(j), use_(use), stop_(std::move(stop)) {}

  result<void> pass() {
    if (!outcome_) outcome_ = look();
    return *outcome_;
  }
  [[nodiscard]] bool failed() const noexcept { return outcome_ && !*outcome_; }

 private:
  [[nodiscard]] result<void> look() const {
    if (use_ != job_use::work) {
      if (const auto possible = check_outputs(j_, use_); !possible) return possible;
      if (const auto fits = check_input(j_, {.drain = stop_, .at_once = {}}); !fits) return fits;
    }
    return use_ == job_use::plan ? result<void>() : check_ledger(j_, stop_);
  }

  const job& j_;
  job_use use_;
  std::stop_token stop_;
  std::optional<result<void>> outcome_;
};

// Whether a worker that does not follow can find anything to do. errc::storage where there is no ledger.
result<bool> may_have_work(const job& j, const std::stop_token& stop) {
  const auto reader = ledger::read_ledger(j.ledger);
  auto owed = reader ? owes_rows_to(**reader, j) : result<bool>(std::unexpected(reader.error()));
  if (owed && (*owed || j.wait_lock.count() == 0)) return owed;
  const auto found = inspect(j, stop);
  // A ledger of an older convoke, which the worker brings up to date, may be one that cannot be read yet.
  if (!owed) return found && found->exists && found->version < found->own_version ? result<bool>(true) : owed;
  if (!found) return std::unexpected(found.error());
  // The process that is waited for may plan a run.
  return !found->holder.empty();
}

// One token for one lane, with the retries of every other token, and a person who is asked where that is needed.
class lane_sign_in {
 public:
  lane_sign_in(boost::asio::io_context& io, const job& j, observer& watch, checks_before_asking& before)
      : io_(io), j_(j), watch_(watch), before_(before) {}

  result<void> run(net::tls_context& tls, const std::shared_ptr<user_session>& session, const std::stop_token& stop) {
    began_ = os::boot_now();
    const auto show = [this](const sign_in_prompt& prompt) { watch_.sign_in_wanted(prompt); };
    source_ = auth::token_source::renewing(io_.get_executor(), tls, auth::by_device_code(session, show, [this] { return before_.pass(); }),
                                           {.attempt_timeout = j_.pace.attempt_timeout, .max_cooldown = j_.pace.max_cooldown});
    source_->start({.ready = [this](std::uint32_t) { end({}); },
                    .failed = [this](const error& why, bool fatal, std::optional<mono_time> again) { on_failure(why, fatal, again); }});
    // The thread that requests a stop may be any.
    const std::stop_callback on_stop(stop, [this] { boost::asio::post(io_, [this] { end(fail(errc::interrupted, interrupted_text)); }); });
    io_.restart();
    io_.run();
    return std::move(ended_).value_or(fail(errc::internal, "the sign-in ended without a result"));
  }

 private:
  void on_failure(const error& why, bool fatal, std::optional<mono_time> again) {
    if (fatal) return end(std::unexpected(why));
    if (!again || *again - began_ > j_.pace.max_outage)
      return end(fail(errc::network, fmt::format("{}. No access token came within --max-outage.", why.message)));
    watch_.note(why.message);
  }

  void end(result<void> how) {
    if (!ended_) ended_ = std::move(how);
    source_->stop();
  }

  boost::asio::io_context& io_;
  const job& j_;
  observer& watch_;
  checks_before_asking& before_;
  std::unique_ptr<auth::token_source> source_;
  std::optional<result<void>> ended_;
  mono_time began_{};
};

// How the lanes of a job are signed in to.
struct sign_in_terms {
  const job& j;
  job_use use;
  observer& watch;
  const std::stop_token& stop;
};

result<void> sign_in_to(lane_options& lane, const sign_in_terms& how, checks_before_asking& before) {
  auto app = app_identity_of(lane);
  if (!app) return std::unexpected(std::move(app.error()));
  auto session = std::make_shared<user_session>(std::move(*app), lane.sign_in_file);
  if (const auto loaded = session->load(); !loaded) return loaded;
  if (how.use != job_use::plan || session->user().empty()) {
    const auto io = make_context();
    if (!io) return std::unexpected(io.error());
    auto tls = tls_contexts::create(std::span<const lane_options>(&lane, 1));
    if (!tls) return std::unexpected(std::move(tls.error()));
    const auto done = lane_sign_in(**io, how.j, how.watch, before).run(tls->of(lane.ca_file), session, how.stop);
    if (const auto trouble = session->take_trouble(); !trouble.empty()) how.watch.note("The sign-in is not saved: " + trouble + ".");
    if (!done) return done;
  }
  lane.user = session->user();
  lane.session = std::move(session);
  return {};
}

error in_tenant(const lane_options& lane, error why) {
  if (why.code == errc::interrupted) return why;
  return {why.code, fmt::format("Tenant {}: {}", core::escape_for_people(lane.name.empty() ? lane.tenant : lane.name), why.message)};
}

}  // namespace

result<void> sign_in(job& j, job_use use, observer& watch, std::stop_token stop, const work_options& how) {
  if (use == job_use::check || std::ranges::none_of(j.lanes, &lane_options::delegated)) return {};
  if (const auto valid = validate_before_sign_in(j, use); !valid) return valid;
  if (use == job_use::work) {
    if (const auto possible = check_follow(j, how); !possible) return possible;
    const auto wanted = how.follow ? result<bool>(true) : may_have_work(j, stop);
    if (!wanted) return std::unexpected(wanted.error());
    if (!*wanted) return {};
  }
  checks_before_asking before(j, use, stop);
  if (std::ranges::any_of(j.lanes, asks_person))
    if (const auto possible = before.pass(); !possible) return possible;
  for (auto& lane : j.lanes) {
    if (!lane.delegated()) continue;
    const auto done = sign_in_to(lane, {.j = j, .use = use, .watch = watch, .stop = stop}, before);
    if (done) continue;
    // What ends the job for every lane is about none of them.
    if (before.failed()) return before.pass();
    return std::unexpected(j.lanes.size() > 1 ? in_tenant(lane, done.error()) : done.error());
  }
  return {};
}

}  // namespace convoke

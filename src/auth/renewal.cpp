#include <algorithm>
#include <exception>
#include <random>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include "auth/auth.hpp"
#include "auth/credential.hpp"
#include "core/text.hpp"
#include "token/token.hpp"

namespace convoke::auth {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::hours longest_sleep{24};
constexpr std::size_t longest_word = 40;

// The requests of one source, one after the other. The coroutine keeps the session alive, so the source may be destroyed at any time.
class session : public std::enable_shared_from_this<session> {
 public:
  session(const asio::any_io_executor& executor, net::tls_context& tls, std::unique_ptr<credential> from, const renewal_terms& terms)
      : executor_(executor),
        client_(executor, tls, terms.attempt_timeout),
        credential_(std::move(from)),
        max_cooldown_(terms.max_cooldown),
        wake_(executor),
        random_(std::random_device{}()),
        schedule_(terms.max_cooldown) {}

  void start(token_source::events e);
  void rejected(std::uint32_t number);
  void stop() noexcept;
  [[nodiscard]] bool usable() const { return number_ != 0 && schedule_.usable(net::boot_now()); }
  [[nodiscard]] const secret& token() const noexcept { return token_; }
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

 private:
  struct failure {
    error why;
    bool fatal;
  };

  static asio::awaitable<void> run(std::shared_ptr<session> self);
  void take(reply r);
  void explain_cut(reply& r) const;
  void report(failure f);
  // When there is something to do: the next request, or the report of a failed renewal when the present token has run out.
  [[nodiscard]] mono_time next() const {
    const auto request = schedule_.next_request();
    return unreported_ ? std::min(request, schedule_.usable_until().value_or(mono_time::min())) : request;
  }
  double jitter() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  // No event is called after stop(). An event may call stop(), so the function objects are kept.
  void report_ready() const {
    if (!stopped_ && events_.ready) events_.ready(number_);
  }
  void report_failed(const error& why, bool fatal) const {
    if (!stopped_ && events_.failed) events_.failed(why, fatal, fatal ? std::nullopt : std::optional(schedule_.next_request()));
  }

  asio::any_io_executor executor_;
  token_client client_;
  std::unique_ptr<credential> credential_;
  std::chrono::nanoseconds max_cooldown_;
  asio::steady_timer wake_;
  std::mt19937_64 random_;
  token::schedule schedule_;
  token_source::events events_;
  secret token_;
  std::uint32_t number_ = 0;
  std::optional<failure> unreported_;  // of the last renewal, while the present token is usable
  std::optional<error> refused_;       // refused for good, and no token is usable
  bool running_ = false;
  bool stopped_ = false;
};

void session::start(token_source::events e) {
  events_ = std::move(e);
  if (running_ || stopped_) return;
  running_ = true;
  asio::co_spawn(executor_, run(shared_from_this()), [](const std::exception_ptr& bug) {
    if (bug) std::rethrow_exception(bug);
  });
}

void session::stop() noexcept {
  stopped_ = true;
  wake_.cancel();
  client_.stop();
}

void session::rejected(std::uint32_t number) {
  if (refused_) {
    report_failed(*refused_, true);
    return;
  }
  if (number == number_ && number != 0) {
    schedule_.rejected(net::boot_now());
    wake_.cancel();
    return;
  }
  // The rejected token has been replaced meanwhile. Where none is usable, run() is already about to request the next.
  if (usable()) report_ready();
}

asio::awaitable<void> session::run(std::shared_ptr<session> self) {
  while (!self->stopped_ && !self->refused_) {
    const auto at = self->next();
    const auto wait = at == mono_time::min() ? mono_clock::duration::zero() : at - net::boot_now();
    if (wait > mono_clock::duration::zero()) {
      // The timer, a rejection or stop() ends the wait; the schedule is read again in each case.
      self->wake_.expires_after(std::min<mono_clock::duration>(wait, longest_sleep));
      co_await self->wake_.async_wait(asio::as_tuple(asio::deferred));
      continue;
    }
    if (self->unreported_ && !self->usable()) {
      self->report(*std::exchange(self->unreported_, std::nullopt));
      continue;
    }
    auto answered = co_await self->credential_->request(self->client_);
    if (!self->stopped_) self->take(std::move(answered));
  }
  self->running_ = false;
}

// A Retry-After that is longer than --max-cooldown is cut, which people should see.
void session::explain_cut(reply& r) const {
  auto& refusal = r.meaning.error();
  if (refusal.fatal || r.retry_after.empty() || !refusal.retry_after || *refusal.retry_after <= max_cooldown_) return;
  refusal.message += " (its Retry-After '" + core::escape_for_people(r.retry_after, longest_word) +
                     "' is longer than --max-cooldown and is cut to " +
                     std::to_string(std::chrono::ceil<std::chrono::seconds>(max_cooldown_).count()) + " s)";
}

void session::take(reply r) {
  const auto now = net::boot_now();
  unreported_.reset();
  if (r.meaning) {
    schedule_.received(*r.meaning, now, jitter());
    token_ = std::move(r.meaning->access_token);
    ++number_;
    report_ready();
    return;
  }
  explain_cut(r);
  auto& refusal = r.meaning.error();
  const bool for_good = schedule_.failed(refusal, now, jitter());
  failure f{{r.code, std::move(refusal.message)}, for_good};
  // A failed renewal is not reported while the present token is usable: the run may finish with that one.
  if (usable())
    unreported_ = std::move(f);
  else
    report(std::move(f));
}

void session::report(failure f) {
  if (f.fatal) refused_ = f.why;
  report_failed(f.why, f.fatal);
}

class renewing_source final : public token_source {
 public:
  explicit renewing_source(std::shared_ptr<session> s) : session_(std::move(s)) {}
  ~renewing_source() override { session_->stop(); }
  renewing_source(const renewing_source&) = delete;
  renewing_source& operator=(const renewing_source&) = delete;

  void start(events e) override { session_->start(std::move(e)); }
  void rejected(std::uint32_t number) override { session_->rejected(number); }
  [[nodiscard]] std::optional<usable_token> current() const override {
    if (!session_->usable()) return std::nullopt;
    return usable_token{.text = &session_->token(), .number = session_->number()};
  }
  void stop() override { session_->stop(); }

 private:
  std::shared_ptr<session> session_;
};

}  // namespace

std::unique_ptr<token_source> token_source::renewing(const asio::any_io_executor& executor, net::tls_context& tls,
                                                     std::unique_ptr<credential> from, const renewal_terms& terms) {
  return std::make_unique<renewing_source>(std::make_shared<session>(executor, tls, std::move(from), terms));
}

}  // namespace convoke::auth

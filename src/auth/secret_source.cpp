#include <algorithm>
#include <exception>
#include <random>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <convoke/version.hpp>

#include "auth/auth.hpp"
#include "core/redact.hpp"
#include "core/text.hpp"
#include "pacing/pacing.hpp"
#include "token/token.hpp"

namespace convoke::auth {
namespace {

namespace asio = boost::asio;

constexpr std::size_t largest_answer = 64 * 1024;
constexpr std::chrono::hours longest_sleep{24};
constexpr std::size_t longest_word = 40;

// What came of one request.
struct reply {
  std::expected<token::grant, token::refusal> meaning;
  errc code = errc::credentials;  // of a refusal
};

// The tenant becomes a part of the path, so it must not have any other characters than an id or a domain name has.
bool plain_tenant(std::string_view tenant) {
  return !tenant.empty() &&
         std::ranges::all_of(tenant, [](char c) { return core::ascii_letter(c) || core::ascii_digit(c) || c == '-' || c == '.'; });
}

reply no_answer(std::string message, net::failure what) {
  const auto code = what == net::failure::local_resources ? errc::resources : errc::network;
  return {std::unexpected(token::refusal{false, std::nullopt, std::move(message)}), code};
}

// Writes the whole request into one allocation: a string that grows would leave the secret behind.
secret make_request(const client_secret_source& from) {
  const secret form = token::client_secret_form(from.client_id, from.graph_root, from.client_secret);
  const std::string head = "POST " + from.authority.base_path + "/" + from.tenant +
                           "/oauth2/v2.0/token HTTP/1.1\r\nHost: " + from.authority.host_header + "\r\nUser-Agent: convoke/" + version +
                           "\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
                           "Content-Length: " +
                           std::to_string(form.reveal().size()) + "\r\n\r\n";
  std::string whole;
  whole.reserve(head.size() + form.reveal().size());
  whole.append(head).append(form.reveal());
  return secret(std::move(whole));
}

// The requests of one source, one after the other. The coroutine keeps the session alive, so the source may be destroyed at any time.
class session : public std::enable_shared_from_this<session> {
 public:
  session(asio::any_io_executor executor, net::tls_context& tls, client_secret_source from)
      : executor_(std::move(executor)),
        tls_(tls),
        from_(std::move(from)),
        wake_(executor_),
        random_(std::random_device{}()),
        schedule_(from_.max_cooldown) {}

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
  asio::awaitable<reply> request_token();
  void take(reply r);
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
  net::tls_context& tls_;
  client_secret_source from_;
  asio::steady_timer wake_;
  std::mt19937_64 random_;
  token::schedule schedule_;
  token_source::events events_;
  secret token_;
  std::uint32_t number_ = 0;
  std::optional<failure> unreported_;     // of the last renewal, while the present token is usable
  std::optional<error> refused_;          // refused for good, and no token is usable
  net::connection* in_flight_ = nullptr;  // the connection of the request that is in flight
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
  if (in_flight_) in_flight_->close();
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
    auto answered = co_await self->request_token();
    if (!self->stopped_) self->take(std::move(answered));
  }
  self->running_ = false;
}

asio::awaitable<reply> session::request_token() {
  if (!plain_tenant(from_.tenant)) {
    co_return reply{std::unexpected(token::refusal{true, std::nullopt, "the tenant is neither an id nor a domain name"}), errc::usage};
  }
  net::limits caps;
  caps.body = largest_answer;
  caps.sensitive = true;
  net::connection connection(executor_, from_.authority, tls_, caps);
  in_flight_ = &connection;
  const auto connected = co_await connection.connect(from_.attempt_timeout);
  if (connected.what != net::failure::none) {
    in_flight_ = nullptr;
    co_return no_answer("no access token: " + connected.message, connected.what);
  }
  const secret request = make_request(from_);
  net::response response;
  const auto ended = co_await connection.exchange(request.reveal(), response, from_.attempt_timeout);
  in_flight_ = nullptr;
  if (ended.what != net::failure::none && response.status < 300) co_return no_answer("no access token: " + ended.message, ended.what);
  std::optional<std::chrono::nanoseconds> retry_after;
  if (!response.retry_after.empty()) retry_after = pacing::parse_retry_after(response.retry_after, response.date, net::wall_now());
  auto meaning = token::read_answer(response.status, response.body, retry_after, from_.client_secret.reveal());
  if (!meaning && ended.what != net::failure::none) meaning.error().doubtful = true;
  if (!meaning && !meaning.error().fatal && retry_after && *retry_after > from_.max_cooldown) {
    const auto value = core::redact(response.retry_after.front(), from_.client_secret.reveal());
    meaning.error().message += " (its Retry-After '" + core::escape_for_people(value, longest_word) +
                               "' is longer than --max-cooldown and is cut to " +
                               std::to_string(std::chrono::ceil<std::chrono::seconds>(from_.max_cooldown).count()) + " s)";
  }
  co_return reply{std::move(meaning), errc::credentials};
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

class secret_source final : public token_source {
 public:
  explicit secret_source(std::shared_ptr<session> s) : session_(std::move(s)) {}
  ~secret_source() override { session_->stop(); }
  secret_source(const secret_source&) = delete;
  secret_source& operator=(const secret_source&) = delete;

  void start(events e) override { session_->start(std::move(e)); }
  void rejected(std::uint32_t number) override { session_->rejected(number); }
  [[nodiscard]] const secret* current() const override { return session_->usable() ? &session_->token() : nullptr; }
  [[nodiscard]] std::uint32_t current_number() const override { return session_->usable() ? session_->number() : 0; }
  void stop() override { session_->stop(); }

 private:
  std::shared_ptr<session> session_;
};

}  // namespace

std::unique_ptr<token_source> token_source::from_secret(asio::any_io_executor executor, net::tls_context& tls, client_secret_source from) {
  return std::make_unique<secret_source>(std::make_shared<session>(std::move(executor), tls, std::move(from)));
}

}  // namespace convoke::auth

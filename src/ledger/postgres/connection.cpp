#include "ledger/postgres/connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ledger/open.hpp"
#include "ledger/postgres/failure.hpp"
#include "ledger/postgres/url.hpp"

namespace convoke::ledger::postgres {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds ask_interval{100};    // between two questions whether to stop
constexpr milliseconds cancel_grace{5'000};  // for the server's answer after a statement was cancelled

struct close_connection {
  void operator()(PGconn* c) const noexcept { PQfinish(c); }
};
using owned_connection = std::unique_ptr<PGconn, close_connection>;

enum class waited : std::uint8_t { ready, asked, timed_out };

// Waits for the socket, until `deadline`, but no longer than until the next question whether to stop.
waited wait_for(int socket, short events, clock::time_point deadline) {
  const auto now = clock::now();
  if (now >= deadline) return waited::timed_out;
  const auto left = std::chrono::ceil<milliseconds>(deadline - now);
  pollfd watched{.fd = socket, .events = events, .revents = 0};
  const int found = ::poll(&watched, 1, static_cast<int>(std::min(left, ask_interval).count()));
  return found > 0 ? waited::ready : waited::asked;
}

// A part of a server's answer, or nothing.
std::string field(const PGresult* r, int code) {
  const char* text = PQresultErrorField(r, code);
  return text != nullptr ? text : "";
}

// What must not be in a message: the values of the parameters that libpq hides, and a password from a file or the environment.
std::vector<std::string> secrets_of(PGconn* c) {
  std::vector<std::string> out;
  if (const char* password = PQpass(c); password != nullptr) out.emplace_back(password);
  auto* options = PQconninfo(c);
  for (auto* option = options; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr && *option->dispchar == '*') out.emplace_back(option->val);
  }
  PQconninfoFree(options);
  std::ranges::sort(out, std::ranges::greater(), &std::string::size);
  return out;
}

std::string name_of(const connect_options& options) {
  return "ledger " + shown_ledger(options.url);
}

void ignore_notice(void*, const PGresult*) {}

}  // namespace

struct connection::impl {
  owned_connection open;
  connect_options options;
  std::vector<std::string> secrets;

  [[nodiscard]] failure lost(const std::string& why) {
    open.reset();
    return {.kind = fault::lost, .state = {}, .message = name_of(options) + ": " + without_secrets(why, secrets)};
  }
  // The connection is gone; libpq says why.
  [[nodiscard]] failure lost() { return lost(open ? PQerrorMessage(open.get()) : "the connection is closed"); }
  [[nodiscard]] failure interrupted() const {
    return {.kind = fault::interrupted, .state = {}, .message = "Interrupted while the " + name_of(options) + " was in use."};
  }
  [[nodiscard]] failure failed(const PGresult* r, bool cancelled);
  [[nodiscard]] outcome_of<void> start(bool interruptible);
  void cancel() const;
  [[nodiscard]] outcome_of<void> open_at(const host_place& host, bool one_of_several);
  [[nodiscard]] outcome_of<void> finish_connecting();
  [[nodiscard]] failure refused();

  // How the results of what was sent are waited for.
  struct wait {
    clock::time_point deadline;
    bool interruptible = true;
    bool cancelled = false;
  };
  [[nodiscard]] wait begin_wait(bool interruptible) const {
    return {.deadline = clock::now() + options.statement_timeout, .interruptible = interruptible};
  }
  [[nodiscard]] outcome_of<PGresult*> next_result(wait& until);
  [[nodiscard]] outcome_of<rows> last_result(wait until);
  [[nodiscard]] outcome_of<rows> run(const char* sql, const params& values, bool interruptible);
  [[nodiscard]] bool send(const char* sql, const params& values);
  [[nodiscard]] outcome_of<std::vector<rows>> pipeline_results(std::size_t count);
};

failure connection::impl::failed(const PGresult* r, bool cancelled) {
  const auto state = field(r, PG_DIAG_SQLSTATE);
  if (cancelled && state == "57014") return interrupted();
  if (state.empty() && PQstatus(open.get()) == CONNECTION_BAD) return lost(PQresultErrorMessage(r));
  const auto text = state.empty() ? std::string(PQresultErrorMessage(r)) : field(r, PG_DIAG_MESSAGE_PRIMARY) + " (" + state + ")";
  const auto kind = fault_of_state(state);
  if (kind == fault::lost) {
    auto out = lost(text);
    out.state = state;
    return out;
  }
  return {.kind = kind, .state = state, .message = name_of(options) + ": " + without_secrets(text, secrets)};
}

outcome_of<void> connection::impl::start(bool interruptible) {
  if (!open) return std::unexpected(lost());
  if (interruptible && options.interrupted()) return std::unexpected(interrupted());
  return {};
}

void connection::impl::cancel() const {
  auto* request = PQgetCancel(open.get());
  if (request == nullptr) return;
  char why[256];
  PQcancel(request, why, sizeof why);
  PQfreeCancel(request);
}

outcome_of<PGresult*> connection::impl::next_result(wait& until) {
  for (;;) {
    const int unsent = PQflush(open.get());
    if (unsent < 0) return std::unexpected(lost());
    if (PQisBusy(open.get()) == 0) return PQgetResult(open.get());
    const short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
    switch (wait_for(PQsocket(open.get()), events, until.deadline)) {
      case waited::ready:
        if (PQconsumeInput(open.get()) == 0) return std::unexpected(lost());
        break;
      case waited::asked:
        if (!until.interruptible || until.cancelled || !options.interrupted()) break;
        cancel();
        until.cancelled = true;
        until.deadline = clock::now() + cancel_grace;
        break;
      case waited::timed_out:
        if (until.cancelled) {
          open.reset();
          return std::unexpected(interrupted());
        }
        // Else the server may go on with it, and with waiting for its locks.
        cancel();
        return std::unexpected(lost("the server did not answer within " + std::to_string(options.statement_timeout.count() / 1000) + " s"));
    }
  }
}

// The result of the only statement that was sent, or of the last one of a script.
outcome_of<rows> connection::impl::last_result(wait until) {
  rows out;
  std::optional<failure> failed_with;
  for (;;) {
    auto next = next_result(until);
    if (!next) return std::unexpected(std::move(next.error()));
    if (*next == nullptr) break;
    rows taken(*next);
    const auto status = PQresultStatus(*next);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) {
      out = std::move(taken);
      continue;
    }
    if (!failed_with) failed_with = failed(*next, until.cancelled);
    if (!open) break;
  }
  if (failed_with) return std::unexpected(std::move(*failed_with));
  return out;
}

bool connection::impl::send(const char* sql, const params& values) {
  const auto n = values.parts_.size();
  std::vector<Oid> types(n);
  std::vector<const char*> at(n);
  std::vector<int> sizes(n), binary(n, 1);
  for (std::size_t i = 0; i < n; ++i) {
    const auto& part = values.parts_[i];
    types[i] = part.type;
    at[i] = part.null ? nullptr : values.bytes_.data() + part.begin;
    sizes[i] = static_cast<int>(part.size);
  }
  return PQsendQueryParams(open.get(), sql, static_cast<int>(n), types.data(), at.data(), sizes.data(), binary.data(), 1) == 1;
}

outcome_of<rows> connection::impl::run(const char* sql, const params& values, bool interruptible) {
  if (auto ready = start(interruptible); !ready) return std::unexpected(std::move(ready.error()));
  if (!send(sql, values)) return std::unexpected(lost());
  return last_result(begin_wait(interruptible));
}

// After the last statement comes the answer to the synchronization point.
outcome_of<std::vector<rows>> connection::impl::pipeline_results(std::size_t count) {
  auto until = begin_wait(true);
  std::vector<rows> out;
  std::optional<failure> failed_with;
  for (;;) {
    auto next = next_result(until);
    if (!next) return std::unexpected(std::move(next.error()));
    if (*next == nullptr) {
      if (!open || PQstatus(open.get()) == CONNECTION_BAD) return std::unexpected(lost());
      continue;  // the end of one statement
    }
    rows taken(*next);
    const auto status = PQresultStatus(*next);
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      out.push_back(std::move(taken));
    } else if (status != PGRES_PIPELINE_ABORTED && !failed_with) {
      failed_with = failed(*next, until.cancelled);
      if (!open) break;
    }
  }
  if (open && PQexitPipelineMode(open.get()) == 0) return std::unexpected(lost());
  if (failed_with) return std::unexpected(std::move(*failed_with));
  if (out.size() != count) return std::unexpected(lost("the server left a statement without an answer"));
  return out;
}

// Several hosts are tried one after the other here, so that each of them has the whole time: libpq has one for all of them.
outcome_of<void> connection::impl::open_at(const host_place& host, bool one_of_several) {
  if (options.interrupted()) return std::unexpected(interrupted());
  // The URL replaces what stands before it, and what stands after it replaces the URL.
  std::vector<const char*> names = {
      "fallback_application_name", "target_session_attrs", "keepalives", "keepalives_idle", "keepalives_interval",
      "keepalives_count",          "tcp_user_timeout",     "dbname",     "client_encoding"};
  std::vector<const char*> values = {
      options.application_name.c_str(), "read-write", "1", "10", "5", "3", "25000", options.url.c_str(), "UTF8"};
  const auto add = [&](const char* name, const std::string& value) {
    names.push_back(name);
    values.push_back(value.c_str());
  };
  if (one_of_several) {
    add("host", host.host);
    add("hostaddr", host.address);
    add("port", host.port);
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  open.reset(PQconnectStartParams(names.data(), values.data(), 1));
  if (!open) return std::unexpected(lost("libpq has no memory"));
  // With the SQLSTATE, which libpq does not give for a connection that failed.
  PQsetErrorVerbosity(open.get(), PQERRORS_VERBOSE);
  if (PQstatus(open.get()) == CONNECTION_BAD) return std::unexpected(refused());
  if (auto connected = finish_connecting(); !connected) return connected;
  PQsetErrorVerbosity(open.get(), PQERRORS_DEFAULT);
  PQsetNoticeReceiver(open.get(), ignore_notice, nullptr);
  secrets = secrets_of(open.get());
  if (PQsetnonblocking(open.get(), 1) != 0) return std::unexpected(lost());
  return {};
}

outcome_of<void> connection::impl::finish_connecting() {
  const auto deadline = clock::now() + options.connect_timeout;
  for (auto wanted = PGRES_POLLING_WRITING;;) {
    if (wanted == PGRES_POLLING_OK) return {};
    if (wanted == PGRES_POLLING_FAILED) return std::unexpected(refused());
    // The socket changes from one address of a host to the next.
    switch (wait_for(PQsocket(open.get()), wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
      case waited::ready:
        wanted = PQconnectPoll(open.get());
        break;
      case waited::asked:
        if (options.interrupted()) return std::unexpected(interrupted());
        break;
      case waited::timed_out:
        return std::unexpected(lost("no connection within " + std::to_string(options.connect_timeout.count()) + " ms"));
    }
  }
}

failure connection::impl::refused() {
  auto why = classify_refusal(PQerrorMessage(open.get()));
  if (PQconnectionNeedsPassword(open.get()) != 0) {
    why = {.kind = fault::refused, .state = "28P01", .text = "the server asks for a password"};
  }
  secrets = secrets_of(open.get());
  open.reset();
  return {.kind = why.kind, .state = why.state, .message = name_of(options) + ": " + without_secrets(std::move(why.text), secrets)};
}

connection::connection(std::unique_ptr<impl> made) noexcept : impl_(std::move(made)) {}
connection::connection(connection&&) noexcept = default;
connection& connection::operator=(connection&&) noexcept = default;
connection::connection() noexcept = default;
connection::~connection() = default;

outcome_of<connection> connection::open(const connect_options& options) {
  const auto url = parse_url(options.url);
  if (!url) return std::unexpected(failure{.kind = fault::refused, .state = {}, .message = url.error().message});
  std::optional<failure> first;
  for (const auto& host : url->hosts) {
    auto made = std::make_unique<impl>(impl{.open = {}, .options = options, .secrets = {}});
    auto opened = made->open_at(host, url->hosts.size() > 1);
    if (opened) return connection(std::move(made));
    if (opened.error().kind == fault::interrupted) return std::unexpected(std::move(opened.error()));
    // One host that may answer later is reason enough to try again.
    if (!first || first->kind == fault::refused) first = std::move(opened.error());
  }
  return std::unexpected(std::move(*first));
}

bool connection::usable() const noexcept {
  return impl_ && impl_->open;
}

bool connection::in_transaction() const noexcept {
  return usable() && PQtransactionStatus(impl_->open.get()) != PQTRANS_IDLE;
}

void connection::set_statement_timeout(milliseconds timeout) noexcept {
  if (impl_) impl_->options.statement_timeout = timeout;
}

outcome_of<rows> connection::run(const char* sql, const params& values) {
  return impl_->run(sql, values, true);
}

outcome_of<void> connection::script(const char* sql) {
  if (auto ready = impl_->start(true); !ready) return ready;
  if (PQsendQuery(impl_->open.get(), sql) == 0) return std::unexpected(impl_->lost());
  auto done = impl_->last_result(impl_->begin_wait(true));
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

outcome_of<std::vector<rows>> connection::run_all(std::span<const step> steps) {
  if (auto ready = impl_->start(true); !ready) return std::unexpected(std::move(ready.error()));
  auto* c = impl_->open.get();
  if (PQenterPipelineMode(c) == 0) return std::unexpected(impl_->lost());
  const params none;
  for (const auto& [sql, values] : steps) {
    if (!impl_->send(sql, values != nullptr ? *values : none)) return std::unexpected(impl_->lost());
  }
  if (PQpipelineSync(c) == 0) return std::unexpected(impl_->lost());
  return impl_->pipeline_results(steps.size());
}

outcome_of<void> connection::begin() {
  auto begun = impl_->run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", {}, true);
  if (!begun) return std::unexpected(std::move(begun.error()));
  return {};
}

outcome_of<void> connection::commit() {
  const bool failed = usable() && PQtransactionStatus(impl_->open.get()) == PQTRANS_INERROR;
  auto done = impl_->run("COMMIT", {}, false);
  if (!done) return std::unexpected(std::move(done.error()));
  if (!failed) return {};
  return std::unexpected(
      failure{.kind = fault::wrong, .state = {}, .message = name_of(impl_->options) + ": a failed transaction was rolled back"});
}

void connection::roll_back() noexcept {
  if (!in_transaction()) return;
  try {
    if (!impl_->run("ROLLBACK", {}, false)) impl_->open.reset();
  } catch (...) {
    impl_->open.reset();
  }
}

}  // namespace convoke::ledger::postgres

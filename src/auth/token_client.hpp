#pragma once

// One exchange with a token endpoint: on a connection of its own, with an answer that is wiped after use.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <convoke/error.hpp>
#include <convoke/secret.hpp>

#include "net/net.hpp"
#include "token/token.hpp"

namespace convoke::auth {

struct exchanged {
  net::failure what = net::failure::none;
  std::string message;  // for people, set where what != none
  int status = 0;       // set where the whole header has come, also where the body was cut
  secret body;
  std::optional<std::chrono::nanoseconds> retry_after;
  std::string retry_after_text;  // as it was written
  token::clocks at;

  // No answer that could be understood has come.
  [[nodiscard]] bool nothing() const noexcept { return what != net::failure::none && status < 300; }
};

// Not reentrant. Everything is on the thread of the executor.
class token_client {
 public:
  // `tls` must outlive the io_context's work.
  token_client(boost::asio::any_io_executor executor, net::tls_context& tls, std::chrono::nanoseconds attempt_timeout)
      : executor_(std::move(executor)), tls_(tls), attempt_timeout_(attempt_timeout) {}
  token_client(const token_client&) = delete;
  token_client& operator=(const token_client&) = delete;

  // Connects, sends `request` (a complete HTTP/1.1 request) and reads the answer. `connect_timeout`: for the connection alone; the answer
  // has the whole attempt timeout.
  boost::asio::awaitable<exchanged> exchange(const net::endpoint& to, const secret& request,
                                             std::optional<std::chrono::nanoseconds> connect_timeout = std::nullopt);
  // Waits so long. False: stop() has ended the wait.
  boost::asio::awaitable<bool> pause(std::chrono::nanoseconds how_long);
  // Ends the exchange or the pause that is under way. Later ones end at once.
  void stop() noexcept;

 private:
  boost::asio::any_io_executor executor_;
  net::tls_context& tls_;
  std::chrono::nanoseconds attempt_timeout_;
  net::connection* in_flight_ = nullptr;
  boost::asio::steady_timer* pausing_ = nullptr;
  bool stopped_ = false;
};

// `POST path` with a form, or `GET path` where `form` is empty. `headers`: further ones, each ended by CR LF. What is secret is copied
// once, into the result.
[[nodiscard]] secret make_token_request(const net::endpoint& to, std::string_view path, const secret& headers, const secret& form);

}  // namespace convoke::auth

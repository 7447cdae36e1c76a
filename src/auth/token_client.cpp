#include "auth/token_client.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <convoke/version.hpp>

#include "pacing/pacing.hpp"

namespace convoke::auth {
namespace {

namespace asio = boost::asio;

constexpr std::size_t largest_answer = 64 * 1024;

}  // namespace

asio::awaitable<exchanged> token_client::exchange(const net::endpoint& to, const secret& request,
                                                  std::optional<std::chrono::nanoseconds> connect_timeout) {
  exchanged out;
  if (stopped_) {
    out.what = net::failure::cancelled;
    co_return out;
  }
  net::limits caps;
  caps.body = largest_answer;
  caps.sensitive = true;
  net::connection connection(executor_, to, tls_, caps);
  in_flight_ = &connection;
  auto ended = co_await connection.connect(connect_timeout.value_or(attempt_timeout_));
  net::response response;
  if (ended.what == net::failure::none) {
    ended = co_await connection.exchange(request.reveal(), response, attempt_timeout_);
  }
  in_flight_ = nullptr;
  out.what = ended.what;
  out.message = std::move(ended.message);
  out.status = response.status;
  out.body = secret(std::string(response.body));
  out.at.ours = net::wall_now();
  if (!response.date.empty()) out.at.theirs = pacing::parse_http_date(response.date, *out.at.ours);
  if (!response.retry_after.empty()) {
    out.retry_after = pacing::parse_retry_after(response.retry_after, response.date, *out.at.ours);
    out.retry_after_text = std::string(response.retry_after.front());
  }
  co_return out;
}

asio::awaitable<bool> token_client::pause(std::chrono::nanoseconds how_long) {
  if (stopped_) co_return false;
  asio::steady_timer timer(executor_, std::chrono::duration_cast<asio::steady_timer::duration>(how_long));
  pausing_ = &timer;
  co_await timer.async_wait(asio::as_tuple(asio::deferred));
  pausing_ = nullptr;
  co_return !stopped_;
}

void token_client::stop() noexcept {
  stopped_ = true;
  if (in_flight_) in_flight_->close();
  if (pausing_) pausing_->cancel();
}

secret make_token_request(const net::endpoint& to, std::string_view path, const secret& headers, const secret& form) {
  const bool post = !form.empty();
  std::string head = std::string(post ? "POST " : "GET ") + to.base_path;
  head.append(path).append(" HTTP/1.1\r\nHost: ").append(to.host_header).append("\r\nUser-Agent: convoke/").append(version);
  head.append("\r\nAccept: application/json\r\nConnection: close\r\n");
  if (post) {
    head.append("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ");
    head.append(std::to_string(form.reveal().size())).append("\r\n");
  }
  // One allocation: a string that grows leaves copies of the secrets behind.
  std::string whole;
  whole.reserve(head.size() + headers.reveal().size() + 2 + form.reveal().size());
  whole.append(head).append(headers.reveal()).append("\r\n").append(form.reveal());
  return secret(std::move(whole));
}

}  // namespace convoke::auth

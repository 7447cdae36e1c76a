#include "net/lookup.hpp"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>

#include "net/net.hpp"

namespace convoke::net {
namespace asio = boost::asio;

lookup::lookup(asio::io_context& context) : resolver_(asio::use_service<resolver>(context)), wait_(context.get_executor()) {}

void lookup::cancel() noexcept {
  if (!pending_) return;
  std::erase(pending_->waiting, this);
  pending_.reset();
  wait_.cancel();
}

asio::awaitable<boost::system::error_code> lookup::find(const std::string& host, std::uint16_t port, mono_time deadline,
                                                        name_cache::answer& into) {
  boost::system::error_code not_literal;
  const auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) {
    into = {std::make_shared<const std::vector<name_cache::address>>(1, name_cache::address(literal, port)), 0};
    co_return boost::system::error_code{};
  }
  into = resolver_.cache().find(host, port, boot_now());
  if (into.addresses) co_return boost::system::error_code{};
  const auto asked = resolver_.ask(host, port);
  boost::system::error_code waited;
  if (!asked->done) {
    asked->waiting.push_back(this);
    pending_ = asked;
    wait_.expires_after(std::max(deadline - boot_now(), mono_clock::duration::zero()));
    const auto [ended] = co_await wait_.async_wait(asio::as_tuple(asio::deferred));
    waited = ended;
    if (pending_ == asked) {
      std::erase(asked->waiting, this);
      pending_.reset();
    }
  }
  if (!asked->done) co_return waited ? waited : asio::error::make_error_code(asio::error::timed_out);
  into = asked->answer;
  co_return asked->error;
}

}  // namespace convoke::net

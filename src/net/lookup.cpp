#include "net/lookup.hpp"

#include <algorithm>
#include <atomic>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>

#include "net/net.hpp"

namespace convoke::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

std::atomic<unsigned> under_way{0};

// Alive as long as the system may still be at work on a look-up.
struct counted {
  counted() noexcept { ++under_way; }
  ~counted() { --under_way; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
};

}  // namespace

bool lookups_under_way() noexcept {
  return under_way > 0;
}

struct lookup::question {
  using executor_type = asio::io_context::executor_type;
  explicit question(executor_type executor) : resolver(executor), answered(executor) {}

  asio::ip::basic_resolver<tcp, executor_type> resolver;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor_type> answered;
  boost::system::error_code error;
  std::vector<endpoint_type> addresses;
  bool done = false;
};

namespace {

// One family that leads nowhere must not use up the time before the other is tried.
std::vector<lookup::endpoint_type> alternate(const std::vector<lookup::endpoint_type>& found) {
  std::vector<lookup::endpoint_type> first, second, out;
  for (const auto& e : found) (e.address().is_v6() == found.front().address().is_v6() ? first : second).push_back(e);
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  return out;
}

}  // namespace

lookup::lookup(asio::io_context::executor_type executor) : executor_(executor) {}
lookup::~lookup() {
  cancel();
}

void lookup::cancel() noexcept {
  if (!pending_) return;
  pending_->answered.cancel();
  pending_.reset();
}

asio::awaitable<boost::system::error_code> lookup::find(const std::string& host, std::uint16_t port, mono_time deadline,
                                                        std::vector<endpoint_type>& into) {
  into.clear();
  boost::system::error_code not_literal;
  const auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) {
    into.emplace_back(literal, port);
    co_return boost::system::error_code{};
  }
  const auto asked = std::make_shared<question>(executor_);
  pending_ = asked;
  asked->answered.expires_after(std::max(deadline - boot_now(), mono_clock::duration::zero()));
  asked->resolver.async_resolve(
      host, std::to_string(port), tcp::resolver::numeric_service,
      [asked, count = std::make_shared<counted>()](const boost::system::error_code& ec, const tcp::resolver::results_type& results) {
        asked->done = true;
        asked->error = ec;
        for (const auto& r : results) asked->addresses.push_back(r.endpoint());
        asked->answered.cancel();
      });
  const auto [waited] = co_await asked->answered.async_wait(asio::as_tuple(asio::deferred));
  if (pending_ == asked) pending_.reset();
  if (!asked->done) co_return waited ? waited : asio::error::make_error_code(asio::error::timed_out);
  if (asked->error) co_return asked->error;
  if (asked->addresses.empty()) co_return asio::error::make_error_code(asio::error::host_not_found);
  into = alternate(asked->addresses);
  co_return boost::system::error_code{};
}

}  // namespace convoke::net

#pragma once

// One wait for the addresses of a name, with a deadline. The look-up itself belongs to the resolver: getaddrinfo cannot be stopped, so one
// that takes too long continues without the waiter.

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <convoke/time.hpp>

#include "net/resolver.hpp"

namespace convoke::net {

// One find() at a time. The object must outlive the coroutine that waits in it, unless the io_context ends first.
class lookup {
 public:
  explicit lookup(boost::asio::io_context& context);
  ~lookup() { cancel(); }
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;

  // The addresses of `host`, from the cache where it has them; an address literal is answered at once. asio::error::timed_out after
  // `deadline`; operation_aborted after cancel().
  boost::asio::awaitable<boost::system::error_code> find(const std::string& host, std::uint16_t port, mono_time deadline,
                                                         name_cache::answer& into);
  void cancel() noexcept;

 private:
  friend class resolver;
  void answered() noexcept { wait_.cancel(); }

  using timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                                  boost::asio::io_context::executor_type>;
  resolver& resolver_;
  timer wait_;
  std::shared_ptr<resolver::question> pending_;
};

}  // namespace convoke::net

#pragma once

// Name look-up with a deadline. getaddrinfo runs on Asio's own thread and cannot be stopped, so a look-up that takes too long is left
// behind: it holds its state alive and its answer is dropped.

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <convoke/time.hpp>

namespace convoke::net {

class lookup {
 public:
  using endpoint_type = boost::asio::ip::tcp::endpoint;

  explicit lookup(boost::asio::io_context::executor_type executor);
  ~lookup();
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;

  // The addresses of `host`, families taking turns. asio::error::timed_out after `deadline`; operation_aborted after cancel().
  // An address literal is answered at once.
  boost::asio::awaitable<boost::system::error_code> find(const std::string& host, std::uint16_t port, mono_time deadline,
                                                         std::vector<endpoint_type>& into);
  void cancel() noexcept;

 private:
  struct question;
  boost::asio::io_context::executor_type executor_;
  std::shared_ptr<question> pending_;
};

}  // namespace convoke::net

#pragma once

// Name look-up for everything that runs in one io_context. Asio has one thread for getaddrinfo, so look-ups wait for each other:
// connections that need the same name at the same time share one look-up, and its answer is kept (net/name_cache.hpp).

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "net/name_cache.hpp"

namespace convoke::net {

class lookup;

// Found with asio::use_service. Everything runs on the io_context's thread.
class resolver final : public boost::asio::execution_context::service {
 public:
  using key_type = resolver;
  static boost::asio::execution_context::id id;

  using error_code = boost::system::error_code;
  using address = name_cache::address;
  using answer_handler = std::function<void(const error_code&, std::vector<address>)>;
  // Looks one name up. The handler is called once, on the io_context's thread, also from within the call.
  using backend = std::function<void(const std::string& host, std::uint16_t port, answer_handler)>;

  explicit resolver(boost::asio::execution_context& context);

  // In place of the system's resolver, for tests.
  void use(backend b) { backend_ = std::move(b); }

  [[nodiscard]] name_cache& cache() noexcept { return cache_; }

  // Whether a look-up was handed to the system and is not answered. It cannot be stopped.
  [[nodiscard]] bool system_at_work() const noexcept { return *at_system_ > 0; }

  // A look-up that is under way, or was when its waiters began.
  struct question {
    bool done = false;
    error_code error;
    name_cache::answer answer;
    std::vector<lookup*> waiting;
  };
  // The look-up of this name that is under way, or a new one. A waiter adds itself to `waiting` unless it is `done`.
  [[nodiscard]] std::shared_ptr<question> ask(const std::string& host, std::uint16_t port);

 private:
  using executor_type = boost::asio::io_context::executor_type;
  using name = std::pair<std::string, std::uint16_t>;

  void shutdown() override;
  void ask_system(const std::string& host, std::uint16_t port, answer_handler done);
  void answered(const name& of, const std::shared_ptr<question>& asked, const error_code& error, std::vector<address> addresses);

  std::optional<boost::asio::ip::basic_resolver<boost::asio::ip::tcp, executor_type>> system_;
  std::shared_ptr<unsigned> at_system_ = std::make_shared<unsigned>(0);
  backend backend_;
  name_cache cache_;
  std::map<name, std::shared_ptr<question>> under_way_;
};

}  // namespace convoke::net

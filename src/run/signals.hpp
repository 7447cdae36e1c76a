#pragma once

// SIGINT, SIGTERM and SIGHUP. The first one asks to end in good order: long work polls raised(), the driver is called. After the second
// one the process is left 2 s later, wherever it is; so it is 25 s after the first one where nothing drains. Whatever is not committed or
// has no name yet is dropped by that, as by a kill.

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

namespace convoke::run {

// The signals are caught while one of these objects lives; all of them see the same signals. A SIGHUP that is ignored when the first
// object is made (nohup) stays ignored.
class signals {
 public:
  signals();
  ~signals();
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

  // How many came so far. Any thread may ask these three.
  [[nodiscard]] int count() const noexcept;
  // The first signal's number, 0 for none.
  [[nodiscard]] int first() const noexcept;
  [[nodiscard]] bool raised() const noexcept { return count() > 0; }

  // Called with the count so far, on the io_context's thread, until stop_listening(), which is called on that thread too and before the
  // io_context ends.
  using handler = std::function<void(int count)>;
  void on_signal(boost::asio::io_context& io, handler h);
  void stop_listening() noexcept;

  // While one lives, a first signal sets no limit: the engine bounds its drain by itself.
  class draining {
   public:
    draining();
    ~draining();
    draining(const draining&) = delete;
    draining& operator=(const draining&) = delete;
  };

  // A folder of temporary files that is removed where the process is left at once; until it is forgotten.
  static void remove_when_leaving(const std::string& folder);
  static void forget(const std::string& folder) noexcept;

 private:
  std::shared_ptr<handler> handler_;
};

}  // namespace convoke::run

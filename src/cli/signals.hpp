#pragma once

// SIGINT, SIGTERM and SIGHUP. The first one requests a stop, the second one a stop at once. 2 s after the second one the process is
// left, whatever it does; so it is 25 s after the first one, except while calls are drained. Whatever is not committed or has no name yet
// is lost by that, as by a kill.

#include <memory>
#include <stop_token>

namespace convoke::cli {

// Catches the signals while it lives; one at a time in a process. A SIGHUP that is ignored when it is made (nohup) stays ignored. The
// tokens stay valid after it; stops are requested on a thread of its own. It needs no descriptor: where these run out, signals still work.
class signals {
 public:
  signals();
  ~signals();
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

  [[nodiscard]] std::stop_token stop() const noexcept;
  [[nodiscard]] std::stop_token at_once() const noexcept;
  // The first signal's number, 0 for none. Any thread.
  [[nodiscard]] int first() const noexcept;

  // Whether calls are made or drained: then the first signal sets no time limit, because the drain has one of its own. Any thread.
  void set_calling(bool calling);

 private:
  class watcher;
  std::unique_ptr<watcher> watcher_;
};

}  // namespace convoke::cli

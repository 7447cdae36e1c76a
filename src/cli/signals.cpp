#include "cli/signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <optional>
#include <thread>

#include <semaphore.h>

namespace convoke::cli {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto after_the_first = 25s;
constexpr auto after_the_second = 2s;
constexpr std::array numbers{SIGINT, SIGTERM, SIGHUP};

// All that the signal handler uses.
std::atomic<int> arrived{0}, first_number{0};
sem_t wake;
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void convoke_signal_arrived(int number) {
  const int before = errno;
  int none = 0;
  first_number.compare_exchange_strong(none, number);
  arrived.fetch_add(1);
  ::sem_post(&wake);
  errno = before;
}

}  // namespace

// A thread that turns signals into stop requests and enforces the time limits.
class signals::watcher {
 public:
  watcher() {
    ::sem_init(&wake, 0, 0);
    arrived = 0;
    first_number = 0;
    thread_ = std::thread([this] { run(); });
    catch_all();
  }
  ~watcher() {
    for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], &before_[i], nullptr);
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    ::sem_post(&wake);
    thread_.join();
    ::sem_destroy(&wake);
  }
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;

  void set_calling(bool calling) {
    const std::scoped_lock lock(mutex_);
    calling_ = calling;
    // A limit that the first signal set before belonged to another phase.
    if (!final_) deadline_.reset();
  }

  std::stop_source stop, at_once;

 private:
  void catch_all() {
    struct sigaction caught{};
    caught.sa_handler = convoke_signal_arrived;
    caught.sa_flags = SA_RESTART;
    ::sigemptyset(&caught.sa_mask);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      ::sigaction(numbers[i], nullptr, &before_[i]);
      const bool ignored = (before_[i].sa_flags & SA_SIGINFO) == 0 && before_[i].sa_handler == SIG_IGN;
      if (numbers[i] != SIGHUP || !ignored) ::sigaction(numbers[i], &caught, nullptr);
    }
  }

  void run() {
    for (int seen = 0;;) {
      wait();
      const int count = arrived.load();
      {
        const std::scoped_lock lock(mutex_);
        if (ending_) return;
        if (count > seen) set_deadline(count);
        if (deadline_ && clock::now() >= *deadline_) std::_Exit(128 + first_number.load());
      }
      // Without the lock: a stop callback may call set_calling().
      if (count > 0) stop.request_stop();
      if (count > 1) at_once.request_stop();
      seen = count;
    }
  }

  void set_deadline(int count) {
    if (count > 1 && !final_) {
      deadline_ = clock::now() + after_the_second;
      final_ = true;
    } else if (count == 1 && !calling_) {
      deadline_ = clock::now() + after_the_first;
    }
  }

  // Returns when a signal comes or time is up.
  void wait() {
    std::optional<clock::time_point> until;
    {
      const std::scoped_lock lock(mutex_);
      until = deadline_;
    }
    if (!until) {
      ::sem_wait(&wake);
      return;
    }
    const auto since = until->time_since_epoch();
    const auto whole = std::chrono::floor<std::chrono::seconds>(since);
    const timespec at{.tv_sec = whole.count(), .tv_nsec = std::chrono::nanoseconds(since - whole).count()};
    ::sem_clockwait(&wake, CLOCK_MONOTONIC, &at);
  }

  std::thread thread_;
  std::array<struct sigaction, numbers.size()> before_{};

  std::mutex mutex_;  // of all below
  bool ending_ = false;
  bool calling_ = false;
  std::optional<clock::time_point> deadline_;
  bool final_ = false;  // the deadline is the second signal's
};

signals::signals() : watcher_(std::make_unique<watcher>()) {}
signals::~signals() = default;

std::stop_token signals::stop() const noexcept {
  return watcher_->stop.get_token();
}

std::stop_token signals::at_once() const noexcept {
  return watcher_->at_once.get_token();
}

int signals::first() const noexcept {
  return first_number.load();
}

void signals::set_calling(bool calling) {
  watcher_->set_calling(calling);
}

}  // namespace convoke::cli

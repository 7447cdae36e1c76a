#include "run/signals.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <semaphore.h>
#include <boost/asio/post.hpp>

namespace convoke::run {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto after_the_first = 25s;
constexpr auto after_the_second = 2s;
constexpr std::array numbers{SIGINT, SIGTERM, SIGHUP};

// All that a signal handler touches.
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

struct listener {
  boost::asio::io_context* io;
  std::weak_ptr<signals::handler> call;
};

// One for the process. It has no descriptors: where these run out, signals must still be heard.
class hub {
 public:
  hub() { ::sem_init(&wake, 0, 0); }

  void enter();
  void leave();
  void add(listener one);
  void remove(const std::shared_ptr<signals::handler>& one) noexcept;
  void drain(int change) noexcept;
  void keep(const std::string& folder);
  void drop(const std::string& folder) noexcept;

 private:
  void catch_all();
  void run();
  // Returns when the next signal comes or time is up.
  void wait();
  void on_signals(int count);
  [[noreturn]] void leave_at_once() const;

  std::mutex users_mutex_;  // of those that come and go
  unsigned users_ = 0;
  std::thread thread_;
  std::array<struct sigaction, numbers.size()> before_{};

  std::mutex mutex_;  // of all below
  bool stopping_ = false;
  int draining_ = 0;
  std::optional<clock::time_point> deadline_;
  bool final_ = false;  // the deadline is the second signal's
  std::vector<listener> listeners_;
  std::vector<std::string> folders_;
};

hub& the_hub() {
  static auto* const one = new hub;  // never deleted: a handler may run until the last moment
  return *one;
}

void hub::catch_all() {
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

void hub::enter() {
  const std::scoped_lock lock(users_mutex_);
  if (users_++ > 0) return;
  while (::sem_trywait(&wake) == 0) continue;
  arrived = 0;
  first_number = 0;
  stopping_ = final_ = false;
  deadline_.reset();
  thread_ = std::thread([this] { run(); });
  catch_all();
}

void hub::leave() {
  const std::scoped_lock lock(users_mutex_);
  if (--users_ > 0) return;
  for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], &before_[i], nullptr);
  {
    const std::scoped_lock also(mutex_);
    stopping_ = true;
  }
  ::sem_post(&wake);
  thread_.join();
}

void hub::add(listener one) {
  const std::scoped_lock lock(mutex_);
  listeners_.push_back(std::move(one));
}

void hub::remove(const std::shared_ptr<signals::handler>& one) noexcept {
  const std::scoped_lock lock(mutex_);
  std::erase_if(listeners_, [&](const listener& l) { return l.call.lock() == one; });
}

void hub::drain(int change) noexcept {
  const std::scoped_lock lock(mutex_);
  draining_ += change;
  // What a signal that came before wanted is what is done now.
  if (!final_) deadline_.reset();
}

void hub::keep(const std::string& folder) {
  const std::scoped_lock lock(mutex_);
  folders_.push_back(folder);
}

void hub::drop(const std::string& folder) noexcept {
  const std::scoped_lock lock(mutex_);
  std::erase(folders_, folder);
}

void hub::run() {
  int seen = 0;
  for (;;) {
    wait();
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    const int count = arrived.load();
    if (count > seen) on_signals(count);
    seen = count;
    if (deadline_ && clock::now() >= *deadline_) leave_at_once();
  }
}

void hub::wait() {
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

void hub::on_signals(int count) {
  if (count > 1 && !final_) {
    deadline_ = clock::now() + after_the_second;
    final_ = true;
  } else if (count == 1 && draining_ == 0) {
    deadline_ = clock::now() + after_the_first;
  }
  for (const auto& l : listeners_)
    boost::asio::post(*l.io, [weak = l.call, count] {
      if (const auto call = weak.lock()) (*call)(count);
    });
}

void hub::leave_at_once() const {
  std::error_code ignored;
  for (const auto& folder : folders_) std::filesystem::remove_all(folder, ignored);
  std::_Exit(128 + first_number.load());
}

}  // namespace

signals::signals() {
  the_hub().enter();
}

signals::~signals() {
  stop_listening();
  the_hub().leave();
}

int signals::count() const noexcept {
  return arrived.load();
}

int signals::first() const noexcept {
  return first_number.load();
}

void signals::on_signal(boost::asio::io_context& io, handler h) {
  stop_listening();
  handler_ = std::make_shared<handler>(std::move(h));
  the_hub().add({&io, handler_});
}

void signals::stop_listening() noexcept {
  if (handler_) the_hub().remove(handler_);
  handler_.reset();
}

signals::draining::draining() {
  the_hub().drain(1);
}

signals::draining::~draining() {
  the_hub().drain(-1);
}

void signals::remove_when_leaving(const std::string& folder) {
  the_hub().keep(folder);
}

void signals::forget(const std::string& folder) noexcept {
  the_hub().drop(folder);
}

}  // namespace convoke::run

// How a connection that was lost is replaced.

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include "ledger/postgres/connection.hpp"

namespace convoke::ledger::postgres {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds ask_interval{100};  // between two questions whether to stop

// With jitter, so that workers which lost their server together do not return together.
milliseconds with_jitter(milliseconds pause) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  return milliseconds(std::uniform_int_distribution<milliseconds::rep>(pause.count() / 2, pause.count())(random));
}

}  // namespace

outcome_of<connection*> connector::get(clock::time_point give_up) {
  if (open_ && open_->usable()) return &*open_;
  open_.reset();
  for (milliseconds pause{100};; pause = std::min(2 * pause, milliseconds(5'000))) {
    auto once = options_;
    const auto left = std::chrono::ceil<milliseconds>(give_up - clock::now());
    once.connect_timeout = std::clamp(left, milliseconds(1'000), options_.connect_timeout);
    auto made = connection::open(once);
    if (made) return &open_.emplace(std::move(*made));
    const auto kind = made.error().kind;
    const bool later = kind == fault::lost || kind == fault::again || kind == fault::read_only;
    const auto next = clock::now() + with_jitter(pause);
    if (!later || next >= give_up) return std::unexpected(std::move(made.error()));
    while (clock::now() < next) {
      if (options_.interrupted()) {
        made.error().kind = fault::interrupted;
        return std::unexpected(std::move(made.error()));
      }
      std::this_thread::sleep_for(std::min(ask_interval, std::chrono::ceil<milliseconds>(next - clock::now())));
    }
  }
}

}  // namespace convoke::ledger::postgres

#pragma once

// Runs the work of one object to its end on this thread, and asks it to stop where a stop is requested.

#include <chrono>
#include <exception>
#include <stop_token>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace convoke::run {

// `lane.run()` is a coroutine that ends soon after `lane.stop()`, which is called once at most. What is ready then is carried out before
// this returns. An exception of the coroutine is thrown again here.
template <typename Lane>
void run_to_end(boost::asio::io_context& io, Lane& lane, const std::stop_token& stop) {
  // A stop is noticed within this time.
  constexpr std::chrono::milliseconds poll{50};
  bool done = false;
  std::exception_ptr bug;
  boost::asio::co_spawn(io, lane.run(), [&](const std::exception_ptr& thrown) {
    bug = thrown;
    done = true;
  });
  io.restart();
  bool stopping = false;
  while (!done) {
    io.run_one_for(poll);
    if (io.stopped()) io.restart();
    if (stopping || !stop.stop_requested()) continue;
    stopping = true;
    lane.stop();
  }
  io.poll();
  if (bug) std::rethrow_exception(bug);
}

}  // namespace convoke::run

#pragma once

// The io_context of a job, made so that what the system refuses is an error and no exception.

#include <memory>

#include <boost/asio/io_context.hpp>
#include <convoke/error.hpp>

namespace convoke::run {

// An io_context waits in its destructor for the look-up that it has under way, for as long as name servers do not answer. That can be
// half a minute, too long after a signal: the io_context is left behind, and the process ends soon.
struct unless_it_looks_up {
  void operator()(boost::asio::io_context* io) const noexcept;
};
using owned_context = std::unique_ptr<boost::asio::io_context, unless_it_looks_up>;

// With all the descriptors that it will have for itself: timers and sockets need none of their own afterwards. errc::resources.
[[nodiscard]] result<owned_context> make_context();

}  // namespace convoke::run

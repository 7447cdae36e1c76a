#pragma once

// The io_context of a job, made so that a refusal of the system is an error and not an exception.

#include <memory>

#include <boost/asio/io_context.hpp>
#include <convoke/error.hpp>

namespace convoke::run {

// An io_context waits in its destructor for a look-up that is under way, for as long as the name servers do not answer. That can take half
// a minute, which is too long after a signal. In that case the io_context is not deleted: the process ends soon.
struct delete_unless_looking_up {
  void operator()(boost::asio::io_context* io) const noexcept;
};
using owned_context = std::unique_ptr<boost::asio::io_context, delete_unless_looking_up>;

// An io_context that has all the descriptors it needs for itself: timers need none afterwards. errc::resources where the system refuses
// one.
[[nodiscard]] result<owned_context> make_context();

}  // namespace convoke::run

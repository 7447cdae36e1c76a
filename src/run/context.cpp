#include "run/context.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include "net/net.hpp"
#include "os/open_files.hpp"

namespace convoke::run {

void delete_unless_looking_up::operator()(boost::asio::io_context* io) const noexcept {
  if (!net::lookups_under_way(*io)) delete io;
}

result<owned_context> make_context() {
  try {
    owned_context made(new boost::asio::io_context(1));
    // The first timer creates the reactor with its descriptors.
    const boost::asio::steady_timer first(*made);
    return made;
  } catch (const boost::system::system_error& refused) {
    const auto too_many = os::open_files_shortage(refused.code().value());
    return fail(errc::resources, fmt::format("The event loop (epoll) cannot be created: {}; {}. Nothing was sent.",
                                             refused.code().message(), too_many.empty() ? "run the same command again later" : too_many));
  }
}

}  // namespace convoke::run

#include "run/context.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include "core/open_files.hpp"
#include "net/net.hpp"

namespace convoke::run {

void unless_it_looks_up::operator()(boost::asio::io_context* io) const noexcept {
  if (!net::lookups_under_way()) delete io;
}

result<owned_context> make_context() {
  try {
    owned_context made(new boost::asio::io_context(1));
    // The first timer makes the reactor, with its descriptors.
    const boost::asio::steady_timer first(*made);
    return made;
  } catch (const boost::system::system_error& refused) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto too_many = core::open_files_shortage(refused.code().value(), limit.rlim_cur);
    return fail(errc::resources, fmt::format("The event loop (epoll) cannot be made: {}; {}. Nothing was sent.", refused.code().message(),
                                             too_many.empty() ? "run the same command again later" : too_many));
  }
}

}  // namespace convoke::run

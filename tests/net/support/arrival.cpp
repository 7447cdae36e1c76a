#include "net/support/arrival.hpp"

#include <cstring>

// Not netinet/tcp.h: its tcp_info is older and does not count bytes.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace convoke::test {
namespace {

tcp_info info_of(int fd) {
  tcp_info out{};
  socklen_t size = sizeof out;
  ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &out, &size);
  return out;
}

bool same(const sockaddr_in& a, const sockaddr_in& b) {
  return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

using asks = int(int, sockaddr*, socklen_t*) noexcept;

bool address(asks& ask, int fd, sockaddr_in& into) {
  socklen_t size = sizeof into;
  sockaddr_storage any{};
  socklen_t whole = sizeof any;
  if (ask(fd, reinterpret_cast<sockaddr*>(&any), &whole) != 0 || any.ss_family != AF_INET) return false;
  std::memcpy(&into, &any, size);
  return true;
}

int far_end_of(int fd) {
  sockaddr_in here{}, there{};
  if (!address(::getsockname, fd, here) || !address(::getpeername, fd, there)) return -1;
  rlimit most{};
  ::getrlimit(RLIMIT_NOFILE, &most);
  for (int other = 0; other < static_cast<int>(most.rlim_cur < 4096 ? most.rlim_cur : 4096); ++other) {
    sockaddr_in its{}, peers{};
    if (other != fd && address(::getsockname, other, its) && same(its, there) && address(::getpeername, other, peers) && same(peers, here))
      return other;
  }
  return -1;
}

}  // namespace

bool arrived(int near_end) {
  const int far_end = far_end_of(near_end);
  if (far_end < 0) return true;
  const auto sent = info_of(near_end);
  return info_of(far_end).tcpi_bytes_received >= sent.tcpi_bytes_sent - sent.tcpi_bytes_retrans;
}

}  // namespace convoke::test

#pragma once

// The TLS contexts of a run: one for each certificate file that its lanes name, shared by all their connections, so that sessions are
// resumed and a trust store is read once.

#include <map>
#include <span>
#include <string>

#include <convoke/job.hpp>

#include "net/net.hpp"

namespace convoke::run {

class tls_contexts {
 public:
  // errc::usage naming the certificate file that cannot be used.
  [[nodiscard]] static result<tls_contexts> create(std::span<const lane_options> lanes);

  // Of a `ca_file` that one of the lanes names. It lives as long as this object, also where that is moved.
  [[nodiscard]] net::tls_context& of(const std::string& ca_file) { return contexts_.at(ca_file); }

 private:
  std::map<std::string, net::tls_context> contexts_;
};

}  // namespace convoke::run

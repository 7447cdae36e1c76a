#pragma once

// Tries connections for diagnosis: what a name resolves to, whether an address can be reached, and who answers there. What is tried here is
// what connections do: the same code looks up, connects, goes through the proxy and verifies certificates.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "net/net.hpp"

namespace convoke::net {

class lookup;

struct found_addresses {
  std::vector<std::string> addresses;  // literals, in the order in which connections try them
  std::string problem;                 // for people; empty: the name was found
};

// Why a certificate was refused.
enum class certificate_flaw : std::uint8_t { none, untrusted, expired, not_yet_valid, wrong_name, other };

struct peer_certificate {
  std::string tls_version;      // `TLSv1.3`
  std::string subject, issuer;  // for people
  std::optional<utc_time> expires;
};

struct probed {
  outcome ended;
  certificate_flaw flaw = certificate_flaw::none;  // failure::tls because of the certificate
  std::string refused_issuer;                      // with it
  std::optional<peer_certificate> peer;            // of a TLS connection that was made
};

// One operation at a time. Everything runs on the thread of the executor, which must be an io_context's.
class prober {
 public:
  // `tls` must outlive the operation that is under way.
  prober(boost::asio::any_io_executor executor, tls_context& tls);
  ~prober();
  prober(const prober&) = delete;
  prober& operator=(const prober&) = delete;

  [[nodiscard]] boost::asio::awaitable<found_addresses> look_up(const std::string& host, std::uint16_t port,
                                                                std::chrono::nanoseconds limit);
  // Connects, as connection::connect does, and closes. The certificate is verified even where a session could be resumed.
  [[nodiscard]] boost::asio::awaitable<probed> probe(const endpoint& to, std::chrono::nanoseconds limit);
  // Ends what is under way, and later operations at once: failure::cancelled.
  void stop() noexcept;

 private:
  boost::asio::any_io_executor executor_;
  tls_context& tls_;
  std::unique_ptr<lookup> looking_up_;
  connection* in_flight_ = nullptr;
  bool stopped_ = false;
};

}  // namespace convoke::net

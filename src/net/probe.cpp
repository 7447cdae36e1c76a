#include "net/probe.hpp"

#include <utility>

#include <openssl/x509_vfy.h>
#include <boost/asio/error.hpp>

#include "core/saturating.hpp"
#include "net/certificate.hpp"
#include "net/connection.hpp"

namespace convoke::net {
namespace asio = boost::asio;

namespace {

certificate_flaw flaw_of(int problem) noexcept {
  switch (problem) {
    case X509_V_OK:
      return certificate_flaw::none;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return certificate_flaw::untrusted;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return certificate_flaw::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return certificate_flaw::not_yet_valid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return certificate_flaw::wrong_name;
    default:
      return certificate_flaw::other;
  }
}

std::optional<peer_certificate> certificate_of(const SSL* ssl) {
  if (ssl == nullptr) return std::nullopt;
  auto* const leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return std::nullopt;
  return peer_certificate{
      .tls_version = SSL_get_version(ssl), .subject = subject_of(leaf), .issuer = issuer_of(leaf), .expires = expiry_of(leaf)};
}

std::string explain(const boost::system::error_code& why) {
  if (why == asio::error::host_not_found || why == asio::error::no_data) return "there is no host of this name";
  if (why == asio::error::host_not_found_try_again) return "no name server answers";
  if (why == asio::error::timed_out) return "no answer of a name server within the time to connect";
  return why.message();
}

}  // namespace

prober::prober(asio::any_io_executor executor, tls_context& tls) : executor_(std::move(executor)), tls_(tls) {}
prober::~prober() = default;

asio::awaitable<found_addresses> prober::look_up(const std::string& host, std::uint16_t port, std::chrono::nanoseconds limit) {
  found_addresses out;
  if (stopped_) co_return out;
  looking_up_ = std::make_unique<lookup>(static_cast<asio::io_context&>(asio::query(executor_, asio::execution::context)));
  name_cache::answer found;
  const auto failed = co_await looking_up_->find(host, port, core::after(boot_now(), limit), found);
  looking_up_.reset();
  if (failed) {
    out.problem = explain(failed);
    co_return out;
  }
  for (const auto& one : *found.addresses) out.addresses.push_back(one.address().to_string());
  co_return out;
}

asio::awaitable<probed> prober::probe(const endpoint& to, std::chrono::nanoseconds limit) {
  probed out;
  if (stopped_) {
    out.ended = {failure::cancelled, "stopped"};
    co_return out;
  }
  connection link(executor_, to, tls_);
  auto& own = *link.impl_;
  tls_.get().sessions.erase(own.peer.name);
  in_flight_ = &link;
  out.ended = co_await link.connect(limit);
  in_flight_ = nullptr;
  if (out.ended.what == failure::none) {
    out.peer = certificate_of(own.wire.tls());
  } else if (out.ended.what == failure::tls) {
    out.flaw = flaw_of(own.peer.problem);
    out.refused_issuer = own.peer.refused_issuer;
  }
  co_return out;
}

void prober::stop() noexcept {
  stopped_ = true;
  if (looking_up_) looking_up_->cancel();
  if (in_flight_ != nullptr) in_flight_->close();
}

}  // namespace convoke::net

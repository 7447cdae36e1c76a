#pragma once

// The simulator's options: where it listens and who it is, beside what the service does.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/service/behaviour.hpp"
#include "sim/service/scenario.hpp"

namespace convoke::sim {

// One tenant, its app, and what the service does for it.
struct tenant_options {
  std::string tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001";
  std::string client_id = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002";
  std::string secret_file;                      // the client secret is read from here; empty: a random one
  std::vector<std::string> certificates;        // files (PEM) with certificates that are registered with the app
  std::vector<federated_credential> federated;  // identity providers whose tokens the app accepts
  behaviour service;
};

// Also the options of the last tenant.
struct options : tenant_options {
  std::uint16_t port = 0;                      // 0: any that is free
  bool plain = false;                          // http instead of https
  std::string certificate_host;                // empty: localhost, 127.0.0.1, ::1
  double certificate_days = 90;                // until the server's certificate expires; negative: it has expired
  double clock_offset_seconds = 0;             // of the service's wall clock
  std::string ca_file;                         // where the authority's certificate is written; empty: beside the configuration
  std::string config_file;                     // a configuration for convoke, written once it listens; empty: none
  std::optional<std::uint16_t> metadata_port;  // of the first tenant's managed identity, plain HTTP; 0: any that is free; absent: none
  std::string managed_identity = "c3f0e6d1-1d5e-4c1b-8d0f-7a6b5c4d3e03";  // client id of that identity
  bool trust_managed_identity = false;                                    // the app accepts its tokens in place of a secret
  std::string identity_header_file;       // the secret of App Service's endpoint is read from here; empty: there is no such endpoint
  std::uint32_t keep_alive_requests = 0;  // answers per connection; 0: no limit
  double drop_idle_seconds = 0;           // idle connections are closed without notice; 0: after two minutes
  std::string scenario_file;              // of a scenario: the program reads it into `scenario`; empty: none
  std::string probe_file;                 // of convoke probe: the program sets `service` to what it says; empty: none
  std::vector<scenario_step> scenario;    // begins when the simulator starts
  std::vector<tenant_options> earlier;    // the tenants before the last one

  [[nodiscard]] std::vector<tenant_options> tenants() const {
    auto all = earlier;
    all.push_back(*this);
    return all;
  }
};

}  // namespace convoke::sim

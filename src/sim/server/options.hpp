#pragma once

// The simulator's options: where it listens and who it is, beside what the service does.

#include <cstdint>
#include <string>

#include "sim/service/behaviour.hpp"

namespace convoke::sim {

struct options {
  std::uint16_t port = 0;        // 0: any that is free
  bool plain = false;            // http instead of https
  std::string certificate_host;  // empty: localhost, 127.0.0.1, ::1
  std::string ca_file;           // where the authority's certificate is written; empty: beside the configuration
  std::string config_file;       // a configuration for convoke, written once it listens; empty: none
  std::string secret_file;       // the client secret is read from here; empty: a random one
  std::string tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001";
  std::string client_id = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002";
  std::uint32_t keep_alive_requests = 0;  // answers per connection; 0: no limit
  double drop_idle_seconds = 0;           // idle connections are closed without notice; 0: after two minutes
  behaviour service;
};

}  // namespace convoke::sim

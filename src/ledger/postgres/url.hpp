#pragma once

// The URL of a PostgreSQL ledger, as libpq reads it.

#include <string>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::ledger::postgres {

struct host_place {
  std::string host, address, port;  // as in the URL; empty where the URL does not say
};

struct parsed_url {
  std::vector<host_place> hosts;  // in the order in which they are tried; one at least
  std::string ssl_mode;           // empty where the URL does not say
};

// errc::usage for what libpq does not understand, and for a host, port or database name that is likely to be part of a password which was
// not percent-encoded. No message holds any part of such a value.
[[nodiscard]] result<parsed_url> parse_url(const std::string& url);

// One sentence for each way in which others on the network can read what is sent to this ledger, or answer in its place.
[[nodiscard]] std::vector<std::string> network_exposures(const std::string& url);

}  // namespace convoke::ledger::postgres

#pragma once

// What an error of the server or of libpq means.

#include <string>
#include <string_view>
#include <vector>

#include "ledger/postgres/connection.hpp"

namespace convoke::ledger::postgres {

// What can be done about an error with this SQLSTATE.
[[nodiscard]] fault fault_of_state(std::string_view state) noexcept;

// What can be done about a connection that was not made. `message` is libpq's, with verbose errors of the server.
struct refused_connection {
  fault kind = fault::lost;
  std::string state;  // of the server's answer
  std::string text;   // the message without the places in the server's source
};
[[nodiscard]] refused_connection classify_refusal(std::string_view message);

// `message` for people: without these secrets, control characters and line ends.
[[nodiscard]] std::string without_secrets(std::string message, const std::vector<std::string>& secrets);

}  // namespace convoke::ledger::postgres

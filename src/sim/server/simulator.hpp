#pragma once

// A local Graph: the token endpoint and the calls for online meetings over TLS on the loopback address, on a thread of its own.

#include <cstdint>
#include <memory>
#include <string>

#include <convoke/error.hpp>
#include <convoke/secret.hpp>

#include "sim/server/options.hpp"

namespace convoke::sim {

class simulator {
 public:
  // Binds, makes certificates, starts the thread, writes the files that the options name. errc::usage for wrong options and
  // files that cannot be read or written, errc::network where the port is taken.
  [[nodiscard]] static result<std::unique_ptr<simulator>> start(const options& how);
  simulator(const simulator&) = delete;
  simulator& operator=(const simulator&) = delete;
  ~simulator();  // as stop

  [[nodiscard]] std::string graph_url() const;      // https://localhost:PORT
  [[nodiscard]] std::string authority_url() const;  // the same
  [[nodiscard]] std::uint16_t port() const;
  // http://127.0.0.1:PORT of the managed identity; empty where there is none.
  [[nodiscard]] std::string metadata_url() const;
  [[nodiscard]] std::string tenant() const;
  [[nodiscard]] std::string client_id() const;
  [[nodiscard]] secret client_secret() const;
  [[nodiscard]] std::string ca_pem() const;  // empty for plain HTTP

  // A configuration for convoke: addresses, credentials, a ledger of its own. Written whole or not at all, mode 0600, with
  // NAME.simulated-ca.pem and NAME.simulated-secret beside it where the options name no other files.
  [[nodiscard]] result<void> write_config(const std::string& file) const;

  // From any thread.
  [[nodiscard]] std::string stats_json();
  [[nodiscard]] std::string meetings_json_lines();
  // Closes everything and joins the thread. A second call does nothing.
  void stop();

 private:
  struct impl;
  explicit simulator(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::sim

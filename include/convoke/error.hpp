#pragma once

/// \file
/// Errors that input, network, storage or configuration can cause. They are values; exceptions are kept for bugs.

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace convoke {

/// The kind of an error. Each kind has one exit code of the command line (`exit_code`).
enum class errc {
  internal,     ///< a bug
  usage,        ///< wrong command line or configuration
  input,        ///< the input file is wrong; nothing was sent
  credentials,  ///< secret, token or permission
  storage,      ///< the ledger could not be read or written
  busy,         ///< another process is carrying out a run on this ledger
  output,       ///< a results file or stdout could not be written
  network,      ///< connecting, TLS or HTTP
  protocol,     ///< an answer that does not follow the protocol
  interrupted,  ///< a stop was requested
  resources,    ///< a limit of this process or machine was reached, such as open files
};

/// An error as a value. `message` names the file, line, column, row or key, the reason, and what to do. It never holds a secret, and no
/// control characters from outside.
struct error {
  errc code = errc::internal;
  std::string message;
  std::optional<std::chrono::seconds> come_back{};  ///< how long to wait before another attempt is of use, where that is known
};

/// The result of an operation that input, network, storage or configuration can make fail.
template <class T = void>
using result = std::expected<T, error>;

/// Makes the failure of a `result`: `return fail(errc::input, "…")`.
[[nodiscard]] inline std::unexpected<error> fail(errc code, std::string message) {
  return std::unexpected<error>(error{code, std::move(message)});
}

/// The process exit code for an error of this kind: see "Exit codes" in README.md.
[[nodiscard]] int exit_code(errc code) noexcept;

}  // namespace convoke

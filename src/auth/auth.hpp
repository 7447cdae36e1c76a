#pragma once

// Where bearer tokens come from: a ready one (CONVOKE_TOKEN), or the client-credentials grant with a secret.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <convoke/error.hpp>
#include <convoke/secret.hpp>

#include "net/net.hpp"

namespace convoke::auth {

// Reads a secret file: regular, ours or root's, not readable by others than the owner, no symlink, not empty; one trailing newline is
// trimmed. The message names the file, never its content. errc::credentials.
[[nodiscard]] result<secret> read_secret_file(const std::string& path);

// What keeps a text from being a client secret, as `holds …`: empty, longer than 64 KiB, more than one line, control characters. Blanks
// and other characters may be part of one. The secret is not shown.
[[nodiscard]] std::optional<std::string> flaw_of_secret(std::string_view text);

struct client_secret_source {
  net::endpoint authority;
  std::string tenant, client_id, graph_root;
  secret client_secret;
  std::chrono::nanoseconds attempt_timeout = std::chrono::seconds(20);
  std::chrono::nanoseconds max_cooldown = std::chrono::hours(24);  // a longer Retry-After is cut to this, and its message says so
};

// One per lane. Hands out numbered tokens; one request is in flight at most; refreshes early by itself; a failed early refresh keeps
// the old token. Single-threaded.
class token_source {
 public:
  [[nodiscard]] static std::unique_ptr<token_source> from_secret(boost::asio::any_io_executor, net::tls_context&, client_secret_source);
  // A ready token: used as it is; a flaw of it (token::flaw_of_token), and a rejection, is fatal.
  [[nodiscard]] static std::unique_ptr<token_source> ready(secret token);
  virtual ~token_source() = default;

  // Both may be called from within start() and rejected(), and may call stop(), after which neither is called. `failed` is said only while
  // no token is usable; unless fatal, asking goes on, at `again`.
  struct events {
    std::function<void(std::uint32_t number)> ready;  // also after every silent refresh
    std::function<void(const error& why, bool fatal, std::optional<mono_time> again)> failed;
  };
  virtual void start(events e) = 0;                         // begins asking
  virtual void rejected(std::uint32_t number) = 0;          // 401: get one that is newer than this (0: any)
  [[nodiscard]] virtual const secret* current() const = 0;  // null while none is usable; good until control returns to the io_context
  [[nodiscard]] virtual std::uint32_t current_number() const = 0;
  virtual void stop() = 0;  // cancels what is under way
};

}  // namespace convoke::auth

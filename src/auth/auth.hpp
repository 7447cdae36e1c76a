#pragma once

// Where the bearer tokens of a lane come from: a ready one (CONVOKE_TOKEN), or a credential (auth/credentials.hpp) that is asked again
// before a token runs out.

#include <chrono>
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

// Reads a secret file. It must be a regular file, not a symbolic link, that belongs to this user or to root and that only its owner can
// read; it holds one line of at most 64 KiB. One line end behind it is left out. A file in $CREDENTIALS_DIRECTORY may be readable by its
// group, as systemd makes it so. errc::credentials, with the name of the file and never its content.
[[nodiscard]] result<secret> read_secret_file(const std::string& path);

// Reads a file of one line that must be as private, such as a passphrase: one line end behind it is left out and nothing else, since blanks
// and quotation marks can be a part of it. It may be empty. `what`: `passphrase file`, for the message. errc::credentials.
[[nodiscard]] result<secret> read_line_file(const std::string& path, std::string_view what);

// Why `text` is not a client secret, as a predicate such as `is empty`: it is empty, is longer than 64 KiB, has more than one line or has
// control characters. Blanks and all other characters may be part of a secret. The text is not shown. nullopt where it may be one.
[[nodiscard]] std::optional<std::string> flaw_of_secret(std::string_view text);

class credential;

struct renewal_terms {
  std::chrono::nanoseconds attempt_timeout = std::chrono::seconds(20);
  std::chrono::nanoseconds max_cooldown = std::chrono::hours(24);  // a longer Retry-After is cut to this, which the message reports
};

// A token that may be sent, and its number.
struct usable_token {
  const secret* text = nullptr;  // valid until control returns to the io_context
  std::uint32_t number = 0;
};

// The tokens of one lane, numbered from 1. At most one request is in flight. A token is renewed before it runs out; where that fails the
// present one stays in use until its end. All calls and all events are on the thread of the executor.
class token_source {
 public:
  // Requests tokens with this credential. `tls` must outlive the io_context's work; the source may be destroyed at any time, also while a
  // request is in flight.
  [[nodiscard]] static std::unique_ptr<token_source> renewing(const boost::asio::any_io_executor& executor, net::tls_context& tls,
                                                              std::unique_ptr<credential> from, const renewal_terms& terms);
  // A token that the user provides. It is used as it is: a flaw of it (token::flaw_of_token) and a rejection are fatal.
  [[nodiscard]] static std::unique_ptr<token_source> ready(secret token);
  virtual ~token_source() = default;

  // Both may be called from within start() and rejected(). Both may call stop(), after which neither is called again.
  struct events {
    // A token is usable: current(). Also called after every renewal.
    std::function<void(std::uint32_t number)> ready;
    // No token is usable. Unless `fatal`, the next request is made at `again`.
    std::function<void(const error& why, bool fatal, std::optional<mono_time> again)> failed;
  };
  // Begins with the requests; call it once.
  virtual void start(events e) = 0;
  // The service answered 401 to the token of this number (0: there was none): an event follows, `ready` with a newer token or `failed`.
  virtual void rejected(std::uint32_t number) = 0;
  // Absent while no token is usable. It depends on the clock: two readings may differ although nothing happened between them, so whoever
  // checks that there is a token uses the one that was checked.
  [[nodiscard]] virtual std::optional<usable_token> current() const = 0;
  // Ends the request that is in flight. No event follows.
  virtual void stop() = 0;
};

}  // namespace convoke::auth

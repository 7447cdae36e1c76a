#pragma once

// In which order a lane logs in at a proxy. Directories lock accounts after a few wrong passwords, so one login is tried before there is
// another: that of the request for a token, then that of one connection.

#include <utility>

namespace convoke::run {

class first_login {
 public:
  // `needed`: connections log in at a proxy. Otherwise nothing waits.
  explicit first_login(bool needed) noexcept : proven_(!needed) {}

  [[nodiscard]] bool proven() const noexcept { return proven_; }
  // Whether a connection may be made while another one is being made, or none is.
  [[nodiscard]] bool may_connect(bool another_connects) const noexcept { return proven_ || (token_ended_ && !another_connects); }
  // The first request for a token has ended, whichever way. True: connections waited for it.
  bool token_ended() noexcept { return !std::exchange(token_ended_, true) && !proven_; }
  // A connection was made. True: it is the first one, for which the others waited.
  bool connected() noexcept { return !std::exchange(proven_, true); }

 private:
  bool token_ended_ = false;
  bool proven_;
};

}  // namespace convoke::run

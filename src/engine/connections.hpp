#pragma once

// The idle connections of a lane, and whether they are worth using again. Some servers and gateways close every connection at its second
// request: calls then meet one dead connection after the other. After a few of those each connection is used once, and from time to time
// one of them is tried again.

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "engine/types.hpp"

namespace convoke::engine {

class connections {
 public:
  static constexpr unsigned dead_in_a_row = 3;  // calls on used connections that met a dead one, with no answer on a used one between
  static constexpr std::chrono::seconds first_rest{60}, longest_rest{600};  // until one is used a second time again

  // It is open and idle. `reused`: it has carried an answer.
  void ready(connection_id c, bool reused);
  // It closed while it was idle.
  void lost(connection_id c) noexcept;
  // Those from `count` on do not come back, from now on.
  void limit(unsigned count) noexcept;

  [[nodiscard]] bool empty() const noexcept { return used_.empty() && unused_.empty(); }
  [[nodiscard]] bool unused() const noexcept { return !unused_.empty(); }
  struct taken {
    connection_id id;
    bool reused;
  };
  // For a call: the latest that was used, so that warm connections stay in use and cold ones show that they are not needed; else one that
  // was not. Not where empty(); with `unused_only` not without unused().
  [[nodiscard]] taken take(bool unused_only) noexcept;
  // So many rows wait for an unused connection. The used one to be closed to get another, where fewer than that are on their way.
  [[nodiscard]] std::optional<connection_id> free_connection(std::size_t waiting);

  // ---- how a call on it ended
  // An answer came. True: this connection is not used again.
  [[nodiscard]] bool answered(connection_id c, bool reused, mono_time now);
  // It was dead before the call. What is to be closed, because idle connections are no longer trusted.
  [[nodiscard]] std::vector<connection_id> dead(connection_id c, bool reused, mono_time now);
  // All idle ones: none of them can be taken any more.
  [[nodiscard]] std::vector<connection_id> take_all() noexcept;
  // It is closed or about to be: a new one comes in its place.
  void replaced(connection_id c);

 private:
  void forget(connection_id c) noexcept;

  std::vector<connection_id> used_, unused_;  // the latest on top
  connection_id limit_ = ~connection_id{0};
  std::vector<connection_id> coming_;  // closed, to come back as new ones
  unsigned dead_ = 0;
  std::optional<mono_time> once_until_;  // connections are used once; from this time on one may be tried
  std::chrono::seconds rest_ = first_rest;
  std::optional<connection_id> tried_;
};

}  // namespace convoke::engine

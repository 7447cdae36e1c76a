#pragma once

// The idle connections of a lane, and whether they are used again. Some servers and gateways close every connection at its second request,
// so that each call on a used connection fails. After a few such calls every connection is used only once. From time to time one of them is
// used a second time, to find out whether the server keeps connections open again.

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "engine/types.hpp"

namespace convoke::engine {

class connections {
 public:
  static constexpr unsigned dead_in_a_row = 3;  // calls that found their used connection dead, with no answer on a used one in between
  static constexpr std::chrono::seconds first_rest{60}, longest_rest{600};  // until a connection is used a second time again

  // The connection is open and idle. `reused`: it has carried an answer.
  void ready(connection_id c, bool reused);
  // The connection closed while it was idle.
  void lost(connection_id c) noexcept;
  // From now on the connections numbered `count` and above are not opened again.
  void limit(unsigned count) noexcept;

  [[nodiscard]] bool empty() const noexcept { return used_.empty() && unused_.empty(); }
  [[nodiscard]] bool unused() const noexcept { return !unused_.empty(); }
  struct taken {
    connection_id id;
    bool reused;
  };
  // Takes a connection for a call: the one that was used last, so that those which are not needed stay idle, else one that was not used
  // before. Precondition: not empty(), and with `unused_only` also unused().
  [[nodiscard]] taken take(bool unused_only) noexcept;
  // `waiting` rows need a connection that was never used. Returns the used one to close in order to get a new one, where fewer new ones
  // than that are expected.
  [[nodiscard]] std::optional<connection_id> close_one_for(std::size_t waiting);

  // ---- how a call on it ended
  // An answer came. Returns true where this connection is not to be used again.
  [[nodiscard]] bool answered(connection_id c, bool reused, mono_time now);
  // The connection was dead before the call. Returns those to close because idle connections are not used again for now.
  [[nodiscard]] std::vector<connection_id> dead(connection_id c, bool reused, mono_time now);
  // Takes all idle connections.
  [[nodiscard]] std::vector<connection_id> take_all() noexcept;
  // The connection is closed or will be: a new one comes in its place.
  void replaced(connection_id c);

 private:
  void forget(connection_id c) noexcept;

  std::vector<connection_id> used_, unused_;  // the latest at the end
  connection_id limit_ = ~connection_id{0};
  std::vector<connection_id> coming_;  // closed, and expected as new ones
  unsigned dead_ = 0;
  std::optional<mono_time> once_until_;  // set while connections are used once; from this time on one may be used a second time
  std::chrono::seconds rest_ = first_rest;
  std::optional<connection_id> tried_;
};

}  // namespace convoke::engine

#pragma once

// Which connections of a lane connect, stay idle, rest and are replaced. Pure: no socket and no clock, time is an argument. The session
// asks it before each step of a connection and reports each change; it never acts by itself. The seeded simulation uses the same class.
//
// The life of one connection:
//
//     waiting ──ask_to_connect──▶ connecting ──ready──▶ idle ──granted──▶ busy ──ready──▶ idle
//        ▲                            │                  │                 │
//        ├──────connect_failed────────┘                  │                 │
//        ├───────────closed (not usable, or to be replaced)──────────────────┘
//        └── granted (to another) ── resting ◀── check_idle
//
// Every number that is passed must be below size().

#include <chrono>
#include <optional>
#include <vector>

#include <convoke/time.hpp>

#include "engine/types.hpp"
#include "run/first_login.hpp"

namespace convoke::run {

class connection_pool {
 public:
  // An idle connection is checked this often; after this time without a call it is checked before it carries one.
  static constexpr std::chrono::seconds check_interval{1};
  // Idle connections of this age are closed: net::connection refuses them at 30 s, and by then a call may have been granted to one.
  static constexpr std::chrono::seconds idle_limit{25};
  // So many idle connections are kept open while there is little to do. More would only be closed and opened again, for as long as a
  // cooldown lasts.
  static constexpr unsigned kept_idle = 2;

  // Connections 0 to `size` - 1, all of them waiting to connect. `one_first`: they log in at a proxy,
  // in the order of first_login.
  explicit connection_pool(unsigned size, bool one_first = false) : connections_(size), limit_(size), login_(one_first) {}

  [[nodiscard]] unsigned size() const noexcept { return static_cast<unsigned>(connections_.size()); }

  // Connections from `count` on are closed when they are idle, and do not connect again while the limit holds.
  void limit(unsigned count) noexcept { limit_ = count; }
  // While `on`, no connection connects and idle ones are closed at their next check.
  void suspend(bool on) noexcept { suspended_ = on; }

  // As first_login::token_ended.
  bool token_ended() noexcept { return login_.token_ended(); }

  // ---- a connection that is not connected

  struct turn {
    bool connect;           // true: connect now; report ready() or connect_failed()
    mono_time ask_again{};  // otherwise: ask at this time, or when something woke the connection
  };
  // `allowed_at`: when the engine allows the next attempt of the lane. A resting connection connects where fewer than `kept_idle` are idle
  // or on their way.
  [[nodiscard]] turn ask_to_connect(engine::connection_id c, mono_time allowed_at, mono_time now);
  void connect_failed(engine::connection_id c) noexcept { move(c, state::waiting); }

  // ---- a connection that is connected

  // It is connected, or its call is over and keep_after_call() was true: it is idle from `now` on; where `carried` is false its call was
  // not sent, and it is idle from when it was before. True: it is the first one, for which the others waited.
  bool ready(engine::connection_id c, mono_time now, bool carried = true);
  // When its next check is due.
  [[nodiscard]] mono_time next_check(mono_time now) const noexcept { return now + check_interval; }
  enum class check_result : std::uint8_t {
    keep,
    replace,  // close it: the engine requested that, and it connects again as soon as it may
    rest,     // close it and report connection_lost to the engine: it connects again when it is needed
  };
  // The check of an idle connection, when it is due or replace() was called. `usable`: the socket is open and nothing was received.
  [[nodiscard]] check_result check_idle(engine::connection_id c, bool usable, mono_time now);
  // A call is granted to this idle connection. Returns the resting connection that is to connect now, so that the next call finds one.
  [[nodiscard]] std::optional<engine::connection_id> granted(engine::connection_id c);
  // Whether a busy connection was idle for so long before its grant that its socket must be checked before the call is written.
  [[nodiscard]] bool check_before_call(engine::connection_id c, mono_time now) const noexcept {
    return now - connections_[c].idle_since > check_interval;
  }
  // Whether a connection may carry another call. False: close it and report closed().
  [[nodiscard]] bool keep_after_call(engine::connection_id c, bool usable) const noexcept {
    return usable && !connections_[c].replace && c < limit_;
  }
  // The engine wants another connection in place of this one: it is closed when it is idle, or after its call.
  void replace(engine::connection_id c) noexcept { connections_[c].replace = true; }
  // It was closed after its call: it connects again as soon as it may.
  void closed(engine::connection_id c) noexcept { move(c, state::waiting); }

 private:
  enum class state : std::uint8_t { waiting, resting, connecting, idle, busy };
  struct connection {
    state is = state::waiting;
    bool replace = false;
    mono_time idle_since{};
  };
  void move(engine::connection_id c, state to) noexcept;

  std::vector<connection> connections_;
  unsigned limit_;
  bool suspended_ = false;
  first_login login_;
  unsigned idle_ = 0, connecting_ = 0, resting_ = 0;  // how many are in that state
};

}  // namespace convoke::run

#pragma once

// A request as the server read it, and the answer to it: the interface between the sockets and the service.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/service/behaviour.hpp"
#include "sim/service/meetings.hpp"

namespace convoke::sim {

// Views into the connection's buffer.
struct request {
  std::string_view method, target;
  std::string_view authorization, content_type, client_request_id, prefer;
  std::string_view metadata, identity_header;  // Metadata and X-IDENTITY-HEADER
  std::string_view body;
  bool to_machine = false;  // it came to the address of the machine's managed identity
  mono_time arrived{};      // not later than the true arrival; decides what is early
};

// How the answer leaves.
enum class delivery : std::uint8_t {
  whole,
  lost,         // close without a byte
  reset,        // RST without a byte
  cut_length,   // half the body under the full Content-Length, then close
  cut_chunked,  // chunked, half the body, then close
  cut_close,    // no length at all, half the body, then close
};

class cooldown;

// What an item of a batch leaves behind until the answer of its envelope has left.
struct reply_part {
  meeting_store::entry* key = nullptr;
  cooldown* announces = nullptr;
  std::chrono::nanoseconds announced{0};
};

// Reused from call to call: strings keep their room.
struct reply {
  int status = 200;
  std::string headers;  // complete lines; length, Connection and transfer coding are the server's
  std::string body;
  delivery how = delivery::whole;
  bool close = false;
  std::chrono::nanoseconds delay{0};
  meeting_store::entry* key = nullptr;  // in flight until service::finish
  std::optional<scope_kind> throttled;  // this is a throttled answer, and what it throttles (app, lane or organizer)
  cooldown* announces = nullptr;        // begins at service::announce
  std::chrono::nanoseconds announced{0};
  std::vector<reply_part> parts;  // of the items of a batch

  [[nodiscard]] bool announces_something() const noexcept {
    return announces != nullptr || std::ranges::any_of(parts, [](const reply_part& one) { return one.announces != nullptr; });
  }
  void clear() {
    status = 200;
    headers.clear();
    body.clear();
    how = delivery::whole;
    close = false;
    delay = std::chrono::nanoseconds(0);
    key = nullptr;
    throttled.reset();
    announces = nullptr;
    announced = std::chrono::nanoseconds(0);
    parts.clear();
  }
};

}  // namespace convoke::sim

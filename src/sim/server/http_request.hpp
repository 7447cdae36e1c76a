#pragma once

// Reads HTTP/1.1 requests out of a buffer. Pure, strict, bounded: ambiguous requests are refused, because two parsers that
// disagree make request smuggling possible.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace convoke::sim {

struct request_limits {
  std::size_t head = 32 * 1024;
  std::size_t target = 8 * 1024;
  std::size_t body = 1024 * 1024;
};

// Views into the buffer that was parsed (and into `decoded`, where the body came in chunks).
struct http_request {
  std::string_view method, target, host;
  std::string_view authorization, content_type, client_request_id, prefer, metadata, identity_header;
  std::string_view body;
  std::string decoded;
  bool keep_alive = true;
};

enum class parse_state : std::uint8_t {
  incomplete,        // more bytes are needed
  expects_continue,  // the same, and the client waits for a 100 first
  complete,
  refused,  // `status` says why; the connection must close
};

struct parse_result {
  parse_state state = parse_state::incomplete;
  int status = 0;
  std::size_t used = 0;  // complete: how many bytes the request took
};

// Reads the bytes received so far, from the start of a request.
[[nodiscard]] parse_result parse_request(std::string_view bytes, const request_limits& limits, http_request& into);

}  // namespace convoke::sim

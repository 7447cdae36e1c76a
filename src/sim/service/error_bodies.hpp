#pragma once

// Errors of Graph by name, as they were seen: for scripts that want one of them. {"key": "class-7", "error": "policy_general"}.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sim/service/answer.hpp"

namespace convoke::sim {

// How a body is built.
enum class error_form : std::uint8_t {
  graph,       // {"error":{"code","message","innerError":{date, ids}}}
  lower_case,  // OData's `innererror`
  nested,      // code and message are empty; those of an inner error in the inner error are not
  details,     // code and message are empty; details[] has them
  no_inner,    // without innerError
  hostile,     // the message ends with control characters, a line end and marks of direction
  html,        // a gateway's page
  empty,       // no body
};

struct error_body {
  std::string_view name;
  int status;
  std::string_view code, message;
  error_form form = error_form::graph;
};

// All of them, and the one with this name; null: there is none.
[[nodiscard]] std::span<const error_body> error_bodies() noexcept;
[[nodiscard]] const error_body* find_error_body(std::string_view name) noexcept;

// The body, and the header of its type; both empty for error_form::empty.
void append_body(std::string& out, const error_body& what, const call_ids& ids, utc_time now);
[[nodiscard]] std::string_view type_header(const error_body& what) noexcept;

}  // namespace convoke::sim

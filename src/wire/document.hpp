#pragma once

#include <simdjson.h>

#include <cstddef>
#include <new>
#include <string_view>

#include "wire/wire.hpp"

namespace convoke::wire {

// The DOM, not on-demand parsing: it validates every byte, also of what we skip, so that a cut or patched body is never believed.
struct parser::impl {
  // The root of `body`; valid until the next call.
  simdjson::simdjson_result<simdjson::dom::element> read(std::string_view body) {
    if (body.empty()) return simdjson::EMPTY;
    return document.parse(body.data(), body.size());  // copies into its own padded buffer, which it keeps
  }

  impl() {
    // simdjson refuses when it reaches this depth, so 32 levels are allowed (an empty innermost array or object is not counted).
    constexpr std::size_t usual_size = std::size_t{16} * 1024, depth = 33;
    if (document.allocate(usual_size, depth) != simdjson::SUCCESS) throw std::bad_alloc();
  }

  simdjson::dom::parser document;
};

}  // namespace convoke::wire

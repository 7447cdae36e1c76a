#pragma once

#include <simdjson.h>

#include <cstddef>
#include <new>
#include <string_view>

#include "wire/wire.hpp"

namespace convoke::wire {

// The DOM, not on-demand parsing: it validates every byte, also of skipped members, so that a cut or changed body is never believed.
struct parser::impl {
  // Parses `body`. The root is valid until the next call.
  simdjson::simdjson_result<simdjson::dom::element> read(std::string_view body) {
    if (body.empty()) return simdjson::EMPTY;
    if (document.capacity() == 0) allocate();
    return document.parse(body.data(), body.size());  // copies into its own padded buffer, which it keeps
  }

  // Lives while a body is read. simdjson allocates some fifteen times the size of a body; for a very large one that is freed afterwards.
  class lease {
   public:
    lease(impl& of, std::size_t body) noexcept : of_(of), large_(body > largest_kept) {}
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    ~lease() {
      if (large_) of_.document = simdjson::dom::parser();
    }

   private:
    impl& of_;
    bool large_;
  };

  impl() { allocate(); }

  static constexpr std::size_t usual_size = std::size_t{16} * 1024, largest_kept = std::size_t{64} * 1024;
  // simdjson refuses when it reaches this depth, so 32 levels are allowed (an empty innermost array or object is not counted).
  static constexpr std::size_t depth = 33;

  void allocate() {
    if (document.allocate(usual_size, depth) != simdjson::SUCCESS) throw std::bad_alloc();
  }

  simdjson::dom::parser document;
};

}  // namespace convoke::wire

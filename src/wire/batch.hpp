#pragma once

// The answer of `$batch`: which item was answered with what. Pure. What an item means is for the code that reads single answers: the
// body is JSON for `parser`, the header values are as sent.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::wire {

inline constexpr std::size_t most_batch_items = 20;  // of one request: Graph's rule

struct batch_limits {
  std::size_t answer = std::size_t{4} * 1024 * 1024;
  std::size_t items = 3 * most_batch_items;  // in the answer: repeated and foreign ones are tolerated, but not without end
  std::size_t body = std::size_t{256} * 1024;
  std::size_t header_value = 1024;
  std::size_t header_lines = 100;
};

// Views are good until the reader reads again.
struct batch_item {
  int status = 0;         // 0: no item with this id came that can be read; whether the call was carried out is not known
  std::string_view body;  // JSON as sent; of a string its content, taken out of base64; empty: none, or larger than the limit
  // Header lines, names in any letter case. Empty: not there. A value over the limit counts as empty.
  std::string_view date, request_id, client_request_id, throttle_scope;
  bool repeated = false;                      // further items came with this id
  std::vector<std::string_view> retry_after;  // every value, as with the lines of a single answer
};

struct batch_answer {
  std::vector<batch_item> items;  // one for each id that was asked for, in that order
  std::size_t missing = 0;        // of these, with status 0
  std::size_t foreign = 0;        // items with an id that nobody asked for
  std::size_t repeated = 0;       // items after the first with the same id: the first counts
  std::size_t unreadable = 0;     // items without an id or a status, or with two of what must be one
};

// Reuses its buffers: one per thread.
class batch_reader {
 public:
  explicit batch_reader(const batch_limits& limits = {});
  ~batch_reader();
  batch_reader(const batch_reader&) = delete;
  batch_reader& operator=(const batch_reader&) = delete;
  // `body`: of an envelope that was answered with 200. `ids`: those of the request, without regard to letter case, all different and at
  // most 20, or std::invalid_argument is thrown. Items may come in any order. errc::protocol where the answer is no
  // `{"responses":[…]}` or is over a limit: then nothing is known of any item, and `into` shows all of them as missing.
  [[nodiscard]] result<> read(std::string_view body, std::span<const std::string_view> ids, batch_answer& into);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::wire

#pragma once

// The answer of `$batch`: the item for each id. Pure. What an item means is read as a single answer is: its body by `parser`, its header
// values as they were sent.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::wire {

inline constexpr std::size_t most_batch_items = 20;  // of one request: Graph documents this limit

struct batch_limits {
  std::size_t answer = std::size_t{4} * 1024 * 1024;
  std::size_t items = 3 * most_batch_items;     // of the answer: some repeated and foreign ones are tolerated
  std::size_t body = std::size_t{1024} * 1024;  // of one item: as much as of a single answer
  std::size_t header_value = 1024;
  std::size_t header_lines = 100;
};

// The views are valid until the reader reads again.
struct batch_item {
  int status = 0;         // 0: no readable item with this id came, so it is not known whether the call was carried out
  std::string_view body;  // JSON as sent; of a string its content, decoded where it is base64; empty: none, or larger than the limit
  // Header values; names are compared without regard to case. Empty where there is none, or where it is longer than the limit.
  std::string_view date, request_id, client_request_id, throttle_scope;
  bool repeated = false;                      // further items with this id came
  std::vector<std::string_view> retry_after;  // every value, as every line of a single answer
};

struct batch_answer {
  std::vector<batch_item> items;  // one for each id of the request, in that order
  std::size_t missing = 0;        // of these, the ones with status 0
  std::size_t foreign = 0;        // items with an id that the request does not have
  std::size_t repeated = 0;       // items after the first with the same id: the first counts
  std::size_t unreadable = 0;     // items without an id or a status, or with two of a member that may occur once
};

// Reuses its buffers. Not thread-safe.
class batch_reader {
 public:
  explicit batch_reader(const batch_limits& limits = {});
  ~batch_reader();
  batch_reader(const batch_reader&) = delete;
  batch_reader& operator=(const batch_reader&) = delete;
  // `body`: of an envelope with status 200. `ids`: those of the request, at most 20 and all different without regard to case, or
  // std::invalid_argument is thrown. Items may come in any order. errc::protocol where the answer is not `{"responses":[…]}` or exceeds a
  // limit; then nothing is known of any item, and `into` has all of them as missing.
  [[nodiscard]] result<> read(std::string_view body, std::span<const std::string_view> ids, batch_answer& into);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::wire

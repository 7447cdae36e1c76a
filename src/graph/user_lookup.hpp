#pragma once

// A look-up of users in one `$batch`: the request, and what its answer means in the terms of the engine. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/lookups.hpp"
#include "graph/plain.hpp"
#include "wire/batch.hpp"
#include "wire/wire.hpp"

namespace convoke::graph {

class user_lookup {
 public:
  // The body of the request that looks up these users, at most 20. It is valid until the next call. `number` differs from envelope to
  // envelope of a process: the items have it in their ids, which binds an answer to its request.
  [[nodiscard]] std::string_view request(std::span<const std::string_view> upns, std::uint64_t number);
  // What the answer to that request means. A user is found where its item is 200 with an object id, and unknown where it is 404. An item
  // that is missing, occurs twice or cannot be read is a fault. Texts are fit to be shown.
  [[nodiscard]] engine::lookup_answer understand(const plain_answer& from);

 private:
  [[nodiscard]] engine::lookup_item understand(const wire::batch_item& item, const plain_answer& envelope);
  [[nodiscard]] engine::lookup_item refusal(int status, std::string_view body, bool of_item);

  std::vector<std::string> ids_;
  std::string body_;
  wire::batch_reader reader_;
  wire::batch_answer answer_;
  wire::parser parser_;
};

}  // namespace convoke::graph

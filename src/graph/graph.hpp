#pragma once

// One createOrGet attempt on one connection: request out, answer back, as the engine wants it. No policy.

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include <convoke/operation.hpp>
#include <convoke/secret.hpp>
#include <convoke/spec.hpp>

#include "engine/types.hpp"
#include "net/net.hpp"

namespace convoke::graph {

// One operation on one meeting.
struct request {
  operation op = operation::create_or_get;
  const meeting_spec& wanted;
  std::string_view meeting_id{};           // of every operation but createOrGet
  std::span<const std::string> changed{};  // update: the fields to send, by the names that engine::answer::drift has; empty: all of them
};

// Builds requests and reads answers for one lane. Reuses buffers: one `caller` per connection.
class caller {
 public:
  caller(const net::endpoint& root, std::uint64_t seed);
  ~caller();
  caller(caller&&) noexcept;
  caller& operator=(caller&&) noexcept;
  // Serialises the request with a fresh client-request-id and sends it: nothing is awaited before the write. `token` and what the request
  // refers to are not looked at after that, but `what.wanted`, which must live until the answer is there. Understands the answer
  // (graph/understanding.hpp). No text of the answer quotes the token that was sent; a success whose meeting quotes it is not believed.
  boost::asio::awaitable<engine::answer> call(net::connection& on, const request& what, const secret& token, std::uint32_t token_number,
                                              std::chrono::nanoseconds limit);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

// The transport's failure in the engine's words.
[[nodiscard]] engine::attempt_error translate(net::failure f) noexcept;

// Roots of the clouds that Microsoft publishes: `global`, `usgov`, `dod`, `china`, …
struct cloud {
  std::string_view name, graph_root, authority;
};
[[nodiscard]] const cloud* find_cloud(std::string_view name) noexcept;
[[nodiscard]] std::span<const cloud> all_clouds() noexcept;

}  // namespace convoke::graph

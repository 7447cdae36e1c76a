#pragma once

// One attempt at one operation on one connection: a request out, an answer in, in the terms of the engine. No policy.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include <convoke/secret.hpp>

#include "engine/types.hpp"
#include "graph/plain.hpp"
#include "graph/request.hpp"
#include "net/net.hpp"

namespace convoke::graph {

// Builds requests and reads answers for one lane. Reuses buffers: one `caller` per connection.
class caller {
 public:
  // `me`: the object id of the user whose tokens are sent, who is addressed as `/me` and is the only organizer; empty: tokens of an app.
  caller(const net::endpoint& root, std::uint64_t seed, std::string me = {});
  ~caller();
  caller(caller&&) noexcept;
  caller& operator=(caller&&) noexcept;
  // Serialises the request with a new client-request-id and sends it; nothing is awaited before the write. `token` may go once the call has
  // been initiated. `what.wanted`, `what.meeting_id` and `what.kept` must live until the answer is there; `what.changed` is not looked at
  // after the write. Understands the answer (graph/understanding.hpp). No text of the answer quotes the token that was sent, and a success
  // whose meeting quotes it is not believed. Where the token or the meeting id cannot be part of a request, nothing is sent: answer::sent
  // is false, and the message says why. Cancellation closes the connection.
  boost::asio::awaitable<engine::answer> call(net::connection& on, const request& what, const secret& token, std::uint32_t token_number,
                                              std::chrono::nanoseconds limit);
  // The same for several calls in one `$batch`. What has been said of call() holds for each of them; a call that cannot be sent has its
  // answer and is left out of the request. `rows` of the answer's items are not set; the items are in the order of `calls`.
  boost::asio::awaitable<engine::batch_answer> batch(net::connection& on, std::span<const request> calls, const secret& token,
                                                     std::uint32_t token_number, std::chrono::nanoseconds limit);
  // Sends a request that is no operation on a meeting. An answer that names another client-request-id is foreign, and nothing of it is
  // reported. No text of the answer but its body quotes the token that was sent; a body that does is not reported. What has been said of
  // call() about tokens, requests that cannot be sent and cancellation holds here too.
  boost::asio::awaitable<plain_answer> plain(net::connection& on, plain_request what, const secret& token, std::uint32_t token_number,
                                             std::chrono::nanoseconds limit);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

// The failure of the transport in the terms of the engine.
[[nodiscard]] engine::attempt_error translate(net::failure f) noexcept;

// Roots of the clouds that Microsoft publishes: `global`, `usgov`, `dod`, `china`, …
struct cloud {
  std::string_view name, graph_root, authority;
  std::string_view exchange_audience;  // for whom a managed identity's token is made that takes the place of an app's credential
  std::string_view no_create_or_get;   // why createOrGet does not exist there; empty: it does
};
// By its name, without regard to case.
[[nodiscard]] const cloud* find_cloud(std::string_view name) noexcept;
[[nodiscard]] std::span<const cloud> all_clouds() noexcept;

// The cloud that somebody probably means who writes this: another name for one, such as `gcc-high`, or a misspelling; null where there is
// none.
[[nodiscard]] const cloud* cloud_meant_by(std::string_view word);

// Why no cloud has both hosts, that of Graph and that of the authority; nullopt where one has, or where one of the two is of no cloud that
// is known.
[[nodiscard]] std::optional<std::string> conflict_of_clouds(std::string_view graph_host, std::string_view authority_host);

}  // namespace convoke::graph

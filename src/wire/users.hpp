#pragma once

// The request that looks up users by their UPNs: `GET /users/{upn}?$select=id`, several of them in one `$batch`. The answer is read by
// batch_reader, and the body of each item by parser::parse_user. Pure.

#include <span>
#include <string>
#include <string_view>

namespace convoke::wire {

inline constexpr std::string_view batch_path = "/v1.0/$batch";

struct user_query {
  std::string_view id;   // of the item: letters, digits and `-`
  std::string_view upn;  // visible ASCII
};

// Appends the body of the request to `out`. At most most_batch_items queries with different ids, or std::invalid_argument is thrown.
void append_user_batch(std::string& out, std::span<const user_query> queries);

}  // namespace convoke::wire

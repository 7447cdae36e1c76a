#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string_view>

namespace convoke::token {

// `text` as a JSON object with at most 32 levels; nullopt where it is anything else.
inline std::optional<boost::json::object> parse_object(std::string_view text) {
  boost::json::parse_options limits;
  limits.max_depth = 32;
  boost::system::error_code failure;
  auto value = boost::json::parse({text.data(), text.size()}, failure, {}, limits);
  if (failure || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

// The text of a member; empty where it is missing or of another type. The view is valid as long as `from`.
inline std::string_view text_of(const boost::json::object& from, std::string_view name) {
  const auto* value = from.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

// The claims of a JWT, where they can be read. Nothing is verified.
[[nodiscard]] std::optional<boost::json::object> claims_of(std::string_view jwt);

}  // namespace convoke::token

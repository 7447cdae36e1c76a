#include "token/saved_sign_in.hpp"

#include <algorithm>
#include <utility>

#include <convoke/key.hpp>

#include "core/json_string.hpp"
#include "token/json.hpp"
#include "token/token.hpp"

namespace convoke::token {

namespace {

constexpr std::string_view kind = "convoke sign-in 1";

}  // namespace

secret write_saved(const saved_sign_in& what) {
  const std::pair<std::string_view, std::string_view> members[] = {
      {"kind", kind}, {"authority", what.authority}, {"tenant", what.tenant}, {"client_id", what.client_id}, {"user", what.user}};
  std::size_t most = 64 + 6 * what.refresh_token.reveal().size();
  for (const auto& [name, value] : members) most += name.size() + 6 * value.size() + 8;
  std::string out;
  out.reserve(most);
  out += '{';
  for (const auto& [name, value] : members) {
    core::append_json_string(out, name);
    out += ':';
    core::append_json_string(out, value);
    out += ',';
  }
  out += R"("refresh_token":)";
  core::append_json_string(out, what.refresh_token.reveal());
  out += "}\n";
  return secret(std::move(out));
}

std::optional<saved_sign_in> read_saved(std::string_view text) {
  const auto object = parse_object(text);
  if (!object || text_of(*object, "kind") != kind) return std::nullopt;
  saved_sign_in out{.authority = std::string(text_of(*object, "authority")),
                    .tenant = std::string(text_of(*object, "tenant")),
                    .client_id = std::string(text_of(*object, "client_id")),
                    .user = {},
                    .refresh_token = {}};
  auto user = parse_guid(text_of(*object, "user"));
  const auto token = text_of(*object, "refresh_token");
  const bool sound =
      !token.empty() && token.size() <= longest_token && std::ranges::all_of(token, [](char c) { return c >= 0x20 && c < 0x7F; });
  if (!user || !sound) return std::nullopt;
  out.user = *std::move(user);
  out.refresh_token = secret(std::string(token));
  return out;
}

}  // namespace convoke::token

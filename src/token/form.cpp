#include <cstddef>
#include <string>
#include <string_view>

#include "core/percent.hpp"
#include "token/token.hpp"

namespace convoke::token {

secret client_secret_form(std::string_view client_id, std::string_view graph_root, const secret& client_secret) {
  while (graph_root.ends_with('/')) graph_root.remove_suffix(1);
  std::string out;
  // Reserved at once: a string that grows leaves copies of the secret behind.
  constexpr std::size_t names = 128;
  out.reserve(names + 3 * (client_id.size() + graph_root.size() + client_secret.reveal().size()));
  out += "grant_type=client_credentials&client_id=";
  core::append_percent_encoded(out, client_id);
  out += "&scope=";
  core::append_percent_encoded(out, graph_root);
  out += "%2F.default&client_secret=";
  core::append_percent_encoded(out, client_secret.reveal());
  return secret(std::move(out));
}

}  // namespace convoke::token

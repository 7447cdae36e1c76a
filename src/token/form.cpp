#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/percent.hpp"
#include "token/forms.hpp"

namespace convoke::token {
namespace {

struct field {
  std::string_view name, value;
};

secret encode(std::initializer_list<field> fields) {
  std::size_t most = 0;
  for (const auto& one : fields) most += one.name.size() + 3 * one.value.size() + 2;
  std::string out;
  out.reserve(most);
  for (const auto& one : fields) {
    if (!out.empty()) out += '&';
    out.append(one.name).append("=");
    core::append_percent_encoded(out, one.value);
  }
  return secret(std::move(out));
}

std::string default_scope(std::string_view graph_root) {
  while (graph_root.ends_with('/')) graph_root.remove_suffix(1);
  return std::string(graph_root) + "/.default";
}

}  // namespace

secret client_secret_form(std::string_view client_id, std::string_view graph_root, const secret& client_secret) {
  return encode({{"grant_type", "client_credentials"},
                 {"client_id", client_id},
                 {"scope", default_scope(graph_root)},
                 {"client_secret", client_secret.reveal()}});
}

secret assertion_form(std::string_view client_id, std::string_view graph_root, const secret& assertion) {
  return encode({{"grant_type", "client_credentials"},
                 {"client_id", client_id},
                 {"scope", default_scope(graph_root)},
                 {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                 {"client_assertion", assertion.reveal()}});
}

}  // namespace convoke::token

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

std::string scope_of(std::string_view graph_root, std::string_view rest) {
  while (graph_root.ends_with('/')) graph_root.remove_suffix(1);
  return std::string(graph_root).append(rest);
}

std::string default_scope(std::string_view graph_root) {
  return scope_of(graph_root, "/.default");
}

std::string user_scope(std::string_view graph_root) {
  return scope_of(graph_root, "/OnlineMeetings.ReadWrite openid profile offline_access");
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

secret device_offer_form(std::string_view client_id, std::string_view graph_root) {
  return encode({{"client_id", client_id}, {"scope", user_scope(graph_root)}});
}

secret device_code_form(std::string_view client_id, const secret& device_code) {
  return encode(
      {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"}, {"client_id", client_id}, {"device_code", device_code.reveal()}});
}

secret refresh_form(std::string_view client_id, std::string_view graph_root, const secret& refresh_token) {
  return encode({{"grant_type", "refresh_token"},
                 {"client_id", client_id},
                 {"scope", user_scope(graph_root)},
                 {"refresh_token", refresh_token.reveal()}});
}

}  // namespace convoke::token

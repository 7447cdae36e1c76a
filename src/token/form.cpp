#include <cstddef>
#include <string>
#include <string_view>

#include "token/form.hpp"
#include "token/token.hpp"

namespace convoke::token {

namespace {

bool unreserved(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

void append_form_value(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto b = static_cast<unsigned char>(c);
    out += '%';
    out += digits[b >> 4U];
    out += digits[b & 0xFU];
  }
}

secret client_secret_form(std::string_view client_id, std::string_view graph_root, const secret& client_secret) {
  while (graph_root.ends_with('/')) graph_root.remove_suffix(1);
  std::string out;
  // All of it at once: a string that grows leaves copies of the secret behind.
  constexpr std::size_t names = 128;
  out.reserve(names + 3 * (client_id.size() + graph_root.size() + client_secret.reveal().size()));
  out += "grant_type=client_credentials&client_id=";
  append_form_value(out, client_id);
  out += "&scope=";
  append_form_value(out, graph_root);
  out += "%2F.default&client_secret=";
  append_form_value(out, client_secret.reveal());
  return secret(std::move(out));
}

}  // namespace convoke::token

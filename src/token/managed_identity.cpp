#include "token/managed_identity.hpp"

#include <algorithm>

#include "core/percent.hpp"
#include "token/json.hpp"
#include "token/refusal.hpp"

namespace convoke::token {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

std::string query(std::string_view version, std::string_view resource, const identity_choice& which, std::string_view resource_id_name) {
  std::string out = "?api-version=" + std::string(version) + "&resource=";
  while (resource.ends_with('/')) resource.remove_suffix(1);
  core::append_percent_encoded(out, resource);
  const auto add = [&out](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    out.append("&").append(name).append("=");
    core::append_percent_encoded(out, value);
  };
  add("client_id", which.client_id);
  add("object_id", which.object_id);
  add(resource_id_name, which.resource_id);
  return out;
}

bool transient(int status) noexcept {
  return status == 404 || status == 408 || status == 410 || status == 425 || status == 429 || status >= 500;
}

// IMDS writes `error` and `error_description`, App Service `message`.
std::string explain(const json::object& answer, std::string_view redacted) {
  constexpr std::size_t limit = 400;
  std::string out;
  for (const char* name : {"error", "error_description", "message"}) {
    if (const auto text = shown(text_of(answer, name), redacted, limit); !text.empty()) out += (out.empty() ? ": " : ", ") + text;
  }
  return out;
}

// The identity that the request named, and the parameter that named it.
std::string named(const identity_choice& asked) {
  constexpr std::size_t limit = 200;
  if (!asked.client_id.empty()) return "client_id " + shown(asked.client_id, {}, limit);
  if (!asked.object_id.empty()) return "object_id " + shown(asked.object_id, {}, limit);
  return asked.resource_id.empty() ? std::string() : "resource id " + shown(asked.resource_id, {}, limit);
}

std::string advice(int status, const json::object& answer, const identity_choice& asked) {
  const auto description = text_of(answer, "error_description");
  if (description.contains("Identity not found")) {
    if (const auto which = named(asked); !which.empty())
      return ". The request named the identity by " + which +
             " (--managed-identity, or --client-id where that is absent): assign this identity to the resource (Azure, Identity), name "
             "the right one with --managed-identity, or for the system-assigned one leave both out.";
    return ". Give this resource an identity (Azure, Identity), or name the right one with --managed-identity.";
  }
  // Not the identity is wrong, but what the token is for.
  if (text_of(answer, "error") == "invalid_resource" || description.contains("AADSTS500011"))
    return ". The requested resource is not known in the tenant of the identity: check --graph-url and --cloud.";
  if (text_of(answer, "error") == "bad_request_102") return ". A proxy has removed the header Metadata: reach the address without one.";
  return status == 400 ? ". Check --managed-identity, and that the identity is assigned to this resource." : "";
}

}  // namespace

std::string imds_query(std::string_view resource, const identity_choice& which) {
  return query("2018-02-01", resource, which, "msi_res_id");
}

std::string app_service_query(std::string_view resource, const identity_choice& which) {
  return query("2019-08-01", resource, which, "mi_res_id");
}

std::expected<grant, refusal> read_managed_answer(int status, std::string_view body, std::optional<std::chrono::nanoseconds> retry_after,
                                                  std::string_view redacted, const identity_choice& asked, const clocks& at) {
  if (status == 200) return read_answer(status, body, retry_after, redacted, at);
  refusal out{.fatal = status >= 300 && !transient(status), .retry_after = retry_after, .message = {}};
  out.message = "the managed identity endpoint answered HTTP " + std::to_string(status);
  if (const auto answer = parse_object(body)) {
    out.message += explain(*answer, redacted);
    out.message += advice(status, *answer, asked);
  } else {
    out.doubtful = out.fatal;
  }
  return std::unexpected(std::move(out));
}

seconds managed_wait(int status, unsigned failures) noexcept {
  if (status == 410) return seconds(10);
  if (failures >= managed_tries) return seconds(60);
  return seconds(1) * (1U << std::max(failures, 1U));
}

}  // namespace convoke::token

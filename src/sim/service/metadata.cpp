// Tokens of a managed identity: the metadata service of a virtual machine and the endpoint of App Service. They are written from Azure's
// documentation ("How to use managed identities on a VM", "How to use managed identities for App Service").

#include <algorithm>

#include <fmt/format.h>

#include "sim/service/text.hpp"
#include "sim/service/tokens.hpp"

namespace convoke::sim {
namespace {

constexpr std::string_view imds_path = "/metadata/identity/oauth2/token";
constexpr std::string_view app_service_path = "/msi/token";

std::string parameter(std::string_view target, std::string_view name) {
  const auto question = target.find('?');
  if (question == std::string_view::npos) return {};
  for (auto left = target.substr(question + 1); !left.empty();) {
    const auto end = std::min(left.find('&'), left.size());
    const auto field = left.substr(0, end);
    if (field.starts_with(name) && field.size() > name.size() && field[name.size()] == '=')
      return percent_decode(field.substr(name.size() + 1));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return {};
}

void answer(reply& into, int status, std::string body) {
  into.status = status;
  into.headers = "Content-Type: application/json; charset=utf-8\r\n";
  into.body = std::move(body);
}

void refuse_managed(reply& into, bool imds, std::string_view error, std::string_view text) {
  if (imds)
    answer(into, 400, fmt::format(R"({{"error":"{}","error_description":"{}"}})", error, text));
  else
    answer(into, 400, fmt::format(R"({{"statusCode":400,"message":"{}"}})", text));
}

}  // namespace

void token_endpoint::handle_metadata(const request& q, moment now, reply& into) {
  ++requests_;
  into.clear();
  const auto path = q.target.substr(0, q.target.find('?'));
  const bool imds = path == imds_path;
  if (!who_.managed || (!imds && path != app_service_path) || q.method != "GET") return answer(into, 404, "{}");
  if (fault(into)) return;
  if (imds && !same_ignoring_case(q.metadata, "true"))
    return refuse_managed(into, imds, "bad_request_102", "Required metadata header not specified");
  if (!imds && (who_.managed->header.empty() || q.identity_header != who_.managed->header.reveal()))
    return answer(into, 401, R"({"statusCode":401,"message":"The header X-IDENTITY-HEADER is missing or wrong."})");
  const auto version = parameter(q.target, "api-version");
  if (version != (imds ? "2018-02-01" : "2019-08-01"))
    return refuse_managed(into, imds, "bad_request_101", "Required parameter api-version is wrong");
  const auto wanted = [&](std::string_view name, const std::string& own) {
    const auto value = parameter(q.target, name);
    return value.empty() || same_ignoring_case(value, own);
  };
  if (!wanted("client_id", who_.managed->client_id) || !wanted("object_id", who_.managed->object_id))
    return refuse_managed(into, imds, "invalid_request", "Identity not found");
  issue_managed(parameter(q.target, "resource"), imds, now, into);
}

void token_endpoint::issue_managed(const std::string& resource, bool imds, moment now, reply& into) {
  const bool graph = std::ranges::find(who_.graph_roots, resource) != who_.graph_roots.end();
  if (!graph && resource != who_.managed->exchange_audience)
    return refuse_managed(into, imds, "invalid_resource", "AADSTS500011: The resource principal was not found in the tenant");
  auto token = make_token(resource, who_.managed->client_id, now);
  const auto life = static_cast<std::int64_t>(how_.lifetime_seconds);
  const auto end = std::chrono::floor<std::chrono::seconds>(now.wall).time_since_epoch().count() + life;
  const auto expires_in = imds ? fmt::format(R"("expires_in":"{}",)", life) : std::string();
  answer(into, 200,
         fmt::format(R"({{"access_token":"{}","client_id":"{}",{}"expires_on":"{}","resource":"{}","token_type":"Bearer"}})", token,
                     who_.managed->client_id, expires_in, end, resource));
  ++issued_;
  keep(std::move(token), !graph, who_.managed->client_id, now);
}

}  // namespace convoke::sim

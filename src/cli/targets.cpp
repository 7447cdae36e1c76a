#include "cli/targets.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "graph/graph.hpp"
#include "net/net.hpp"
#include "run/validate.hpp"

namespace convoke::cli {
namespace {

std::string cloud_names() {
  std::string out;
  for (const auto& one : graph::all_clouds()) out += (out.empty() ? "" : ", ") + std::string(one.name);
  return out;
}

// The URL in place of the cloud's; empty where there is none, and where the lane's own table names its cloud and the URL is for all lanes.
std::string url_of(const settings& from, std::string_view name) {
  const auto* cloud = from.find("cloud");
  const auto* url = from.find(name);
  if (url == nullptr || cloud == nullptr) return {};
  const bool of_table = cloud->kind == source_kind::table || cloud->kind == source_kind::only_table;
  return of_table && cloud->kind < url->kind ? std::string() : url->text;
}

// Where the URL comes from, for a message.
std::string source_of(const settings& from, std::string_view name) {
  const auto* cloud = from.find("cloud");
  if (!url_of(from, name).empty()) return from.find(name)->named();
  return cloud->kind == source_kind::fallback ? "the default cloud" : cloud->named();
}

// A URL that the settings give.
result<void> check_url(const setting& value, bool is_graph, bool allow_http) {
  const auto parsed = net::parse_endpoint(value.text, allow_http);
  if (!parsed) return fail(parsed.error().code, fmt::format("{}: {}", value.named(), parsed.error().message));
  const auto last = std::string_view(parsed->base_path).substr(parsed->base_path.rfind('/') + 1);
  if (!is_graph || (!core::equal_ignoring_case(last, "v1.0") && !core::equal_ignoring_case(last, "beta"))) return {};
  return fail(errc::usage, fmt::format("{}: the address '{}' ends with a version of Graph, which convoke adds itself: leave '/{}' out.",
                                       value.named(), core::escape_for_people(value.text), last));
}

// A token of one cloud is refused by Graph of another. Both URLs are valid.
result<void> check_clouds(const settings& from, const lane_options& lane) {
  const auto graph = net::parse_endpoint(lane.graph_url, lane.allow_http),
             authority = net::parse_endpoint(lane.authority_url, lane.allow_http);
  if (!graph || !authority) return {};
  const auto conflict = graph::conflict_of_clouds(graph->host, authority->host);
  if (!conflict) return {};
  return fail(errc::usage,
              fmt::format("The Graph root ({}) and the authority ({}) are of two clouds: {}. Set --cloud to that of the tenant, "
                          "and leave out the address of another one.",
                          source_of(from, "graph-url"), source_of(from, "authority-url"), *conflict));
}

// As the tenant, a GUID. The library takes other names too: test servers have them.
result<void> check_client_id(const settings& from) {
  const auto* id = from.find("client-id");
  if (id == nullptr || id->text.empty() || parse_guid(id->text)) return {};
  return fail(errc::usage, fmt::format("{}: '{}' is not an Entra application id (a GUID such as 00000000-0000-0000-0000-000000000000).",
                                       id->named(), core::escape_for_people(id->text)));
}

}  // namespace

result<void> read_target(const settings& from, lane_options& lane) {
  const auto name = from.text("cloud");
  const auto* cloud = graph::find_cloud(name);
  if (cloud == nullptr) {
    const auto* meant = graph::cloud_meant_by(name);
    return fail(
        errc::usage,
        fmt::format("--cloud '{}' is not known{} use one of {}; or give --graph-url and --authority-url.", core::escape_for_people(name),
                    meant == nullptr ? std::string(":") : fmt::format(". Did you mean '{}'? If not,", meant->name), cloud_names()));
  }
  const auto graph_url = url_of(from, "graph-url");
  if (graph_url.empty() && !cloud->no_create_or_get.empty())
    return fail(errc::usage, fmt::format("The cloud '{}' has no createOrGet: {}. With --graph-url it is called all the same.", cloud->name,
                                         cloud->no_create_or_get));
  const auto authority = url_of(from, "authority-url");
  lane.graph_url = graph_url.empty() ? std::string(cloud->graph_root) : graph_url;
  lane.authority_url = authority.empty() ? std::string(cloud->authority) : authority;
  lane.ca_file = from.text("ca-file");
  lane.allow_http = from.flag("allow-http");
  lane.client_id = from.text("client-id");
  for (const auto key : {"graph-url", "authority-url"}) {
    const auto* value = from.find(key);
    if (value == nullptr || url_of(from, key).empty()) continue;
    if (const auto valid = check_url(*value, std::string_view(key) == "graph-url", lane.allow_http); !valid) return valid;
  }
  if (const auto valid = check_clouds(from, lane); !valid) return valid;
  if (const auto valid = check_client_id(from); !valid) return valid;
  return run::check_target(lane);
}

}  // namespace convoke::cli

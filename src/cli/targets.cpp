#include "cli/targets.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

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

}  // namespace

result<void> read_target(const settings& from, lane_options& lane) {
  const auto name = from.text("cloud");
  const auto* cloud = graph::find_cloud(name);
  if (cloud == nullptr)
    return fail(errc::usage, fmt::format("--cloud '{}' is not known: use one of {}; or give --graph-url and --authority-url.",
                                         core::escape_for_people(name), cloud_names()));
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
    if (const auto parsed = net::parse_endpoint(value->text, lane.allow_http); !parsed)
      return fail(parsed.error().code, fmt::format("{}: {}", value->named(), parsed.error().message));
  }
  return run::check_target(lane);
}

}  // namespace convoke::cli

#pragma once

// Requests as convoke's client writes them, and answers as it reads them.

#include <span>
#include <string>
#include <string_view>

#include <convoke/spec.hpp>

#include "engine/types.hpp"
#include "graph/request.hpp"
#include "sim/service/service.hpp"
#include "wire/wire.hpp"

namespace convoke::simulation {

inline constexpr auto graph_root = "https://localhost:8443";

struct request_text {
  std::string body, path;
};
// `q` refers to `text`. The client's own formats: the simulated service reads them with code of its own.
void build_request(operation op, const meeting_spec& s, std::string_view meeting_id, std::span<const std::string> changed, mono_time now,
                   request_text& text, sim::request& q);

struct received_reply {
  const sim::reply& reply;
  std::string_view name;  // the client-request-id of the request
  bool cut = false;       // the body is cut
  bool unnamed = false;   // the answer does not say which request it is for
};
void understand_reply(const received_reply& got, const graph::request& asked, wire::parser& parser, engine::answer& a);

// A token of the service's application; empty where the endpoint gives none.
[[nodiscard]] std::string request_token(sim::service& from, sim::moment now);

}  // namespace convoke::simulation

// Which operation a request is, by its method and path.

#include <fmt/format.h>

#include "sim/service/path.hpp"
#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

bool is_action(std::string_view word) {
  return same_ignoring_case(word, "createOrGet") || same_ignoring_case(word, "microsoft.graph.createOrGet");
}

constexpr std::string_view app_on_me = "/me request is only valid with delegated authentication flow.";

}  // namespace

bool service::not_built(call& c, std::string_view what) {
  error(c, 501, "NotImplemented", fmt::format("This simulator does not have {}.", what));
  return false;
}

// True where the call is one of the four operations: `c.op`, `c.user` and `c.meeting_id` are set; or a search: `c.search` and `c.user` are.
// Otherwise it is answered.
bool service::route(call& c, std::string_view path) {
  const path_segments parts(path);
  c.beta = parts.is(0, "beta");
  if (!c.beta && !parts.is(0, "v1.0")) {
    error(c, 400, "BadRequest", "Invalid version: it is v1.0 or beta.");
    return false;
  }
  const bool me = parts.is(1, "me");
  const std::size_t meetings = me ? 2 : 3;
  if ((parts.is(1, "users") || me) && parts.is(meetings, "onlineMeetings")) {
    if (c.log != nullptr) c.log->beta = c.beta;
    if (c.beta && without_beta(c)) return false;
    c.search = parts.count == meetings + 1 && c.q.method == "GET" && c.q.target.contains("filter=");
    if (!c.search && parts.count != meetings + 2) return not_built(c, "this call for online meetings");
    if (!c.search && !route_meeting(c, parts.part[meetings + 1])) return false;
    if (me && c.signed_in.empty()) {
      error(c, 400, "BadRequest", app_on_me);
      return false;
    }
    if (c.log != nullptr) c.log->me = me;
    c.user = me ? c.signed_in : percent_decode(parts.part[2]);
    if (c.signed_in.empty() || same_ignoring_case(c.user, c.signed_in)) return true;
    // A person has no access to the meetings of another one.
    error(c, 403, "Forbidden", "");
    return false;
  }
  if (me && parts.count == 2 && c.q.method == "GET") {
    show_me(c);
    return false;
  }
  const auto segment = parts.count > 1 ? parts.part[1].substr(0, 64) : std::string_view();
  error(c, 400, "BadRequest", fmt::format("Resource not found for the segment '{}'.", segment));
  return false;
}

bool service::route_directory(call& c, std::string_view path) {
  const path_segments parts(path);
  c.beta = parts.is(0, "beta");
  if (!c.beta && !parts.is(0, "v1.0")) return false;
  if (parts.is(1, "$batch") || parts.is(1, "%24batch")) {
    if (parts.count == 2 && c.q.method == "POST") {
      batch(c);
    } else {
      error(c, 405, "MethodNotAllowed", "Specified HTTP method is not allowed for the request target.");
    }
    return true;
  }
  if (c.q.method != "GET") return false;
  if (parts.is(1, "users") && parts.count == 3) {
    look_up(c, percent_decode(parts.part[2]));
    return true;
  }
  // `/users('…')`: an OData string, in which an apostrophe is written twice.
  const auto last = parts.count == 2 ? percent_decode(parts.part[1]) : std::string();
  constexpr std::string_view before = "users('", after = "')";
  if (last.size() < before.size() + after.size() || !last.starts_with(before) || !last.ends_with(after)) return false;
  std::string name = last.substr(before.size(), last.size() - before.size() - after.size());
  for (auto at = name.find("''"); at != std::string::npos; at = name.find("''", at + 1)) name.erase(at, 1);
  look_up(c, name);
  return true;
}

// GET /me, with or without $select=id: of the user only the id is known here.
void service::show_me(call& c) {
  if (c.signed_in.empty()) return error(c, 400, "BadRequest", app_on_me);
  begin_reply(c, 200);
  c.into.headers += json_headers;
  c.into.body =
      fmt::format(R"({{"@odata.context":"{}/v1.0/$metadata#users(id)/$entity","id":"{}"}})", who_.graph_roots.front(), c.signed_in);
}

// True where there is no beta endpoint for meetings: the call is answered.
bool service::without_beta(call& c) {
  if (how_.beta == beta_answer::bad_request) {
    error(c, 400, "BadRequest", "Resource not found for the segment 'onlineMeetings'.");
    return true;
  }
  if (how_.beta != beta_answer::not_found) return false;
  error(c, 404, "NotFound", "The requested version of this resource does not exist.");
  return true;
}

// `last` follows `onlineMeetings`: the action, or a meeting's id.
bool service::route_meeting(call& c, std::string_view last) {
  const auto& method = c.q.method;
  const bool action = is_action(last);
  if (!action) c.meeting_id = percent_decode(last);
  if (action && method == "POST") {
    c.op = operation::create_or_get;
  } else if (!action && method == "PATCH") {
    c.op = operation::update;
  } else if (!action && method == "GET") {
    c.op = operation::get;
  } else if (!action && method == "DELETE") {
    c.op = operation::remove;
  } else {
    error(c, 405, "MethodNotAllowed", "Specified HTTP method is not allowed for the request target.");
    return false;
  }
  if (c.log != nullptr) c.log->op = c.op;
  return true;
}

}  // namespace convoke::sim

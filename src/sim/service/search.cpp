// GET /users/{id}/onlineMeetings?$filter=…: a meeting by its joinMeetingId or its joinWebUrl. There is no list of all meetings.

#include <optional>
#include <string>

#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

struct filter {
  bool by_join_id = false;  // else by the URL
  std::string value;
};

std::string filter_text(std::string_view target) {
  const auto question = target.find('?');
  if (question == std::string_view::npos) return {};
  for (auto left = target.substr(question + 1); !left.empty();) {
    const auto end = std::min(left.find('&'), left.size());
    const auto field = left.substr(0, end);
    const auto equals = std::min(field.find('='), field.size());
    if (percent_decode(field.substr(0, equals)) == "$filter" && equals < field.size()) {
      std::string value(field.substr(equals + 1));
      for (auto& c : value) c = c == '+' ? ' ' : c;
      return percent_decode(value);
    }
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return {};
}

// `NAME eq 'VALUE'`; nullopt for another one.
std::optional<filter> read_filter(const std::string& text) {
  constexpr std::string_view middle = " eq '";
  const auto at = text.find(middle);
  if (at == std::string::npos || text.size() <= at + middle.size() || !text.ends_with('\'')) return std::nullopt;
  const auto name = std::string_view(text).substr(0, at);
  filter out{.value = text.substr(at + middle.size(), text.size() - at - middle.size() - 1)};
  out.by_join_id = same_ignoring_case(name, "joinMeetingIdSettings/joinMeetingId");
  if (!out.by_join_id && !same_ignoring_case(name, "joinWebUrl")) return std::nullopt;
  return out;
}

}  // namespace

void service::search(call& c) {
  const auto wanted = read_filter(filter_text(c.q.target));
  if (!wanted) return error(c, 400, "BadRequest", "1026: An error has occurred.");
  ++counts_.searches;
  begin_reply(c, 200);
  c.into.headers += json_headers;
  auto& out = c.into.body;
  out = R"({"@odata.context":")" + who_.graph_roots.front() + (c.beta ? "/beta" : "/v1.0") + "/$metadata#users('" + c.user +
        R"(')/onlineMeetings","value":[)";
  for (const auto& e : meetings_.all()) {
    if (!e.second.exists() || meeting_store::organizer_of(e) != c.user) continue;
    const auto ids = ids_of(e, shown_);
    if ((wanted->by_join_id ? ids.join_id : ids.join_url) != wanted->value) continue;
    append_meeting(out, e, shown_, c.beta, c.unknown_members, distortion::none);
    break;
  }
  out += "]}";
}

}  // namespace convoke::sim

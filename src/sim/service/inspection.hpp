#pragma once

// The answers of /_sim, for a service and for several together.

#include <string_view>

#include "sim/service/message.hpp"
#include "sim/service/record.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {

template <class Source>
void inspect(Source& from, const request& q, std::string_view path, reply& into) {
  into.headers = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
  if (path == "/_sim/stats") {
    into.body = from.stats_json();
  } else if (path == "/_sim/meetings") {
    into.body = from.meetings_json_lines();
  } else if (path == "/_sim/calls") {
    call_filter which;
    if (const auto wrong = read_call_filter(q.target, which); wrong.empty()) {
      into.body = from.calls_json_lines(which);
    } else {
      into.status = 400;
      append_json_string(into.body = R"({"error":)", wrong);
      into.body += '}';
    }
  } else if (path == "/_sim/users" && q.method == "POST") {
    if (const auto wrong = from.change_users(q.body); !wrong.empty()) {
      into.status = 400;
      append_json_string(into.body = R"({"error":)", wrong);
      into.body += '}';
    } else {
      into.body = "{}";
    }
  } else {
    into.status = 404;
    into.body =
        R"({"error":"there are /_sim/stats, /_sim/meetings, /_sim/calls, /_sim/scenario, GET and PATCH /_sim/behaviour, and POST /_sim/reset, /_sim/users, /_sim/policies and /_sim/device"})";
  }
}

}  // namespace convoke::sim

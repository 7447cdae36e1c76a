// The answers of /_sim: what the service counted and what it holds.

#include <fmt/format.h>

#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {

std::string service::stats_json() const {
  const auto& n = counts_;
  std::string out = fmt::format(
      R"({{"requests":{},"meetings":{},"created":{},"got":{},"updated":{},"read":{},"removed":{},"searches":{},"look_ups":{},"users_found":{},"batches":{},"throttled":{},"early":{},"tokens":{},"token_requests":{},"duplicates":{},"unauthorized":{},"forbidden":{},"not_found":{},"bad_requests":{},"max_in_flight_per_key":{},"connections":{},"keys":{},"operations":{{)",
      n.requests, meetings_.meetings(), n.created, n.got, n.updated, n.read, n.removed, n.searches, n.look_ups, n.users_found, n.batches,
      n.throttled, n.early, tokens_.issued(), tokens_.requests(), meetings_.duplicates(), n.unauthorized, n.forbidden, n.not_found,
      n.bad_requests, n.most_in_flight_per_key, connections_, meetings_.all().size());
  for (const auto op : {operation::create_or_get, operation::update, operation::get, operation::remove}) {
    fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", op == operation::create_or_get ? "" : ",", to_string(op), n.calls[op]);
  }
  const auto& people = tokens_.people().counts();
  fmt::format_to(
      std::back_inserter(out),
      R"(}},"sign_in":{{"codes":{},"polls":{},"early_polls":{},"slow_downs":{},"granted":{},"refreshes":{},"refused_refreshes":{})",
      people.codes, people.polls, people.early, people.slow_downs, people.granted, people.refreshes, people.refused_refreshes);
  out += R"(},"faults":{)";
  for (std::size_t i = 1; i < fault_count; ++i) {
    fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", i == 1 ? "" : ",", to_string(static_cast<fault>(i)), n.faults[i]);
  }
  out += "}}";
  return out;
}

std::string service::meetings_json_lines() const {
  std::string out;
  for (const auto& e : meetings_.all()) {
    if (!e.second.exists()) continue;
    out += R"({"tenant":)";
    append_json_string(out, who_.tenant);
    out += R"(,"organizer":)";
    append_json_string(out, meeting_store::organizer_of(e));
    out += R"(,"external_id":)";
    append_json_string(out, meeting_store::external_id_of(e));
    out += R"(,"id":)";
    append_json_string(out, meeting_id(e));
    if (e.second.channel) append_json_string(out += R"(,"channel":)", *e.second.channel);
    fmt::format_to(std::back_inserter(out), R"(,"creates":{},"gets":{},"updates":{},"expires":"{}"}})", e.second.creates, e.second.gets,
                   e.second.updates, format_utc(expires_at(e.second, how_.expiry)));
    out += '\n';
  }
  return out;
}

}  // namespace convoke::sim

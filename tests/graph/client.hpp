#pragma once

// A caller on one connection to a scripted server, and what the tests of it share.

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "core/encode_base64.hpp"
#include "graph/graph.hpp"
#include "graph/guid.hpp"
#include "graph/monday_class.hpp"
#include "net/support/server.hpp"

namespace convoke::test {

inline const std::string organizer = "0a1b2c3d-0000-4000-8000-00000000000a";
inline const std::string other_organizer = "0b1b2c3d-0000-4000-8000-00000000000b";
inline const std::string foreign_request_id = "11111111-2222-4333-8444-555555555555";
// As long as real ones are, so that parts of it can be quoted.
inline const std::string long_token =
    "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJncmFwaCIsInJvbGVzIjpbIk9ubGluZU1lZXRpbmdzIl19.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";

inline constexpr operation every_operation[] = {operation::create_or_get, operation::update, operation::get, operation::remove};

// ---- texts in other encodings

inline std::string base64(std::string_view bytes) {
  return encode_base64(bytes, core::base64_alphabet::standard, true);
}

// Each byte of `text` as two hexadecimal digits behind `prefix`.
inline std::string in_digits(std::string_view text, std::string_view prefix, std::string_view digits) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += prefix;
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}
inline std::string percent(std::string_view text) {
  return in_digits(text, "%", "0123456789ABCDEF");
}
inline std::string json_escaped(std::string_view text) {
  return in_digits(text, "\\u00", "0123456789abcdef");
}
inline std::string hexadecimal(std::string_view text) {
  return in_digits(text, "", "0123456789abcdef");
}

inline std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

// ---- meetings as Graph writes them

inline std::string id_of(const std::string& whose) {
  return base64("1*" + whose + "*0**19:meeting_MTIz@thread.v2");
}
inline std::string url_of(const std::string& whose) {
  return "https://teams.microsoft.com/l/meetup-join/19%3ameeting_MTIz%40thread.v2/0?context=" +
         percent(R"({"Tid":"72f988bf-86f1-41af-9a53-51f6d3c0a001","Oid":")" + whose + "\"}");
}

// An answer to any operation on monday_class() that agrees with it.
inline boost::json::object meeting_of(const std::string& whose) {
  return {{"@odata.context", "https://graph.microsoft.com/v1.0/$metadata#users('" + whose + "')/onlineMeetings/$entity"},
          {"id", id_of(whose)},
          {"externalId", "CS101-A"},
          {"joinWebUrl", url_of(whose)},
          {"subject", "Algebra"},
          {"startDateTime", "2026-09-07T08:00:00Z"},
          {"endDateTime", "2026-09-07T09:30:00Z"},
          {"joinMeetingIdSettings", boost::json::object{{"joinMeetingId", "123456"}, {"passcode", "abc"}}},
          {"participants",
           boost::json::object{{"organizer", boost::json::object{{"identity", {{"user", {{"id", whose}}}}}, {"role", "presenter"}}},
                               {"attendees", boost::json::array{}}}}};
}
inline std::string text_of(const boost::json::object& o) {
  return boost::json::serialize(o);
}

// ---- requests and answers

// The client-request-ids of the first calls that a caller of seed 42 makes.
inline std::vector<std::string> request_ids(std::size_t count) {
  graph::guid_source guids(42);
  std::vector<std::string> out(count, std::string(graph::guid_source::size, ' '));
  for (auto& id : out) guids.write(id.data());
  return out;
}
// The header line by which an answer names its request.
inline std::string echo(std::string id) {
  return "client-request-id: " + std::move(id) + "\r\n";
}

inline std::string header_of(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "(none)";
  const auto begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}
inline std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

// Fails where any text of the answer has 12 bytes of the token in a row.
inline void shows_nothing_of(const std::string& token, const engine::answer& a) {
  for (const auto& text : {a.error_message, a.error_code, a.request_id, a.throttle_scope})
    for (std::size_t at = 0; at + 12 <= token.size(); ++at) BOOST_TEST(!text.contains(token.substr(at, 12)), text);
}

// Calls by a caller of seed 42, with token number 3.
struct client {
  explicit client(std::vector<script> scripts, const std::string& base_path = {})
      : server(context, std::move(scripts)), root(server.address()) {
    root.base_path = base_path;
    caller = std::make_unique<graph::caller>(root, 42);
    link = std::make_unique<net::connection>(context.get_executor(), root, tls);
  }
  explicit client(const std::string& answer) : client(std::vector{script().answer(answer)}) {}

  // Connects first where the connection is not usable.
  engine::answer call(operation op, const secret& token = secret(long_token), std::chrono::nanoseconds limit = std::chrono::seconds(15)) {
    if (!link->usable()) connect();
    return call_as_is(op, token, limit);
  }
  engine::answer call(const secret& token, std::chrono::nanoseconds limit = std::chrono::seconds(15)) {
    return call(operation::create_or_get, token, limit);
  }
  engine::answer call() { return call(operation::create_or_get); }

  engine::answer call_as_is(operation op, const secret& token, std::chrono::nanoseconds limit) {
    const graph::request what{.op = op, .wanted = wanted, .meeting_id = meeting_id, .changed = changed, .kept = kept};
    return run(context, caller->call(*link, what, token, 3, limit));
  }
  void connect() { BOOST_TEST((run(context, link->connect(std::chrono::seconds(5))).what == net::failure::none)); }

  boost::asio::io_context context{1};
  net::tls_context tls = net::tls_context::create({}).value();
  server server;
  net::endpoint root;
  std::unique_ptr<graph::caller> caller;
  std::unique_ptr<net::connection> link;
  meeting_spec wanted = monday_class(organizer, "Algebra");
  std::string meeting_id = id_of(organizer);  // of every operation but createOrGet
  std::vector<std::string> changed, kept;     // of an update
};

}  // namespace convoke::test

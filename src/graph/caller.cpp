#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <openssl/crypto.h>
#include <convoke/key.hpp>
#include <convoke/version.hpp>

#include "core/redact.hpp"
#include "graph/graph.hpp"
#include "graph/guid.hpp"
#include "graph/understanding.hpp"
#include "wire/wire.hpp"

namespace convoke::graph {

using engine::answer;
using engine::attempt_error;

attempt_error translate(net::failure f) noexcept {
  switch (f) {
    case net::failure::none:
      return attempt_error::none;
    case net::failure::connect:
      return attempt_error::connect;
    case net::failure::tls:
      return attempt_error::tls;
    case net::failure::timeout:
      return attempt_error::timeout;
    case net::failure::stale:
      return attempt_error::stale;
    case net::failure::truncated:
    case net::failure::too_large:
    case net::failure::malformed:
      return attempt_error::truncated;
    case net::failure::local_resources:
      return attempt_error::local_resources;
    case net::failure::closed:
    case net::failure::cancelled:
      break;
  }
  return attempt_error::closed;
}

struct caller::impl {
  impl(const net::endpoint& root, std::uint64_t seed) : base_path(root.base_path), guids(seed) {
    constant = " HTTP/1.1\r\nHost: " + root.host_header + "\r\nUser-Agent: convoke/" + version +
               "\r\nAccept: application/json\r\nContent-Type: application/json"
               // Without it a coorganizer comes back as unknownFutureValue.
               "\r\nPrefer: include-unknown-enum-members\r\nAuthorization: Bearer ";
  }
  ~impl() { OPENSSL_cleanse(request.data(), request.size()); }

  bool build(const meeting_spec& wanted, const secret& token);
  void understand(answer& out, const meeting_spec& wanted, const net::outcome& ended);
  void redact_token(answer& from) const;
  void refuse_quoted_token(answer& from) const;

  std::string base_path, constant;
  guid_source guids;
  std::string request, body;
  std::string request_id = std::string(guid_source::size, '0');
  net::response response;
  wire::parser parser;
  core::secret_finder sent_token;  // the one in `request`: the lane's may be another by the time an answer comes
};

// False where something that goes into the header could break out of its line.
bool caller::impl::build(const meeting_spec& wanted, const secret& token) {
  const auto bearer = token.reveal();
  if (bearer.empty() || !net::safe_header_value(bearer)) return false;
  sent_token.look_for(bearer);
  body.clear();
  wire::append_create_or_get(body, wanted);
  guids.write(request_id.data());
  char digits[20];
  const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, body.size());
  const auto path = wire::create_or_get_path(wanted.organizer);
  const auto needed = 128 + base_path.size() + path.size() + constant.size() + bearer.size() + body.size();
  // Never let the string itself move a token to another place: the bytes it leaves behind would stay readable.
  if (request.capacity() < needed) {
    OPENSSL_cleanse(request.data(), request.size());
    request = std::string();
    request.reserve(2 * needed);
  }
  request.assign("POST ").append(base_path).append(path).append(constant).append(bearer);
  request.append("\r\nclient-request-id: ").append(request_id).append("\r\nContent-Length: ");
  request.append(digits, static_cast<std::size_t>(end - digits)).append("\r\n\r\n").append(body);
  return true;
}

// A gateway's error page may quote the request, and what an answer says goes to terminals, results and the ledger.
void caller::impl::redact_token(answer& from) const {
  for (auto* text : {&from.error_code, &from.error_message, &from.request_id, &from.throttle_scope, &from.retry_after_text})
    *text = sent_token.redact(*text);
}

// No meeting of ours is called by the token that asked for it.
void caller::impl::refuse_quoted_token(answer& from) const {
  const auto& kept = *from.stored;
  const auto shown = [](const std::optional<std::string>& text) { return text ? std::string_view(*text) : std::string_view(); };
  const std::pair<const char*, std::string_view> fields[] = {{"id", kept.id},
                                                             {"joinWebUrl", kept.join_web_url},
                                                             {"joinMeetingId", shown(kept.join_meeting_id)},
                                                             {"passcode", shown(kept.passcode)},
                                                             {"dial-in number", shown(kept.dial_in_number)},
                                                             {"conferenceId", shown(kept.conference_id)}};
  const auto* const quoting = std::ranges::find_if(fields, [&](const auto& f) {
    // The part of an id that names the organizer may stand in a token of that organizer.
    const auto own = f.second.data() == kept.id.data() && !wire::organizer_in_id(f.second).empty() ? wire::organizer_digits : 0;
    return sent_token.found_in(f.second.substr(own));
  });
  if (quoting == std::end(fields)) return;
  from.error = attempt_error::not_believed;
  from.error_message = std::string("the answer quotes the access token in its ") + quoting->first;
  from.stored.reset();
  from.drift.clear();
}

void caller::impl::understand(answer& out, const meeting_spec& wanted, const net::outcome& ended) {
  const http_answer came{.status = response.status,
                         .body = response.body,
                         .date = response.date,
                         .request_id = response.request_id,
                         .client_request_id = response.client_request_id,
                         .throttle_scope = response.throttle_scope,
                         .retry_after = response.retry_after,
                         .whole = ended.what == net::failure::none};
  graph::understand(came, wanted, parser, out);
  if (out.stored) refuse_quoted_token(out);
}

caller::caller(const net::endpoint& root, std::uint64_t seed) : impl_(std::make_unique<impl>(root, seed)) {}
caller::caller(caller&&) noexcept = default;
caller& caller::operator=(caller&&) noexcept = default;
caller::~caller() = default;

boost::asio::awaitable<answer> caller::call(net::connection& on, const request& what, const secret& token, std::uint32_t token_number,
                                            std::chrono::nanoseconds limit) {
  auto& self = *impl_;
  answer out;
  out.token = token_number;
  if (!self.build(what.wanted, token)) {
    out.error = attempt_error::closed;
    out.sent = false;
    out.error_message = "the access token is empty or has characters that no header may have: nothing was sent";
    out.finished_at = net::wall_now();
    co_return out;
  }
  out.client_request_id = self.request_id;
  // From here on `token` may be gone.
  const auto ended = co_await on.exchange(self.request, self.response, limit);
  out.finished_at = net::wall_now();
  out.sent = ended.sent;
  // A refusal is understood from its header, also where its body was cut: whether that is enough is for the engine to say.
  if (ended.what == net::failure::none || self.response.status >= 300) {
    self.understand(out, what.wanted, ended);
    // Graph's own ids are GUIDs; whatever else stands there may be anything.
    if (!out.stored || !parse_guid(out.request_id)) self.redact_token(out);
    co_return out;
  }
  out.error = translate(ended.what);
  out.status = self.response.status;
  out.error_message = ended.message;
  if (self.sent_token.found_in(out.error_message)) self.redact_token(out);
  co_return out;
}

}  // namespace convoke::graph

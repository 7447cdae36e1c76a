#include <algorithm>
#include <charconv>
#include <expected>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/crypto.h>
#include <convoke/key.hpp>
#include <convoke/version.hpp>

#include "core/redact.hpp"
#include "core/text.hpp"
#include "graph/batch_item.hpp"
#include "graph/graph.hpp"
#include "graph/guid.hpp"
#include "graph/understanding.hpp"
#include "pacing/pacing.hpp"
#include "wire/batch.hpp"
#include "wire/batch_request.hpp"
#include "wire/users.hpp"
#include "wire/wire.hpp"

namespace convoke::graph {

using engine::answer;
using engine::attempt_error;

namespace {

std::string_view method_of(operation op) noexcept {
  switch (op) {
    case operation::create_or_get:
      return "POST ";
    case operation::update:
      return "PATCH ";
    case operation::get:
      return "GET ";
    case operation::remove:
      return "DELETE ";
  }
  return "GET ";
}

std::expected<std::string, std::string> path_of(const request& what, std::string_view me) {
  // The service would take the request for one about the user's own meetings.
  if (!me.empty() && what.wanted.organizer != me)
    return std::unexpected("the organizer " + what.wanted.organizer + " is not the user who has signed in");
  const auto how = me.empty() ? wire::addressing::by_id : wire::addressing::as_me;
  if (what.op == operation::create_or_get) return wire::create_or_get_path(what.wanted.organizer, how, wire::version_for(what.wanted));
  return wire::meeting_path(what.wanted.organizer, what.meeting_id, how);
}

}  // namespace

struct caller::impl {
  impl(const net::endpoint& root, std::uint64_t seed, std::string user) : base_path(root.base_path), me(std::move(user)), guids(seed) {
    constant = " HTTP/1.1\r\nHost: " + root.host_header + "\r\nUser-Agent: convoke/" + version +
               "\r\nAccept: application/json"
               // Without it a coorganizer comes back as unknownFutureValue.
               "\r\nPrefer: include-unknown-enum-members\r\nAuthorization: Bearer ";
  }
  ~impl() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

  // The reason why this token cannot be sent; nullopt: it will be looked for in the answer.
  std::optional<std::string> adopt(std::string_view bearer);
  // Writes the whole request to `bytes`. The reason where it cannot be sent; nullopt: it was written.
  std::optional<std::string> build(const request& what, const secret& token);
  std::optional<std::string> build_batch(std::span<const request> calls, const secret& token, std::vector<answer>& out);
  void append_item(std::size_t at, const request& what, answer& out);
  void understand_batch(engine::batch_answer& to, std::span<const request> calls, const answer& blank, const net::outcome& ended);
  void understand_envelope(answer& to, const request& any, const net::outcome& ended);
  void understand_too_large(answer& to) const;
  void hide_token(answer& from) const;
  void write(std::string_view method, std::string_view path, std::string_view bearer);
  void understand(answer& to, const request& what, const net::outcome& ended);
  void understand(plain_answer& to, const net::outcome& ended);
  void redact_token(answer& from) const;
  void refuse_quoted_token(answer& from) const;

  std::string base_path, me, constant;
  guid_source guids;
  std::string bytes, body;
  std::string request_id = std::string(guid_source::size, '0');
  net::response response;
  wire::parser parser;
  wire::batch_reader batches;
  wire::batch_answer items;
  std::vector<std::string> ids;    // of the items in `body`
  std::vector<std::size_t> sent;   // which calls they are
  core::secret_finder sent_token;  // the one in `bytes`: the lane's may be another by the time an answer comes
};

std::optional<std::string> caller::impl::adopt(std::string_view bearer) {
  // What goes into the header must not break out of its line.
  if (bearer.empty() || !net::safe_header_value(bearer))
    return "the access token is empty or has characters that no header may have: nothing was sent";
  sent_token.look_for(bearer);
  guids.write(request_id.data());
  return std::nullopt;
}

std::optional<std::string> caller::impl::build(const request& what, const secret& token) {
  const auto bearer = token.reveal();
  if (auto reason = adopt(bearer)) return reason;
  const auto path = path_of(what, me);
  if (!path) return path.error() + ": nothing was sent";
  body.clear();
  if (what.op == operation::create_or_get) wire::append_create_or_get(body, what.wanted);
  if (what.op == operation::update) wire::append_update(body, what.wanted, what.changed);
  write(method_of(what.op), *path, bearer);
  return std::nullopt;
}

void caller::impl::write(std::string_view method, std::string_view path, std::string_view bearer) {
  constexpr std::size_t rest = 192;  // more than the method, the header lines below and the digits of a length take
  const auto needed = rest + base_path.size() + path.size() + constant.size() + bearer.size() + body.size();
  // The string itself must never move a token to another place: the bytes it leaves behind would stay readable.
  if (bytes.capacity() < needed) {
    OPENSSL_cleanse(bytes.data(), bytes.size());
    bytes = std::string();
    bytes.reserve(2 * needed);
  }
  bytes.assign(method).append(base_path).append(path).append(constant).append(bearer);
  bytes.append("\r\nclient-request-id: ").append(request_id);
  if (!body.empty()) {
    char digits[20];
    const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, body.size());
    bytes.append("\r\nContent-Type: application/json\r\nContent-Length: ").append(digits, static_cast<std::size_t>(end - digits));
  }
  bytes.append("\r\n\r\n").append(body);
}

// A gateway's error page may quote the request, and the texts of an answer are written to terminals, results and the ledger.
void caller::impl::redact_token(answer& from) const {
  for (auto* text : {&from.error_code, &from.error_message, &from.request_id, &from.throttle_scope, &from.retry_after_text})
    *text = sent_token.redact(*text);
}

// A meeting whose id or link holds the token of the request is not one that the service made.
void caller::impl::refuse_quoted_token(answer& from) const {
  const auto& kept = *from.stored;
  const auto shown = [](const std::optional<std::string>& text) { return text ? std::string_view(*text) : std::string_view(); };
  const std::pair<const char*, std::string_view> fields[] = {{"id", kept.id},
                                                             {"joinWebUrl", kept.join_web_url},
                                                             {"joinMeetingId", shown(kept.join_meeting_id)},
                                                             {"passcode", shown(kept.passcode)},
                                                             {"dial-in number", shown(kept.dial_in_number)},
                                                             {"conferenceId", shown(kept.conference_id)},
                                                             {"meetingOptionsWebUrl", shown(kept.options_url)}};
  const auto* const quoting = std::ranges::find_if(fields, [&](const auto& f) {
    // The part of an id that names the organizer may also be part of a token that names this organizer.
    const auto own = f.second.data() == kept.id.data() && !wire::organizer_in_id(f.second).empty() ? wire::organizer_digits : 0;
    return sent_token.found_in(f.second.substr(own));
  });
  if (quoting == std::end(fields)) return;
  from.error = attempt_error::not_believed;
  from.error_message = std::string("the answer quotes the access token in its ") + quoting->first;
  from.stored.reset();
  from.drift.clear();
  from.to_set.clear();
}

void caller::impl::understand(answer& to, const request& what, const net::outcome& ended) {
  const http_answer came{.status = response.status,
                         .body = response.body,
                         .date = response.date,
                         .request_id = response.request_id,
                         .client_request_id = response.client_request_id,
                         .throttle_scope = response.throttle_scope,
                         .retry_after = response.retry_after,
                         .whole = ended.what == net::failure::none};
  graph::understand(came, what, parser, to);
}

void caller::impl::hide_token(answer& from) const {
  if (from.stored) refuse_quoted_token(from);
  // Graph's own ids are GUIDs; whatever else stands there may be anything.
  if (!from.stored || !parse_guid(from.request_id)) redact_token(from);
}

caller::caller(const net::endpoint& root, std::uint64_t seed, std::string me) : impl_(std::make_unique<impl>(root, seed, std::move(me))) {}
caller::caller(caller&&) noexcept = default;
caller& caller::operator=(caller&&) noexcept = default;
caller::~caller() = default;

boost::asio::awaitable<answer> caller::call(net::connection& on, const request& what, const secret& token, std::uint32_t token_number,
                                            std::chrono::nanoseconds limit) {
  auto& self = *impl_;
  answer out;
  out.token = token_number;
  out.for_user = !self.me.empty();
  if (auto reason = self.build(what, token)) {
    out.error = attempt_error::closed;
    out.sent = false;
    out.error_message = *std::move(reason);
    out.finished_at = net::wall_now();
    co_return out;
  }
  out.client_request_id = self.request_id;
  // The caller's `request` and the token may go while the answer is awaited; what the request refers to stays.
  const request asked{.op = what.op, .wanted = what.wanted, .meeting_id = what.meeting_id, .kept = what.kept};
  const auto ended = co_await on.exchange(self.bytes, self.response, limit);
  out.finished_at = net::wall_now();
  out.sent = ended.sent;
  // A refusal is understood from its header, also where its body was cut: whether that is enough is the engine's decision.
  if (ended.what == net::failure::none || self.response.status >= 300) {
    self.understand(out, asked, ended);
    self.hide_token(out);
    co_return out;
  }
  out.error = translate(ended.what);
  out.status = self.response.status;
  out.error_message = ended.message;
  if (self.sent_token.found_in(out.error_message)) self.redact_token(out);
  co_return out;
}

// ---- several calls in one request

// Adds the call to `body`, or says in its answer why it cannot be sent.
void caller::impl::append_item(std::size_t at, const request& what, answer& out) {
  constexpr std::string_view version = "/v1.0";
  constexpr std::size_t digits = 8;  // of the request's own id: an answer to another request has other ids
  auto path = path_of(what, me);
  if (path && !path->starts_with(version))
    path = std::unexpected("a batch takes calls of v1.0 only, and a channel meeting is made by the beta endpoint");
  if (!path) {
    out.error = attempt_error::closed;
    out.sent = false;
    out.error_message = path.error() + ": nothing was sent";
    return;
  }
  const auto& id = ids.emplace_back(request_id.substr(0, digits) + '-' + std::to_string(at + 1));
  auto method = method_of(what.op);
  method.remove_suffix(1);
  const bool has_body = what.op == operation::create_or_get || what.op == operation::update;
  wire::append_batch_item(body, sent.empty(), id, method, std::string_view(*path).substr(version.size()), has_body);
  if (what.op == operation::create_or_get) wire::append_create_or_get(body, what.wanted);
  if (what.op == operation::update) wire::append_update(body, what.wanted, what.changed);
  body += wire::batch_item_end;
  sent.push_back(at);
}

std::optional<std::string> caller::impl::build_batch(std::span<const request> calls, const secret& token, std::vector<answer>& out) {
  const auto bearer = token.reveal();
  if (auto reason = adopt(bearer)) return reason;
  ids.clear();
  sent.clear();
  body.assign(wire::batch_begin);
  for (std::size_t i = 0; i < calls.size(); ++i) append_item(i, calls[i], out[i]);
  body += wire::batch_end;
  if (!sent.empty()) write("POST ", wire::batch_path, bearer);
  return std::nullopt;
}

// The head of the answer has come. An answer that names another request says nothing about the size of this one's.
void caller::impl::understand_too_large(answer& to) const {
  const auto echo = response.client_request_id;
  to.whole = false;
  to.bound = core::equal_ignoring_case(echo, request_id);
  to.too_large = echo.empty() || to.bound;
}

// The request was refused as a whole, or its answer says nothing of its calls.
void caller::impl::understand_envelope(answer& to, const request& any, const net::outcome& ended) {
  const auto echo = response.client_request_id;
  if (response.status >= 300 || (!echo.empty() && !core::equal_ignoring_case(echo, request_id))) return understand(to, any, ended);
  to.status = response.status;
  to.error = attempt_error::not_believed;
  to.error_message = "HTTP " + std::to_string(response.status) + " does not say what became of the calls of the batch";
}

void caller::impl::understand_batch(engine::batch_answer& to, std::span<const request> calls, const answer& blank,
                                    const net::outcome& ended) {
  const auto echo = response.client_request_id;
  const bool ours = echo.empty() || core::equal_ignoring_case(echo, request_id);
  if (response.status != 200 || !ours) {
    understand_envelope(to.envelope.emplace(blank), calls.front(), ended);
    return hide_token(*to.envelope);
  }
  const std::vector<std::string_view> wanted(ids.begin(), ids.end());
  if (const auto read = batches.read(response.body, wanted, items); !read) {
    auto& whole = to.envelope.emplace(blank);
    whole.status = response.status;
    whole.error = attempt_error::truncated;
    whole.error_message = read.error().message;
    return hide_token(whole);
  }
  to.strange = static_cast<unsigned>(items.foreign + items.repeated + items.unreadable);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    auto& one = to.items[sent[i]].got;
    graph::understand(items.items[i], response.date, calls[sent[i]], parser, one);
    if (one.request_id.empty()) one.request_id = core::escape_for_people(response.request_id, 100);
    hide_token(one);
  }
}

boost::asio::awaitable<engine::batch_answer> caller::batch(net::connection& on, std::span<const request> calls, const secret& token,
                                                           std::uint32_t token_number, std::chrono::nanoseconds limit) {
  auto& self = *impl_;
  answer blank;
  blank.token = token_number;
  blank.for_user = !self.me.empty();
  std::vector<answer> answers(calls.size(), blank);
  const auto reason = self.build_batch(calls, token, answers);
  blank.client_request_id = self.request_id;
  engine::batch_answer out;
  for (auto& one : answers) {
    one.client_request_id = self.request_id;
    one.finished_at = net::wall_now();
    out.items.push_back({0, std::move(one)});
  }
  if (reason) {
    auto& whole = out.envelope.emplace(blank);
    whole.error = attempt_error::closed;
    whole.sent = false;
    whole.error_message = *reason;
    whole.finished_at = net::wall_now();
  }
  if (reason || self.sent.empty()) co_return out;
  constexpr auto most = wire::batch_limits().answer;
  const auto ended = co_await on.exchange(self.bytes, self.response, limit, most);
  blank.finished_at = net::wall_now();
  blank.sent = ended.sent;
  for (const auto at : self.sent) out.items[at].got = blank;
  if (ended.what == net::failure::none || self.response.status >= 300) {
    self.understand_batch(out, calls, blank, ended);
    co_return out;
  }
  auto& whole = out.envelope.emplace(blank);
  whole.error = translate(ended.what);
  whole.status = self.response.status;
  whole.error_message = self.sent_token.redact(ended.message);
  if (ended.what == net::failure::too_large && whole.status == 200) self.understand_too_large(whole);
  co_return out;
}

// ---- requests that are no operation on a meeting

void caller::impl::understand(plain_answer& to, const net::outcome& ended) {
  constexpr std::size_t longest_word = 100;
  to.status = response.status;
  to.whole = ended.what == net::failure::none;
  const auto echo = response.client_request_id;
  if (!echo.empty() && !core::equal_ignoring_case(echo, request_id)) {
    to.error = attempt_error::foreign;
    to.error_message = "the answer is for another request: its client-request-id is '" + core::escape_for_people(echo, longest_word) + "'";
  } else if (sent_token.found_in(response.body)) {
    to.error = attempt_error::not_believed;
    to.error_message = "the answer quotes the access token";
  } else {
    to.body = response.body;
    to.date = core::escape_for_people(response.date, longest_word);
    if (!response.retry_after.empty()) {
      to.retry_after = pacing::parse_retry_after(response.retry_after, response.date, to.finished_at);
      to.retry_after_text = core::escape_for_people(response.retry_after.front(), longest_word);
    }
    to.request_id = core::escape_for_people(response.request_id, longest_word);
  }
  for (auto* text : {&to.error_message, &to.date, &to.request_id, &to.retry_after_text}) *text = sent_token.redact(*text);
}

boost::asio::awaitable<plain_answer> caller::plain(net::connection& on, plain_request what, const secret& token, std::uint32_t token_number,
                                                   std::chrono::nanoseconds limit) {
  auto& self = *impl_;
  plain_answer out;
  out.token = token_number;
  const auto bearer = token.reveal();
  auto reason = self.adopt(bearer);
  if (!reason && !net::safe_target(what.target))
    reason = "the target of the request has characters that it must not have: nothing was sent";
  if (reason) {
    out.error = attempt_error::closed;
    out.sent = false;
    out.error_message = *std::move(reason);
    out.finished_at = net::wall_now();
    co_return out;
  }
  self.body.assign(what.body);
  self.write(std::string(what.method) + ' ', what.target, bearer);
  const auto ended = co_await on.exchange(self.bytes, self.response, limit);
  out.finished_at = net::wall_now();
  out.sent = ended.sent;
  if (ended.what == net::failure::none || self.response.status >= 300) {
    self.understand(out, ended);
    co_return out;
  }
  out.error = translate(ended.what);
  out.status = self.response.status;
  out.error_message = self.sent_token.redact(ended.message);
  co_return out;
}

}  // namespace convoke::graph

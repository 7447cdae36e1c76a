#include <algorithm>
#include <charconv>
#include <utility>

#include <openssl/crypto.h>
#include <convoke/version.hpp>

#include "graph/graph.hpp"
#include "graph/guid.hpp"
#include "pacing/pacing.hpp"
#include "spec/agreement.hpp"
#include "wire/wire.hpp"

namespace convoke::graph {
namespace {

using engine::answer;
using engine::attempt_error;

constexpr std::size_t message_limit = 500;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same_folded(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Words of the service end up in a terminal and in a report.
std::string visible(std::string_view text) {
  std::string out(text.substr(0, message_limit));
  for (char& c : out)
    if (c < 0x20 || c == 0x7f) c = ' ';
  return out;
}

// Why a 200 or 201 is not believed; empty: it is.
std::string doubt(const meeting& stored, const spec& wanted) {
  if (stored.id.empty()) return "the answer has no meeting id";
  if (stored.join_web_url.empty()) return "the answer has no join URL";
  if (!stored.join_web_url.starts_with("https://")) return "the join URL in the answer does not begin with https://";
  if (stored.external_id.empty()) return "the answer has no externalId, so it may be another meeting";
  if (!same_folded(stored.external_id, wanted.external_id))
    return "the answer is for another meeting: its externalId is '" + visible(stored.external_id) + "'";
  return {};
}

}  // namespace

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

  bool build(const spec& wanted, const secret& token);
  void understand(answer& out, const spec& wanted);
  void understand_success(answer& out, const spec& wanted);
  void understand_refusal(answer& out);

  std::string base_path, constant;
  guid_source guids;
  std::string request, body;
  std::string request_id = std::string(guid_source::size, '0');
  net::response response;
  wire::parser parser;
};

// False where something that goes into the header could break out of its line.
bool caller::impl::build(const spec& wanted, const secret& token) {
  const auto bearer = token.reveal();
  if (bearer.empty() || !net::safe_header_value(bearer)) return false;
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

void caller::impl::understand_success(answer& out, const spec& wanted) {
  auto stored = parser.parse_meeting(response.body);
  if (!stored) {
    out.error = attempt_error::truncated;
    out.error_message = std::move(stored.error().message);
    return;
  }
  if (auto why = doubt(*stored, wanted); !why.empty()) {
    out.error = attempt_error::not_believed;
    out.error_message = std::move(why);
    return;
  }
  for (const auto field : differing_fields(wanted, *stored)) out.drift.emplace_back(field);
  out.stored = std::move(*stored);
}

void caller::impl::understand_refusal(answer& out) {
  auto said = parser.parse_error(response.body);
  out.error_code = std::move(said.code);
  out.error_message = std::move(said.message);
  if (out.request_id.empty()) out.request_id = std::move(said.request_id);
  if (out.status >= 300 && out.status < 400)
    out.error_message =
        "the service answers with a redirect, which is never followed: check the Graph root (--cloud, --graph-url). " + out.error_message;
}

void caller::impl::understand(answer& out, const spec& wanted) {
  out.status = response.status;
  out.request_id = visible(response.request_id);
  out.throttle_scope = visible(response.throttle_scope);
  if (!response.retry_after.empty()) out.retry_after = pacing::parse_retry_after(response.retry_after, response.date, out.finished_at);
  if (out.status == 200 || out.status == 201)
    understand_success(out, wanted);
  else
    understand_refusal(out);
}

caller::caller(const net::endpoint& root, std::uint64_t seed) : impl_(std::make_unique<impl>(root, seed)) {}
caller::caller(caller&&) noexcept = default;
caller& caller::operator=(caller&&) noexcept = default;
caller::~caller() = default;

boost::asio::awaitable<answer> caller::create_or_get(net::connection& on, const spec& wanted, const secret& token,
                                                     std::uint32_t token_number, std::chrono::nanoseconds limit) {
  auto& self = *impl_;
  answer out;
  out.token = token_number;
  if (!self.build(wanted, token)) {
    out.error = attempt_error::closed;
    out.error_message = "the access token is empty or has characters that no header may have: nothing was sent";
    out.finished_at = net::wall_now();
    co_return out;
  }
  out.client_request_id = self.request_id;
  const auto ended = co_await on.exchange(self.request, self.response, limit);
  out.finished_at = net::wall_now();
  // A refusal is understood from its header: that its body was cut takes nothing away from it.
  if (ended.what == net::failure::none || self.response.status >= 300) {
    self.understand(out, wanted);
    co_return out;
  }
  out.error = translate(ended.what);
  out.status = self.response.status;
  out.error_message = ended.message;
  co_return out;
}

}  // namespace convoke::graph

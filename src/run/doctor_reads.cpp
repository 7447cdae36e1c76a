// The reads of a lane's organizers.

#include <chrono>
#include <optional>
#include <utility>

#include "core/text.hpp"
#include "diagnosis/assess.hpp"
#include "run/doctor_lane.hpp"
#include "spec/attendees.hpp"
#include "wire/users.hpp"
#include "wire/wire.hpp"

namespace convoke::run {

namespace asio = boost::asio;

namespace {

diagnosis::read_seen failed(std::string why) {
  return {.organizer = {}, .failure = std::move(why), .code = {}, .message = {}, .request_id = {}, .retry_after = {}};
}

diagnosis::read_seen answered(int status, const graph::plain_answer& answer, const std::optional<std::chrono::nanoseconds>& retry_after) {
  diagnosis::read_seen out{
      .organizer = {}, .failure = {}, .status = status, .code = {}, .message = {}, .request_id = answer.request_id, .retry_after = {}};
  if (retry_after) out.retry_after = std::chrono::ceil<std::chrono::seconds>(*retry_after);
  return out;
}

diagnosis::read_seen seen_of(const graph::plain_answer& answer) {
  auto out = answered(answer.status, answer, answer.retry_after);
  if (answer.status == 200) return out;
  wire::parser parser;
  auto parsed = parser.parse_error(answer.body);
  out.code = std::move(parsed.code);
  out.message = std::move(parsed.message);
  return out;
}

diagnosis::read_seen seen_of(engine::lookup_answer meaning, const graph::plain_answer& answer) {
  auto item = meaning.items.empty() ? std::move(meaning.envelope) : std::move(meaning.items.front());
  using enum engine::lookup_item::kind;
  if (item.what == fault || item.what == broken) return failed(std::move(item.text));
  const int status = item.what == found          ? 200
                     : item.what == unknown      ? 404
                     : item.what == throttled    ? 429
                     : item.what == unauthorized ? 401
                     : item.what == denied       ? 403
                                                 : 400;
  auto out = answered(status, answer, item.retry_after);
  out.object_id = std::move(item.object_id);
  out.message = std::move(item.text);
  return out;
}

bool knows_permission(const diagnosis::token_seen& token, const diagnosis::lane_facts& lane) {
  return diagnosis::assess_permission(token, lane).status == finding_status::ok;
}

}  // namespace

void lane_examination::skip_reads(std::span<const std::string> organizers, const std::string& why) {
  for (const auto& one : organizers) report(diagnosis::skipped("organizer", task_.name, core::escape_for_people(one), why));
}

asio::awaitable<void> lane_examination::read_organizers() {
  const auto& all = task_.organizers;
  const auto nothing = [&](const std::string& why) {
    skip_reads(all, why);
    report(diagnosis::skipped("access-policy", task_.name, {}, why));
    report(diagnosis::skipped("licence", task_.name, {}, why));
  };
  if (all.empty() && !(task_.lane.delegated() && token_.problem)) {
    nothing("no organizer is given: name a FILE, or --organizer ID");
    co_return;
  }
  if (token_.problem || no_graph_) {
    nothing(token_.problem ? "there is no token" : "Graph cannot be reached");
    co_return;
  }
  const bool role_known = knows_permission(token_, facts_);
  std::vector<std::string> shown;
  diagnosis::lane_reads reads(all, task_.patience);
  for (auto call = reads.next(); call; call = reads.next()) {
    co_await pause(call->wait);
    auto met = co_await make(*call);
    if (stopped_) co_return;
    const auto* const seen = reads.take(std::move(met));
    if (seen == nullptr) continue;
    auto found = diagnosis::assess(*seen, facts_, role_known);
    // The same commands help all of them.
    if (!found.commands.empty() && std::exchange(shown, found.commands) == found.commands) {
      found.commands.clear();
      found.advice += " The commands stand above.";
    }
    report(std::move(found));
  }
  skip_reads(reads.unread(), "not read, because of what the read before it met");
  const diagnosis::reads_missing missing{.ended_before = reads.unread().size(), .left_out = task_.left_out};
  for (auto& f : diagnosis::assess_reads(reads.seen(), missing, facts_)) report(std::move(f));
}

// What the call met.
asio::awaitable<diagnosis::read_seen> lane_examination::make(const diagnosis::lane_reads::call& call) {
  const auto no_connection = co_await connect();
  if (!no_connection.empty()) co_return failed(no_connection);
  if (call.what == diagnosis::lane_reads::call::kind::look_up) {
    auto looked_up = co_await look_up(call.user);
    co_return looked_up;
  }
  auto met = co_await read(call.user);
  co_return met;
}

// A connection to Graph that can carry a call. Returns why there is none.
asio::awaitable<std::string> lane_examination::connect() {
  if (!connection_) {
    const auto root = endpoint_of(task_.lane, task_.lane.graph_url);
    connection_ = std::make_unique<net::connection>(io_.get_executor(), *root, tls_);
    caller_.emplace(*root, static_cast<std::uint64_t>(net::wall_now().time_since_epoch().count()));
  }
  if (connection_->usable()) co_return std::string();
  const auto connected = co_await connection_->connect(task_.pace.connect_timeout);
  co_return connected.what == net::failure::none ? std::string() : connected.message;
}

asio::awaitable<diagnosis::read_seen> lane_examination::look_up(const std::string& upn) {
  if (!spec::is_organizer_upn(upn)) {
    auto nothing = answered(0, {}, {});
    nothing.no_name = true;
    co_return nothing;
  }
  const std::string_view names[] = {upn};
  const graph::plain_request request{.method = "POST", .target = wire::batch_path, .body = users_.request(names, ++look_ups_)};
  const auto token = parts_->tokens->current();
  if (!token) co_return failed("the token ran out");
  const auto answer = co_await caller_->plain(*connection_, request, *token->text, token->number, task_.pace.attempt_timeout);
  if (answer.error != engine::attempt_error::none) co_return failed(answer.error_message);
  co_return seen_of(users_.understand(answer), answer);
}

asio::awaitable<diagnosis::read_seen> lane_examination::read(const std::string& object_id) {
  const auto target = wire::harmless_read_path(object_id, task_.lane.delegated() ? wire::addressing::as_me : wire::addressing::by_id);
  const graph::plain_request request{.target = target};
  const auto token = parts_->tokens->current();
  if (!token) co_return failed("the token ran out");
  const auto answer = co_await caller_->plain(*connection_, request, *token->text, token->number, task_.pace.attempt_timeout);
  if (answer.error != engine::attempt_error::none) co_return failed(answer.error_message);
  co_return seen_of(answer);
}

}  // namespace convoke::run

// The reads of a lane's organizers.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "diagnosis/assess.hpp"
#include "run/doctor_lane.hpp"
#include "spec/attendees.hpp"
#include "wire/users.hpp"
#include "wire/wire.hpp"

namespace convoke::run {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds between_reads{100}, without_retry_after{2'000};
constexpr unsigned most_failures = 2;  // of the network, one after the other: the next read would fail too

diagnosis::read_seen failed_read(const std::string& organizer, std::string why) {
  return {.organizer = organizer, .failure = std::move(why), .code = {}, .message = {}, .request_id = {}, .retry_after = {}};
}

bool knows_permission(const diagnosis::token_seen& token, const diagnosis::lane_facts& lane) {
  return diagnosis::assess_permission(token, lane).status == finding_status::ok;
}

}  // namespace

void lane_examination::skip_reads(std::size_t from, const std::string& why) {
  for (std::size_t i = from; i < task_.organizers.size(); ++i)
    report(diagnosis::skipped("organizer", task_.name, core::escape_for_people(task_.organizers[i]), why));
}

asio::awaitable<void> lane_examination::read_organizers() {
  const auto& all = task_.organizers;
  const auto nothing = [&](const std::string& why) {
    skip_reads(0, why);
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
  std::vector<diagnosis::read_seen> reads;
  unsigned failures = 0;
  for (std::size_t i = 0; i < all.size() && !stopped_; ++i) {
    if (i > 0) {
      co_await pause(between_reads);
    }
    auto seen = co_await read(all[i]);
    if (stopped_) co_return;
    const auto meaning = diagnosis::meaning_of(seen);
    report(diagnosis::assess(seen, facts_, role_known));
    failures = seen.failure.empty() ? 0 : failures + 1;
    reads.push_back(std::move(seen));
    const bool over =
        meaning == diagnosis::read_meaning::throttled || meaning == diagnosis::read_meaning::token_refused || failures == most_failures;
    if (!over) continue;
    skip_reads(i + 1, "not read, because of what the read before it met");
    break;
  }
  const auto unread = all.size() - reads.size() + task_.left_out;
  for (auto& f : diagnosis::assess_reads(reads, unread, facts_)) report(std::move(f));
}

// Waits for throttles as long as there is patience.
asio::awaitable<diagnosis::read_seen> lane_examination::read(const std::string& organizer) {
  bool waited = false;
  for (;;) {
    auto seen = co_await read_once(organizer);
    seen.waited = waited;
    if (stopped_ || diagnosis::meaning_of(seen) != diagnosis::read_meaning::throttled) co_return seen;
    // A second more: never early.
    const std::chrono::nanoseconds wait = seen.retry_after ? *seen.retry_after + std::chrono::seconds(1) : without_retry_after;
    if (waited_ + wait > task_.patience) co_return seen;
    waited_ += wait;
    waited = true;
    co_await pause(wait);
  }
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

// What the look-up of this user met. With an object id where it was found; its read follows then.
asio::awaitable<diagnosis::read_seen> lane_examination::look_up(const std::string& upn) {
  const auto* const token = parts_->tokens->current();
  if (token == nullptr) co_return failed_read(upn, "the token ran out");
  const std::string_view names[] = {upn};
  const graph::plain_request request{.method = "POST", .target = wire::batch_path, .body = users_.request(names, ++look_ups_)};
  const auto answer = co_await caller_->plain(*connection_, request, *token, parts_->tokens->current_number(), task_.pace.attempt_timeout);
  if (answer.error != engine::attempt_error::none) co_return failed_read(upn, answer.error_message);
  auto meaning = users_.understand(answer);
  const auto item = meaning.items.empty() ? std::move(meaning.envelope) : std::move(meaning.items.front());
  using enum engine::lookup_item::kind;
  if (item.what == fault || item.what == broken) co_return failed_read(upn, item.text);
  diagnosis::read_seen out{.organizer = upn,
                           .object_id = item.object_id,
                           .look_up = true,
                           .failure = {},
                           .status = item.what == found          ? 200
                                     : item.what == unknown      ? 404
                                     : item.what == throttled    ? 429
                                     : item.what == unauthorized ? 401
                                     : item.what == denied       ? 403
                                                                 : 400,
                           .code = {},
                           .message = item.text,
                           .request_id = answer.request_id};
  if (item.retry_after) out.retry_after = std::chrono::ceil<std::chrono::seconds>(*item.retry_after);
  co_return out;
}

asio::awaitable<diagnosis::read_seen> lane_examination::read_once(const std::string& organizer) {
  const auto no_connection = co_await connect();
  if (!no_connection.empty()) co_return failed_read(organizer, no_connection);
  diagnosis::read_seen out{.organizer = organizer, .failure = {}, .code = {}, .message = {}, .request_id = {}, .retry_after = {}};
  if (!parse_guid(organizer)) {
    // What is no name of a user is not sent.
    if (!spec::is_organizer_upn(organizer)) {
      out.look_up = true;
      out.status = 404;
      co_return out;
    }
    out = co_await look_up(organizer);
    if (out.object_id.empty()) co_return out;
    out.look_up = false;
    const auto closed = co_await connect();
    if (!closed.empty()) co_return failed_read(organizer, closed);
  }
  const auto* const token = parts_->tokens->current();
  if (token == nullptr) co_return failed_read(organizer, "the token ran out");
  const auto target = wire::harmless_read_path(out.object_id.empty() ? organizer : out.object_id,
                                               task_.lane.delegated() ? wire::addressing::as_me : wire::addressing::by_id);
  const graph::plain_request request{.target = target};
  const auto answer = co_await caller_->plain(*connection_, request, *token, parts_->tokens->current_number(), task_.pace.attempt_timeout);
  if (answer.error != engine::attempt_error::none) co_return failed_read(organizer, answer.error_message);
  out.status = answer.status;
  out.request_id = answer.request_id;
  out.message.clear();
  if (answer.retry_after) out.retry_after = std::chrono::ceil<std::chrono::seconds>(*answer.retry_after);
  if (answer.status == 200) co_return out;
  wire::parser parser;
  auto parsed = parser.parse_error(answer.body);
  out.code = std::move(parsed.code);
  out.message = std::move(parsed.message);
  co_return out;
}

}  // namespace convoke::run

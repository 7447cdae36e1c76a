// The calls of a probe over doubles: what it writes down of waits, and which connections it uses.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include "net/net.hpp"
#include "run/probe_journal.hpp"
#include "run/probe_lane.hpp"
#include "temporary_folder.hpp"

namespace {

namespace asio = boost::asio;
using namespace convoke;
using namespace std::chrono_literals;

constexpr auto organizer = "aaaaaaaa-0000-4000-8000-000000000001";

// What the service was asked, and what it answers to a request.
struct wire_double {
  std::function<graph::plain_answer(const std::string& method, const std::string& target)> answer;
  std::vector<std::string> asked{};
  unsigned closed = 0;  // connections
};

class link_double final : public run::graph_link {
 public:
  explicit link_double(wire_double& to) : to_(to) {}
  asio::awaitable<net::outcome> connect(std::chrono::nanoseconds) override {
    open_ = true;
    co_return net::outcome{};
  }
  asio::awaitable<engine::answer> call(const graph::request&, const secret&, std::uint32_t, std::chrono::nanoseconds) override {
    co_return engine::answer{};
  }
  asio::awaitable<engine::batch_answer> batch(std::span<const graph::request>, const secret&, std::uint32_t,
                                              std::chrono::nanoseconds) override {
    co_return engine::batch_answer{};
  }
  asio::awaitable<graph::plain_answer> plain(graph::plain_request what, const secret&, std::uint32_t, std::chrono::nanoseconds) override {
    to_.asked.push_back(std::string(what.method) + " " + std::string(what.target));
    auto out = to_.answer(std::string(what.method), std::string(what.target));
    out.finished_at = net::wall_now();
    co_return out;
  }
  [[nodiscard]] bool usable() noexcept override { return open_; }
  void close() noexcept override {
    open_ = false;
    ++to_.closed;
  }

 private:
  wire_double& to_;
  bool open_ = false;
};

class tokens_double final : public auth::token_source {
 public:
  void start(events e) override { e.ready(1); }
  void rejected(std::uint32_t) override {}
  [[nodiscard]] std::optional<auth::usable_token> current() const override { return auth::usable_token{.text = &token_, .number = 1}; }
  void stop() override {}

 private:
  secret token_{"token"};
};

struct world {
  world() {
    options.organizer = organizer;
    options.journal = folder / "probe.toml.journal";
    options.interval = 0ms;
    lane.graph_url = "https://graph.example";
    lane.tenant = "11111111-2222-3333-4444-555555555555";
  }
  // `stop_at`: a stop is requested while this request is under way, counted from 1; 0: never.
  result<probe_report> probe(unsigned stop_at = 0) {
    asio::io_context io;
    run::lane_parts parts;
    run::probe_lane* one = nullptr;
    wire_double counted{.answer = [&](const std::string& method, const std::string& target) {
      wire.asked.push_back(method + " " + target);
      if (stop_at > 0 && wire.asked.size() >= stop_at) one->stop();
      return wire.answer(method, target);
    }};
    parts.links = [&](engine::connection_id) { return std::make_unique<link_double>(counted); };
    parts.tokens = std::make_unique<tokens_double>();
    run::probe_lane running(io, std::move(parts),
                            {.lane = lane, .pace = pace, .options = options, .note = [this](const std::string& line) { notes += line; }});
    one = &running;
    asio::co_spawn(io, running.run(), [](const std::exception_ptr& bug) {
      if (bug) std::rethrow_exception(bug);
    });
    io.run();
    wire.closed += counted.closed;
    return running.report();
  }
  [[nodiscard]] std::optional<run::probe_journal> journal() const {
    const auto read = run::read_journal(options.journal);
    BOOST_REQUIRE(read.has_value());
    return *read;
  }
  // That the service is closed for about so long.
  void check_closed_for(std::chrono::seconds wait) const {
    const auto written = journal();
    BOOST_REQUIRE((written && written->closed_until));
    BOOST_TEST((*written->closed_until > net::wall_now()));
    BOOST_TEST((*written->closed_until <= net::wall_now() + wait + 1s));
  }

  convoke_test::temporary_folder folder;
  lane_options lane;
  pace_options pace;
  probe_options options;
  wire_double wire{};
  std::string notes;
};

graph::plain_answer throttled(std::chrono::nanoseconds wait) {
  return {.status = 429, .body = "{}", .retry_after = wait, .retry_after_text = "60"};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(probe_of_a_lane, world)

BOOST_AUTO_TEST_CASE(a_wait_that_came_while_a_stop_was_requested_is_obeyed_by_the_next_process) {
  wire.answer = [](const std::string&, const std::string&) { return throttled(60s); };
  const auto stopped = probe(1);
  BOOST_REQUIRE(stopped.has_value());
  BOOST_TEST((stopped->end == probe_ending::interrupted));
  BOOST_TEST(wire.asked.size() == 1U);
  check_closed_for(60s);
  // Nothing is sent, also no look-up of a UPN.
  options.patience = 1s;
  for (const auto* name : {organizer, "grace@uni.example"}) {
    options.organizer = name;
    const auto refused = probe();
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == errc::network));
    BOOST_TEST(refused.error().message.contains("said to wait until"), refused.error().message);
    BOOST_TEST(refused.error().come_back.has_value());
  }
  BOOST_TEST(wire.asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_short_wait_is_written_down_too) {
  wire.answer = [](const std::string&, const std::string&) { return throttled(1500ms); };
  BOOST_REQUIRE(probe(1).has_value());
  check_closed_for(2s);
}

BOOST_AUTO_TEST_CASE(a_throttle_of_the_look_up_is_obeyed_by_the_next_process) {
  options.organizer = "grace@uni.example";
  wire.answer = [](const std::string&, const std::string&) { return throttled(60s); };
  const auto refused = probe();
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::network));
  BOOST_TEST((refused.error().come_back == std::optional(60s)));
  check_closed_for(60s);
  BOOST_TEST(journal()->record.calls == 1U);
  BOOST_TEST(journal()->organizer.empty());
  options.patience = 1s;
  BOOST_TEST(!probe().has_value());
  BOOST_TEST(wire.asked.size() == 1U);
  // It made nothing, so it does not stand in the way of a probe of another tenant.
  lane.tenant = "22222222-2222-3333-4444-555555555555";
  options.organizer = organizer;
  BOOST_TEST(probe(2).has_value());
  BOOST_TEST(journal()->tenant == lane.tenant);
}

BOOST_AUTO_TEST_CASE(a_connection_that_gave_the_answer_to_another_request_is_closed) {
  wire.answer = [](const std::string&, const std::string&) {
    return graph::plain_answer{.error = engine::attempt_error::foreign, .error_message = "of another request"};
  };
  options.patience = 1s;  // less than the first backoff
  const auto ended = probe();
  BOOST_REQUIRE(ended.has_value());
  BOOST_TEST((ended->end == probe_ending::unavailable));
  BOOST_TEST(wire.asked.size() == 1U);
  // That one at once, and both at the end.
  BOOST_TEST(wire.closed == 3U);
}

BOOST_AUTO_TEST_CASE(another_attendee_of_a_probe_that_is_continued_is_noted) {
  wire.answer = [](const std::string&, const std::string&) { return throttled(0s); };
  options.attendee = "ada@uni.example";
  BOOST_REQUIRE(probe(1).has_value());
  BOOST_TEST(!notes.contains("--attendee"), notes);
  options.attendee = "bob@uni.example";
  BOOST_REQUIRE(probe(2).has_value());
  BOOST_TEST(notes.contains("begun with --attendee ada@uni.example"), notes);
  BOOST_TEST(journal()->attendee == "ada@uni.example");
}

BOOST_AUTO_TEST_CASE(the_journal_stays_until_the_findings_are_written) {
  probe_report done{.end = probe_ending::done};
  BOOST_REQUIRE(run::write_journal(options.journal, {.record = {.run = "abcd1234"}}).has_value());
  done.end = probe_ending::left_over;
  BOOST_TEST(end_probe(done, options).has_value());
  BOOST_TEST(journal().has_value());
  done.end = probe_ending::done;
  BOOST_TEST(end_probe(done, options).has_value());
  BOOST_TEST(!journal().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

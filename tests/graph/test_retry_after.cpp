// Retry-After from the bytes of an answer to the engine's next call: as an answer of its own, and as an item of a batch.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/script.hpp"
#include "graph/batch_item.hpp"
#include "graph/understanding.hpp"
#include "net/reader.hpp"
#include "pacing/retry_after_vectors.hpp"
#include "wire/batch.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;
using namespace std::chrono_literals;
using engine::answer;
using std::chrono::nanoseconds;
// Both the engine's tests and the scripted server have a class `script`.
using stage = engine::test::script;

namespace {

const meeting_spec wanted{};
wire::parser parser;

struct throttle_case {
  int status = 429;
  std::vector<std::string> lines;
  std::string date;
  std::string scope;
};

// The answer as the client's own HTTP reader reads it.
answer single(const throttle_case& s) {
  std::string bytes = "HTTP/1.1 " + std::to_string(s.status) + " X\r\n";
  if (!s.date.empty()) bytes += "Date: " + s.date + "\r\n";
  for (const auto& line : s.lines) bytes += "Retry-After: " + line + "\r\n";
  if (!s.scope.empty()) bytes += "x-ms-throttle-scope: " + s.scope + "\r\n";
  bytes += "Content-Length: 0\r\n\r\n";
  net::reader reader(net::limits{});
  net::response into;
  reader.begin(into);
  BOOST_REQUIRE(bytes.size() <= reader.room());
  std::memcpy(reader.space(), bytes.data(), bytes.size());
  BOOST_REQUIRE((reader.feed(bytes.size()).what == net::failure::none));
  BOOST_REQUIRE(reader.complete());
  const graph::http_answer from{.status = into.status,
                                .body = into.body,
                                .date = into.date,
                                .request_id = into.request_id,
                                .throttle_scope = into.throttle_scope,
                                .retry_after = into.retry_after};
  answer out;
  out.finished_at = receipt;
  graph::understand(from, {.wanted = wanted}, parser, out);
  return out;
}

enum class spelling { documented, lower, upper, array, own_date };
std::ostream& operator<<(std::ostream& out, spelling s) {
  static constexpr std::array names{"documented", "lower", "upper", "array", "own_date"};
  return out << names.at(static_cast<std::size_t>(s));
}

// The answer as the second of three items of an envelope with status 200.
answer item(const throttle_case& s, spelling how) {
  boost::json::array lines(s.lines.begin(), s.lines.end());
  std::string headers;
  const auto add = [&headers](std::string_view name, const boost::json::value& value) {
    headers += (headers.empty() ? "" : ",") + boost::json::serialize(boost::json::string(name)) + ":" + boost::json::serialize(value);
  };
  const std::string_view name = how == spelling::lower ? "retry-after" : how == spelling::upper ? "RETRY-AFTER" : "Retry-After";
  if (how == spelling::array) {
    if (!lines.empty()) add(name, lines);
  } else {
    for (const auto& line : lines) add(name, line);
  }
  if (!s.scope.empty()) add("X-MS-Throttle-Scope", boost::json::string(s.scope));
  if (how == spelling::own_date && !s.date.empty()) add("date", boost::json::string(s.date));
  const auto body = R"({"responses":[{"id":"3","status":201,"headers":{"Retry-After":"7777"},"body":{}},{"id":"2","status":)" +
                    std::to_string(s.status) + R"(,"headers":{)" + headers + R"(},"body":null},{"id":"1","status":500}]})";
  static wire::batch_reader reader;
  static wire::batch_answer into;
  const std::array<std::string_view, 3> ids{"1", "2", "3"};
  BOOST_REQUIRE(reader.read(body, ids, into).has_value());
  answer out;
  out.finished_at = receipt;
  // Where the item has a Date of its own, the envelope has another one.
  const std::string envelope_date = how == spelling::own_date && !s.date.empty() ? "Sat, 29 Aug 2026 08:00:00 GMT" : s.date;
  graph::understand(into.items[1], envelope_date, {.wanted = wanted}, parser, out);
  return out;
}

bool fits_a_header(const retry_after_vector& row) {
  return std::ranges::none_of(row.lines, [](const std::string& line) { return line.contains('\0'); });
}

engine::settings unhurried(std::uint64_t seed = 1) {
  auto s = stage::quick();
  s.fixed_rate = true;  // the effect of a throttle on the pace has tests of its own
  s.seed = seed;
  return s;
}

constexpr auto parked_after = 10min;

// The next call is not before `wait`, and at most a tenth of it later.
void waits(const answer& a, nanoseconds wait) {
  auto t = stage::started({2}, 1, unhurried());
  t.finish(t.next<engine::send_call>(), a);
  (void)t.all<engine::save_cooldown>();
  (void)t.all<engine::drop_connection>();
  t.pass(wait - 1ns);
  BOOST_TEST(t.all<engine::send_call>().empty(), "called early");
  t.pass(wait / 10 + 1ns);
  BOOST_TEST(t.all<engine::send_call>().size() == 1U, "not called in time");
}

// The backoff where the service names no time: within [1/2, 1] of a second, and at least half a second.
void backs_off(const answer& a) {
  auto t = stage::started({2}, 1, unhurried());
  t.finish(t.next<engine::send_call>(), a);
  t.pass(500ms - 1ns);
  (void)t.all<engine::save_cooldown>();
  t.quiet();
  t.pass(500ms + 1ns);
  BOOST_TEST(t.all<engine::send_call>().size() == 1U);
}

// The run does not wait so long: it ends and reports when to come back. More than a day is implausible; it is cut and reported.
void parks(const answer& a, nanoseconds announced) {
  const auto wait = std::min<nanoseconds>(announced, 24h);
  auto t = stage::started({2}, 1, unhurried());
  t.finish(t.next<engine::send_call>(), a);
  const auto cut = t.all<engine::cooldown_cut>();
  BOOST_TEST(cut.size() == (announced > 24h ? 1U : 0U));
  for (const auto& one : cut) BOOST_TEST(!one.retry_after_text.empty());
  (void)t.all<engine::save_cooldown>();
  BOOST_TEST(t.all<engine::send_call>().empty());
  for (const auto& r : t.all<engine::release_row>()) t.commit({r.row});
  const auto end = t.over(engine::stop_reason::deferred);
  BOOST_TEST_REQUIRE(end.come_back.has_value());
  BOOST_TEST((*end.come_back >= wait));
  BOOST_TEST((*end.come_back <= wait + wait / 10));
}

void obeyed(const answer& a, const retry_after_vector& row) {
  BOOST_TEST(a.status == 429);
  BOOST_TEST((a.retry_after == row.expected));
  // A value that is not a time is reported.
  BOOST_TEST(a.error_message.contains("Retry-After") == (!row.lines.empty() && !row.expected), a.error_message);
  if (!row.expected)
    backs_off(a);
  else if (*row.expected > parked_after)
    parks(a, *row.expected);
  else
    waits(a, *row.expected);
}

const auto spellings = data::make({spelling::documented, spelling::lower, spelling::upper, spelling::array, spelling::own_date});

}  // namespace

BOOST_AUTO_TEST_SUITE(retry_after_to_the_next_call)

BOOST_DATA_TEST_CASE(the_retry_after_of_an_answer_is_read, data::make(retry_after_vectors), row) {
  if (fits_a_header(row)) obeyed(single({429, row.lines, row.date, {}}), row);
}

BOOST_DATA_TEST_CASE(the_retry_after_of_an_item_is_read, data::make(retry_after_vectors) * spellings, row, how) {
  obeyed(item({429, row.lines, row.date, {}}, how), row);
}

BOOST_DATA_TEST_CASE(two_members_of_an_item_that_differ_in_letter_case_are_two_lines, data::make({"3", "9"}), first) {
  const std::string_view second = first == std::string_view("3") ? "9" : "3";
  const auto body = R"({"responses":[{"id":"1","status":429,"headers":{"Retry-After":")" + std::string(first) + R"(","retry-after":)" +
                    std::string(second) + "}}]}";
  wire::batch_reader reader;
  wire::batch_answer into;
  const std::array<std::string_view, 1> ids{"1"};
  BOOST_REQUIRE(reader.read(body, ids, into).has_value());
  answer out;
  graph::understand(into.items[0], {}, {.wanted = wanted}, parser, out);
  BOOST_TEST((out.retry_after == nanoseconds(9s)));
}

BOOST_AUTO_TEST_CASE(jitter_adds_up_to_a_tenth_of_the_wait) {
  const auto a = single({429, {"5"}, {}, {}});
  nanoseconds shortest = 1h, longest{0};
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    auto t = stage::started({1}, 1, unhurried(seed));
    t.finish(t.next<engine::send_call>(), a);
    const auto wait = t.next<engine::save_cooldown>().until - t.now();
    shortest = std::min(shortest, wait);
    longest = std::max(longest, wait);
  }
  BOOST_TEST((shortest >= 5s));
  BOOST_TEST((shortest < 5050ms));
  BOOST_TEST((longest <= 5500ms));
  BOOST_TEST((longest > 5450ms));
}

// Without the header the waits are 1 s, doubling to 60 s.
BOOST_DATA_TEST_CASE(the_backoff_doubles_without_a_retry_after, data::make({false, true}), batch) {
  const throttle_case nothing{429, {}, answer_date, {}};
  auto t = stage::started({1}, 1, unhurried());
  for (const nanoseconds step : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    t.finish(t.next<engine::send_call>(), batch ? item(nothing, spelling::documented) : single(nothing));
    t.pass(step / 2 - 1ns);
    (void)t.all<engine::save_cooldown>();
    t.quiet();
    t.pass(step / 2 + 1ns);
  }
  t.one_success();
}

// 3600 for one organizer: its rows wait, those of the other organizer are sent, and the run does not end before they are done.
BOOST_DATA_TEST_CASE(a_wait_of_an_hour_closes_the_scope_while_others_go_on, data::make({false, true}), batch) {
  const throttle_case hour{429, {"3600"}, answer_date, "User/ReadWrite/app/user"};
  auto s = unhurried();
  s.organizer_concurrency = 1;
  auto t = stage::started({2, 5}, 1, s);
  const auto first = t.next<engine::send_call>();
  t.finish(first, batch ? item(hour, spelling::lower) : single(hour));
  const auto cooldown = t.next<engine::save_cooldown>();
  BOOST_TEST(cooldown.organizer.value() == 0U);
  BOOST_TEST((cooldown.until - t.now() >= 3600s));
  for (int i = 0; i < 5; ++i) t.one_success();
  t.released(false);
  t.released(false);
  BOOST_TEST((t.over(engine::stop_reason::deferred).come_back.value() >= 3600s));
}

// A 503 is treated alike, and its connection is not used again.
BOOST_DATA_TEST_CASE(a_503_waits_alike_and_takes_a_new_connection, data::make({false, true}) * data::make({"5", "2.128"}), batch, value) {
  const throttle_case busy{503, {value}, answer_date, {}};
  const auto a = batch ? item(busy, spelling::documented) : single(busy);
  auto t = stage::started({2}, 2, unhurried());
  const auto sent = t.all<engine::send_call>();
  BOOST_REQUIRE(sent.size() == 2U);
  t.finish(sent[1], engine::test::ok());
  t.recorded(outcome::created);
  t.reply(sent[0], a);
  BOOST_TEST(t.next<engine::drop_connection>().connection == sent[0].connection);
  waits(a, value == std::string_view("5") ? nanoseconds(5s) : nanoseconds(2128ms));
}

BOOST_AUTO_TEST_CASE(an_item_that_is_missing_is_a_fault) {
  wire::batch_reader reader;
  wire::batch_answer into;
  const std::array<std::string_view, 1> ids{"1"};
  BOOST_REQUIRE(reader.read(R"({"responses":[]})", ids, into).has_value());
  answer out;
  graph::understand(into.items[0], {}, {.wanted = wanted}, parser, out);
  BOOST_TEST((out.error == engine::attempt_error::truncated));
  BOOST_TEST(!out.error_message.empty());
}

BOOST_AUTO_TEST_SUITE_END()

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <rapidcheck.h>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"
#include "net/reader.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;

namespace {

struct read_result {
  failure what = failure::none;
  bool complete = false;
  int status = 0;
  std::string body, date, request_id;
  bool keep_alive = false;
  std::vector<std::string> retry_after;

  friend bool operator==(const read_result&, const read_result&) = default;
};

// The same bytes, cut before each of `cuts`, then the end of the stream.
read_result read(const std::string& bytes, const std::vector<std::size_t>& cuts, const net::limits& l) {
  net::reader reader(l);
  net::response into;
  reader.begin(into);
  net::outcome ended;
  std::size_t at = 0;
  auto edges = cuts;
  edges.push_back(bytes.size());
  for (const auto edge : edges) {
    while (at < edge && ended.what == failure::none && !reader.complete()) {
      const auto n = std::min(edge - at, reader.room());
      BOOST_REQUIRE(n > 0);
      std::memcpy(reader.space(), bytes.data() + at, n);
      at += n;
      ended = reader.feed(n);
    }
  }
  if (ended.what == failure::none && !reader.complete()) ended = reader.end();
  read_result out{ended.what,
                  reader.complete(),
                  into.status,
                  std::string(into.body),
                  std::string(into.date),
                  std::string(into.request_id),
                  into.keep_alive,
                  {}};
  if (ended.what != failure::none) out.body.clear();  // how much of a cut body is known depends on the cuts
  out.retry_after.assign(into.retry_after.begin(), into.retry_after.end());
  return out;
}

const std::string start = "HTTP/1.1 429 Slow\r\nDate: now\r\nRetry-After: 1\r\nrequest-id: abc\r\n";

const std::vector<std::string> messages = {
    start + "Content-Length: 5\r\n\r\nhello",
    start + "Content-Length: 0\r\n\r\n",
    start + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nX: y\r\n\r\n",
    "HTTP/1.1 100 Continue\r\nRetry-After: 5\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n" + start + "Content-Length: 2\r\n\r\nok",
    start + "\r\nup to the end",
    start + "Content-Length: 10\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nrequest-id: fol\r\n ded\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
};

}  // namespace

BOOST_AUTO_TEST_SUITE(readers)

BOOST_DATA_TEST_CASE(where_the_bytes_are_cut_makes_no_difference, data::make(messages), message) {
  const auto whole = read(message, {}, {});
  for (std::size_t i = 1; i < message.size(); ++i) {
    BOOST_TEST_CONTEXT("cut at " << i) {
      BOOST_TEST((read(message, {i}, {}) == whole));
      BOOST_TEST((read(message, {i, i + (message.size() - i) / 2}, {}) == whole));
    }
  }
}

BOOST_AUTO_TEST_CASE(folded_lines_are_unfolded_and_stay_readable) {
  const auto r = read(messages[6], {}, {});
  BOOST_TEST(r.complete);
  BOOST_TEST(r.request_id == "fol ded");
}

BOOST_AUTO_TEST_CASE(mutated_messages_always_end_within_the_limits) {
  net::limits small;
  small.header = 256;
  small.body = 64;
  BOOST_TEST(rc::check([&] {
    auto message = *rc::gen::elementOf(messages);
    const auto changes = *rc::gen::container<std::vector<std::pair<std::size_t, char>>>(
        rc::gen::pair(rc::gen::inRange<std::size_t>(0, 4096), rc::gen::arbitrary<char>()));
    for (const auto& [at, to] : changes) message[at % message.size()] = to;
    message += std::string(*rc::gen::inRange<std::size_t>(0, 600), 'x');
    const auto cut = *rc::gen::inRange<std::size_t>(1, message.size());
    const auto r = read(message, {cut}, small);
    RC_ASSERT(r.body.size() <= small.body);
    RC_ASSERT(r.complete == (r.what == failure::none));
    if (r.complete) RC_ASSERT(r.status >= 200);
  }));
}

BOOST_AUTO_TEST_CASE(what_was_read_is_overwritten_where_the_limits_say_sensitive) {
  net::limits l;
  l.sensitive = true;
  net::reader reader(l);
  net::response into;
  reader.begin(into);
  const auto answer = answer_of(200, "the token");
  char* const memory = reader.space();
  std::memcpy(memory, answer.data(), answer.size());
  BOOST_TEST(reader.feed(answer.size()).what == failure::none);
  BOOST_TEST(into.body == "the token");
  reader.begin(into);
  BOOST_TEST(std::string(memory, answer.size()) == std::string(answer.size(), '\0'));
}

BOOST_AUTO_TEST_SUITE_END()

// A connection that is lost during a COMMIT: the group is given again, and nothing is lost and nothing is done twice.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include <boost/test/data/test_case.hpp>

#include "ledger/postgres_worker.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

enum class cut : std::uint8_t {
  never,
  before,  // what the client sends next does not reach the server
  sent,    // it reaches the server, and the connection is cut at once
  after,   // the server commits, and its answer does not reach the client
};
std::ostream& operator<<(std::ostream& to, cut c) {
  return to << (c == cut::before ? "before" : "after");
}

// Carries one connection to a server on the loopback interface, and cuts it where the test wants.
class cutting_proxy {
 public:
  explicit cutting_proxy(std::uint16_t server) : server_(server), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    auto place = loopback(0);
    BOOST_REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&place), sizeof place) == 0 && ::listen(listener_, 1) == 0);
    socklen_t size = sizeof place;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&place), &size);
    port_ = ntohs(place.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~cutting_proxy() {
    thread_.request_stop();
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  void arm(cut when) { when_ = when; }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    out.sin_port = htons(port);
    return out;
  }
  void run(const std::stop_token& stop) {
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    const int server = ::socket(AF_INET, SOCK_STREAM, 0);
    const auto place = loopback(server_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0) carry(client, server, stop);
    ::close(client);
    ::close(server);
  }
  void carry(int client, int server, const std::stop_token& stop) {
    std::array<char, 65536> buffer{};
    std::string kept;
    while (!stop.stop_requested()) {
      std::array<pollfd, 2> both{{{.fd = client, .events = POLLIN, .revents = 0}, {.fd = server, .events = POLLIN, .revents = 0}}};
      ::poll(both.data(), both.size(), 20);
      for (const bool from_client : {true, false}) {
        if (both[from_client ? 0 : 1].revents == 0) continue;
        const auto n = ::read(from_client ? client : server, buffer.data(), buffer.size());
        if (n <= 0 || (from_client && when_ == cut::before)) return;
        if (!from_client && when_ == cut::after) {
          kept.append(buffer.data(), static_cast<std::size_t>(n));
          if (kept.contains(std::string_view("COMMIT\0", 7))) return;
        } else if (::send(from_client ? server : client, buffer.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) {
          return;
        } else if (from_client && when_ == cut::sent) {
          kept.append(buffer.data(), static_cast<std::size_t>(n));
          if (kept.contains(std::string_view("\0COMMIT\0", 8))) return;
        }
      }
    }
  }

  std::uint16_t server_, port_ = 0;
  int listener_;
  std::atomic<cut> when_ = cut::never;
  std::jthread thread_;
};

struct in_doubt : database {
  // Commits over a connection that is cut so.
  void commit_cut(worker& w, postgres::group& all, cut when) {
    const auto& direct = url();
    const auto colon = direct.rfind(':'), slash = direct.find('/', colon);
    cutting_proxy proxy(static_cast<std::uint16_t>(std::stoi(direct.substr(colon + 1, slash - colon - 1))));
    auto cut_off =
        must(postgres::connection::open({.url = direct.substr(0, colon + 1) + std::to_string(proxy.port()) + direct.substr(slash)}));
    proxy.arm(when);
    const auto lost = w.writer.commit(cut_off, all);
    BOOST_REQUIRE(!lost.has_value());
    BOOST_TEST((lost.error().kind == postgres::fault::lost));
    BOOST_TEST(all.in_doubt);
  }
  // The same, and then again over a new one.
  void commit(worker& w, postgres::group& all, cut when) {
    commit_cut(w, all, when);
    must(w.writer.commit(w.db, all));
  }
  std::int64_t outcomes() { return number("SELECT count(*) FROM convoke.outcome"); }
};

const auto both = boost::unit_test::data::make({cut::before, cut::after});

}  // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_commits_in_doubt, in_doubt)

BOOST_DATA_TEST_CASE_F(in_doubt, a_claim_gives_out_the_rows_that_it_holds, both, when) {
  add_run(5);
  worker one(*this);
  const auto organizer = one.join().organizers.at(0).id;
  postgres::group all;
  all.claims.push_back({.wanted = {.run = all_runs, .lane = 0, .lease = one.lease, .pages = {{organizer, 3}, {organizer + 1, 2}}}});
  commit(one, all, when);
  const auto answer = must(all.claims[0].answer);
  BOOST_REQUIRE(answer.pages.size() == 2u);
  BOOST_REQUIRE(answer.pages[0].rows.size() == 3u);
  BOOST_TEST(number_of(answer.pages[0].rows[2].row) == 3u);
  BOOST_TEST(answer.pages[0].rows[0].payload == "payload");
  BOOST_TEST(!answer.pages[0].exhausted);
  BOOST_TEST(answer.pages[1].rows.empty());
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed WHERE token <> 0") == 3);
  BOOST_TEST(one.claim(organizer, 5).rows.size() == 2u);
  BOOST_TEST(one.write({.finished = all_finished(answer.pages[0]), .advanced = {}, .released = {}}).lost.empty());
}

BOOST_DATA_TEST_CASE_F(in_doubt, writes_count_once, both, when) {
  add_run(6);
  worker one(*this), two(*this);
  const auto organizer = one.join().organizers.at(0).id;
  const auto page = one.claim(organizer, 5);
  two.join();
  postgres::group all;
  advanced_row next;
  next.row = page.rows[2].row;
  next.key = page.rows[2].key;
  next.organizer = organizer;
  next.token = page.rows[2].token;
  next.finished_at = os::wall_now();
  next.created = true;
  all.writes.push_back({.rows = {.finished = {finished(page.rows[0]), finished(page.rows[1], outcome::failed)},
                                 .advanced = {next},
                                 .released = {freed(page.rows[3], true)}}});
  auto stranger = finished(page.rows[4]);
  stranger.token += 1;
  all.writes.push_back({.rows = {.finished = {stranger}, .advanced = {}, .released = {}}});
  all.claims.push_back({.wanted = {.run = all_runs, .lane = 0, .lease = one.lease, .pages = {{organizer, 10}}}});
  commit(one, all, when);
  BOOST_TEST(all.writes[0].answer.calls == (std::vector<row_id>{page.rows[0].row, page.rows[1].row, page.rows[2].row, page.rows[3].row}),
             boost::test_tools::per_element());
  BOOST_TEST(all.writes[0].answer.lost.empty());
  BOOST_TEST(all.writes[0].answer.ended == 2u);
  BOOST_TEST(all.writes[1].answer.lost.size() == 1u);
  BOOST_TEST(must(all.claims[0].answer).pages.at(0).rows.size() == 1u);
  BOOST_TEST(outcomes() == 2);
  BOOST_TEST(number("SELECT sum(n)::bigint FROM convoke.tally") == 2);
  BOOST_TEST(number("SELECT strikes::bigint FROM convoke.owed WHERE number = 4") == 1);
  must(one.memory.write(one.db));
  BOOST_TEST(number("SELECT sum(n)::bigint FROM convoke.made") == 2);
}

BOOST_DATA_TEST_CASE_F(in_doubt, a_third_strike_and_a_close_count_once, both, when) {
  add_run(4);
  worker one(*this);
  const auto organizer = one.join().organizers.at(0).id;
  const auto page = one.claim(organizer, 1);
  must(connect().run("UPDATE convoke.owed SET strikes = 2 WHERE number = 1"));
  postgres::group all;
  all.writes.push_back({.rows = {.finished = {}, .advanced = {}, .released = {freed(page.rows[0], true)}}});
  all.closes.push_back({.wanted = {.run = all_runs, .lane = 0, .lease = one.lease, .organizer = organizer, .like = {}}});
  commit(one, all, when);
  BOOST_TEST(all.writes[0].answer.calls.size() == 1u);
  BOOST_TEST(all.writes[0].answer.ended == 1u);
  BOOST_TEST(must(all.closes[0].answer).calls == 3u);
  BOOST_TEST(must(all.closes[0].answer).rows == 3u);
  BOOST_TEST(number("SELECT sum(n)::bigint FROM convoke.tally WHERE outcome = 6") == 4);
}

BOOST_AUTO_TEST_CASE(a_row_that_another_worker_took_meanwhile_is_lost) {
  add_run(1);
  worker one(*this), two(*this);
  const auto organizer = one.join().organizers.at(0).id;
  const auto page = one.claim(organizer, 1);
  expire(one.lease);
  two.join();
  const auto taken = two.claim(organizer, 1, true);
  BOOST_REQUIRE(taken.rows.size() == 1u);
  two.write({.finished = all_finished(taken), .advanced = {}, .released = {}});
  postgres::group all;
  all.writes.push_back({.rows = {.finished = all_finished(page), .advanced = {}, .released = {}}});
  commit(one, all, cut::after);
  BOOST_TEST(all.writes[0].answer.calls.empty());
  BOOST_TEST(all.writes[0].answer.lost.size() == 1u);
  BOOST_TEST(outcomes() == 1);
}

// The server still carries the first commit out when the group is given again.
BOOST_AUTO_TEST_CASE(a_group_waits_for_its_earlier_attempt) {
  add_run(3);
  worker one(*this);
  const auto organizer = one.join().organizers.at(0).id;
  // A plan holds the lock that every group takes, so the first attempt is under way for as long as the test wants.
  auto plan = connect();
  must(plan.run("BEGIN"));
  must(plan.run("SELECT pg_advisory_xact_lock(1668247158, 1)"));
  postgres::group all;
  all.claims.push_back({.wanted = {.run = all_runs, .lane = 0, .lease = one.lease, .pages = {{organizer, 2}}}});
  const auto* const waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()";
  commit_cut(one, all, cut::sent);
  while (number(waiting) < 1) std::this_thread::yield();
  std::jthread later([&] {
    while (number(waiting) < 2) std::this_thread::yield();
    must(plan.run("COMMIT"));
  });
  must(one.writer.commit(one.db, all));
  later.join();
  BOOST_TEST(must(all.claims[0].answer).pages.at(0).rows.size() == 2u);
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed WHERE token <> 0") == 2);
}

// What was sent over the lost connection can reach the server after the group was given again.
BOOST_AUTO_TEST_CASE(a_claim_that_reaches_the_server_late_claims_nothing) {
  add_run(5);
  worker one(*this), late(*this);
  const auto organizer = one.join().organizers.at(0).id;
  const auto known = one.list.find(one.lease);
  auto copy = std::make_shared<postgres::session>();
  copy->id = known->id;
  copy->lanes = known->lanes;
  copy->organizers = known->organizers;
  late.list.add(copy);
  postgres::group all;
  all.claims.push_back({.wanted = {.run = all_runs, .lane = 0, .lease = one.lease, .pages = {{organizer, 2}}}});
  auto first = all;
  all.in_doubt = true;
  must(one.writer.commit(one.db, all));
  BOOST_TEST(must(all.claims[0].answer).pages.at(0).rows.size() == 2u);
  must(late.writer.commit(late.db, first));
  BOOST_TEST(must(first.claims[0].answer).pages.at(0).rows.empty());
  BOOST_TEST(number("SELECT count(*) FROM convoke.owed WHERE token <> 0") == 2);
  BOOST_TEST(one.claim(organizer, 5).rows.size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

// A run that ends while one of its calls is still unanswered.

#include <array>
#include <thread>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::testing;
using namespace std::chrono_literals;
using boost::asio::ip::tcp;

namespace {

// A Graph that refuses one external id, never answers another one, and creates all other meetings.
class scripted_graph {
 public:
  scripted_graph(std::string refused, std::string ignored) : refused_(std::move(refused)), ignored_(std::move(ignored)) {
    accepting_ = std::jthread([this] { accept(); });
  }
  ~scripted_graph() {
    boost::system::error_code ignored;
    listener_.close(ignored);
    // Wakes the accept that is under way.
    boost::asio::io_context io;
    tcp::socket wake(io);
    wake.connect(address_, ignored);
    accepting_.join();
    for (auto& s : sockets_) s->shutdown(tcp::socket::shutdown_both, ignored);
    serving_.clear();
  }
  scripted_graph(const scripted_graph&) = delete;
  scripted_graph& operator=(const scripted_graph&) = delete;

  [[nodiscard]] std::string root() const { return fmt::format("http://127.0.0.1:{}", address_.port()); }

 private:
  void accept() {
    for (;;) {
      boost::system::error_code failed;
      auto s = std::make_unique<tcp::socket>(io_);
      listener_.accept(*s, failed);
      if (failed || !listener_.is_open()) return;
      sockets_.push_back(std::move(s));
      serving_.emplace_back([this, socket = sockets_.back().get()] { serve(*socket); });
    }
  }
  void serve(tcp::socket& s) const {
    std::string in;
    for (;;) {
      boost::system::error_code failed;
      const auto head = boost::asio::read_until(s, boost::asio::dynamic_buffer(in), "\r\n\r\n", failed);
      if (failed) return;
      const auto length = std::stoul(in.substr(in.find("Content-Length: ") + 16));
      while (in.size() < head + length) {
        std::array<char, 4096> more{};
        in.append(more.data(), s.read_some(boost::asio::buffer(more), failed));
        if (failed) return;
      }
      const auto named = in.find("client-request-id: ") + 19;
      const auto request = in.substr(named, in.find("\r\n", named) - named);
      const auto wanted = boost::json::parse(in.substr(head, length)).as_object();
      in.erase(0, head + length);
      const std::string id(wanted.at("externalId").as_string());
      if (id == ignored_) continue;
      const auto body =
          id == refused_ ? std::string(R"({"error":{"code":"Forbidden","message":"No application access policy found for this app."}})")
                         : fmt::format(R"({{"id":"m-{0}","externalId":"{0}","joinWebUrl":"https://example.org/{0}","subject":"s"}})", id);
      boost::asio::write(s,
                         boost::asio::buffer(fmt::format(
                             "HTTP/1.1 {}\r\nclient-request-id: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                             id == refused_ ? "403 Forbidden" : "201 Created", request, body.size(), body)),
                         failed);
      if (failed) return;
    }
  }

  std::string refused_, ignored_;
  boost::asio::io_context io_;
  tcp::acceptor listener_{io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  tcp::endpoint address_ = listener_.local_endpoint();
  std::vector<std::unique_ptr<tcp::socket>> sockets_;
  std::vector<std::jthread> serving_;
  std::jthread accepting_;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(an_organizer_with_a_permanent_error_and_an_unanswered_call_is_not_closed_by_the_end_of_the_drain, fixture) {
  scripted_graph service("K-1", "K-2");
  const auto path = (folder / "in.csv").string();
  std::ofstream to(path, std::ios::binary);
  to << "organizer,external_id,subject,start\n";
  for (int i = 1; i <= 10; ++i)
    to << fmt::format("00000000-0000-0000-0000-00000000000{},K-{},Class {},2026-10-19T08:00:00Z\n", i == 3 || i > 6 ? 2 : 1, i, i);
  to.close();
  auto j = make_job(path);
  j.lanes.front().graph_url = j.lanes.front().authority_url = service.root();
  j.lanes.front().allow_http = true;
  j.lanes.front().token = secret("ready");
  j.pace.organizer_concurrency = 2;
  j.pace.attempt_timeout = 10min;
  j.pace.max_duration = 3s;
  j.pace.drain = 200ms;
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 5);
  // The first success after the refusal makes the refusal final. It may be any row of the other organizer.
  BOOST_TEST(done.counts.created >= 1U);
  BOOST_TEST(done.counts.failed == 1U);
  // The unanswered call may succeed after all: neither its row nor any other row of the organizer fails.
  BOOST_TEST(done.counts.owed >= 4U);
  BOOST_TEST(done.counts.created + done.counts.owed == 9U);
}

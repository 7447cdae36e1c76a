#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>

#include "auth/auth.hpp"
#include "auth/credentials.hpp"
#include "net/support/server.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;
using namespace std::chrono_literals;

namespace {

const std::string tenant = "11111111-2222-3333-4444-555555555555";
const std::string password = "pa~ss+word/=&% \xc3\xa4";

std::string grant(const std::string& token, int seconds = 3600, const std::string& more = {}) {
  return answer_of(200, R"({"token_type":"Bearer","expires_in":)" + std::to_string(seconds) + more + R"(,"access_token":")" + token + "\"}",
                   "Content-Type: application/json\r\n");
}

std::string refusal(int status, const std::string& error, const std::string& text) {
  return answer_of(status, R"({"error":")" + error + R"(","error_description":")" + text + R"(","error_codes":[7000215]})",
                   "Content-Type: application/json\r\n");
}

struct endpoint_of_tokens {
  explicit endpoint_of_tokens(const std::vector<std::string>& answers) : server(context, scripts(answers)) { make(server.address()); }

  static std::vector<script> scripts(const std::vector<std::string>& answers) {
    std::vector<script> out;
    for (const auto& a : answers) out.push_back(script().answer(a));
    return out;
  }
  void make(const net::endpoint& where, std::string of = tenant) {
    auto by = auth::by_client_secret({where, std::move(of), "client-1", "https://graph.microsoft.com"}, secret(password));
    source = auth::token_source::renewing(context.get_executor(), tls, std::move(by), {.attempt_timeout = attempt_timeout});
  }
  void start() {
    source->start({[this](std::uint32_t n) { ready.push_back(n); },
                   [this](const error& why, bool fatal, std::optional<mono_time> again) {
                     (fatal ? fatals : failures).push_back(why);
                     agains.push_back(again);
                   }});
  }
  template <class P>
  bool until(P done) {
    return run_until(context, done);
  }
  std::string token() const { return source->current() ? std::string(source->current()->text->reveal()) : "none"; }

  std::chrono::nanoseconds attempt_timeout = 5s;
  boost::asio::io_context context{1};
  net::tls_context tls = net::tls_context::create({}).value();
  server server;
  std::unique_ptr<auth::token_source> source;
  std::vector<std::uint32_t> ready;
  std::vector<error> failures, fatals;
  std::vector<std::optional<mono_time>> agains;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(token_sources)

BOOST_AUTO_TEST_CASE(the_request_is_the_client_credentials_grant) {
  endpoint_of_tokens e({grant("abc.def")});
  BOOST_TEST(e.token() == "none");
  BOOST_TEST(!e.source->current());
  e.start();
  BOOST_TEST(e.until([&] { return !e.ready.empty(); }));
  BOOST_TEST(e.ready == std::vector<std::uint32_t>{1}, boost::test_tools::per_element());
  BOOST_TEST(e.token() == "abc.def");
  BOOST_TEST(e.source->current()->number == 1U);
  BOOST_REQUIRE_EQUAL(e.server.log().requests.size(), 1U);
  const auto& request = e.server.log().requests[0];
  BOOST_TEST(request.starts_with("POST /" + tenant + "/oauth2/v2.0/token HTTP/1.1\r\n"), request);
  BOOST_TEST(request.contains("\r\nHost: 127.0.0.1:" + std::to_string(e.server.port()) + "\r\n"));
  BOOST_TEST(request.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
  const auto body = request.substr(request.find("\r\n\r\n") + 4);
  BOOST_TEST(body.contains("grant_type=client_credentials"));
  BOOST_TEST(body.contains("client_id=client-1"));
  BOOST_TEST(body.contains("scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"));
  BOOST_TEST(
      body.contains("client_secret=pa~ss%2Bword%2F%3D%26%25%20%C3%A4") + body.contains("client_secret=pa~ss%2Bword%2F%3D%26%25+%C3%A4") ==
          1,
      body);
}

BOOST_AUTO_TEST_CASE(a_wrong_secret_is_fatal_after_one_request) {
  endpoint_of_tokens e({refusal(401, "invalid_client", "AADSTS7000215: Invalid client secret provided."), grant("abc")});
  e.start();
  BOOST_TEST(e.until([&] { return !e.fatals.empty(); }));
  BOOST_TEST((e.fatals[0].code == errc::credentials));
  BOOST_TEST(e.fatals[0].message.contains("AADSTS7000215"), e.fatals[0].message);
  BOOST_TEST(!e.fatals[0].message.contains("pa~ss"));
  e.source->rejected(0);
  BOOST_TEST(e.fatals.size() == 2U);
  e.context.restart();
  e.context.run_for(20ms);
  BOOST_TEST(e.server.log().connections == 1U);
  BOOST_TEST(e.ready.empty());
}

struct useless {
  const char* name;
  std::string answer;
};
std::ostream& operator<<(std::ostream& out, const useless& u) {
  return out << u.name;
}

const std::string wrong_secret = R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."})";

// A whole refusal in the form of a token endpoint is fatal at once. These may come from a proxy, or may be incomplete.
BOOST_DATA_TEST_CASE(
    a_doubtful_refusal_is_asked_for_once_more,
    data::make(std::vector<useless>{
        {"a refusal of Graph", answer_of(404, R"({"error":{"code":"NotFound","message":"stray"}})")},
        {"half of a wrong secret", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 500\r\n\r\n" + wrong_secret.substr(0, 60)},
        {"a wrong secret whose end did not come", "HTTP/1.1 400 Bad Request\r\nContent-Length: 500\r\n\r\n" + wrong_secret},
        {"a redirect", answer_of(302, "", "Location: https://elsewhere.example/\r\n")}}),
    u) {
  endpoint_of_tokens e({});
  server once(e.context, {script().answer(u.answer).close(), script().answer(grant("abc"))});
  e.make(once.address());
  e.start();
  BOOST_TEST(e.until([&] { return !e.ready.empty() || !e.fatals.empty(); }));
  BOOST_TEST(e.token() == "abc");
  BOOST_TEST(e.failures.size() == 1U);
  BOOST_TEST(e.fatals.empty());

  server twice(e.context, {script().answer(u.answer).close(), script().answer(u.answer).close(), script().answer(grant("abc"))});
  e.make(twice.address());
  e.start();
  BOOST_TEST(e.until([&] { return !e.fatals.empty(); }));
  BOOST_TEST(e.token() == "none");
  BOOST_TEST(twice.log().connections == 2U);
}

BOOST_AUTO_TEST_CASE(a_fault_is_followed_by_another_request) {
  endpoint_of_tokens e({answer_of(500, "<html>oops</html>"), grant("abc")});
  e.start();
  BOOST_TEST(e.until([&] { return !e.ready.empty(); }));
  BOOST_TEST(e.failures.size() == 1U);
  BOOST_TEST(e.fatals.empty());
  BOOST_TEST(e.token() == "abc");
}

BOOST_AUTO_TEST_CASE(retry_after_is_obeyed) {
  endpoint_of_tokens e({answer_of(429, "Too many requests", "Content-Type: text/plain\r\nRetry-After: 1\r\n"), grant("abc")});
  const auto begin = std::chrono::steady_clock::now();
  e.start();
  BOOST_TEST(e.until([&] { return !e.ready.empty(); }));
  BOOST_TEST((std::chrono::steady_clock::now() - begin >= 1s));
  BOOST_TEST(e.failures.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_failure_reports_when_the_next_request_is_made) {
  endpoint_of_tokens e({answer_of(429, "Too many requests", "Retry-After: 86400\r\n")});
  e.start();
  BOOST_TEST(e.until([&] { return !e.failures.empty(); }));
  BOOST_REQUIRE(e.agains.at(0).has_value());
  BOOST_TEST((*e.agains[0] - net::boot_now() > 86300s));
  BOOST_TEST(!e.failures[0].message.contains("--max-cooldown"));
}

BOOST_AUTO_TEST_CASE(an_implausible_retry_after_is_cut_and_reported) {
  endpoint_of_tokens e({answer_of(429, "Too many requests", "Retry-After: 99999999999999999999\r\n")});
  e.start();
  BOOST_TEST(e.until([&] { return !e.failures.empty(); }));
  BOOST_REQUIRE(e.agains.at(0).has_value());
  BOOST_TEST((*e.agains[0] - net::boot_now() <= 27h));
  BOOST_TEST(e.failures[0].message.contains("99999999999999999999"), e.failures[0].message);
  BOOST_TEST(e.failures[0].message.contains("--max-cooldown"), e.failures[0].message);
}

BOOST_AUTO_TEST_CASE(stop_ends_the_wait_for_a_long_retry_after) {
  endpoint_of_tokens e({answer_of(429, "Too many requests", "Retry-After: 60\r\n"), grant("abc")});
  e.start();
  BOOST_TEST(e.until([&] { return !e.failures.empty(); }));
  e.source->rejected(0);
  e.context.restart();
  e.context.run_for(20ms);
  BOOST_TEST(e.server.log().connections == 1U);
  e.source->stop();
  e.context.restart();
  e.context.run_for(20ms);
  BOOST_TEST(e.ready.empty());
}

BOOST_DATA_TEST_CASE(answers_without_a_usable_token_are_failures,
                     data::make(std::vector<useless>{
                         {"html", answer_of(200, "<html>login</html>")},
                         {"empty", answer_of(200, "")},
                         {"no token", answer_of(200, R"({"expires_in":3600})")},
                         {"a token with a line break",
                          answer_of(200, R"({"token_type":"Bearer","expires_in":3600,"access_token":"a\r\nb"})")},
                         {"cut", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"access_token\":"},
                         {"over 64 KiB", answer_of(200, std::string(70'000, ' '))},
                         {"a redirect", answer_of(302, "", "Location: https://elsewhere.example/\r\n")}}),
                     u) {
  boost::asio::io_context context(1);
  endpoint_of_tokens e({});
  server broken(e.context, {script().answer(u.answer).close()});
  e.make(broken.address());
  e.start();
  BOOST_TEST(e.until([&] { return !e.failures.empty() || !e.fatals.empty(); }));
  BOOST_TEST(e.ready.empty());
  BOOST_TEST(e.token() == "none");
}

BOOST_AUTO_TEST_CASE(repeated_rejections_of_one_token_bring_one_newer_token) {
  endpoint_of_tokens e({grant("first"), grant("second"), grant("third")});
  e.start();
  BOOST_TEST(e.until([&] { return e.ready.size() == 1; }));
  for (int i = 0; i < 50; ++i) e.source->rejected(1);
  BOOST_TEST(e.token() == "none");
  BOOST_TEST(e.until([&] { return e.ready.size() == 2; }));
  BOOST_TEST(e.token() == "second");
  BOOST_TEST(e.source->current()->number == 2U);
  // Answers to calls with the first token come late.
  e.source->rejected(1);
  BOOST_TEST(e.token() == "second");
  BOOST_TEST(e.ready.size() == 3U);
  BOOST_TEST(e.ready.back() == 2U);
  e.context.restart();
  e.context.run_for(20ms);
  BOOST_TEST(e.server.log().connections == 2U);
}

BOOST_AUTO_TEST_CASE(a_token_is_renewed_before_it_runs_out) {
  endpoint_of_tokens e({grant("first", 2, R"(,"refresh_in":1)"), grant("second", 3600)});
  e.start();
  BOOST_TEST(e.until([&] { return e.ready.size() == 2; }));
  BOOST_TEST(e.token() == "second");
  BOOST_TEST(e.failures.empty());
}

BOOST_AUTO_TEST_CASE(a_renewal_that_is_refused_for_good_is_reported_when_the_old_token_ends) {
  endpoint_of_tokens e(
      {grant("first", 2, R"(,"refresh_in":1)"), refusal(401, "invalid_client", "AADSTS7000222: expired."), grant("third")});
  e.start();
  BOOST_TEST(e.until([&] { return e.server.log().requests.size() == 2; }));
  e.context.restart();
  e.context.run_for(50ms);
  BOOST_TEST(e.token() == "first");
  BOOST_TEST(e.fatals.empty());
  BOOST_REQUIRE(e.until([&] { return !e.fatals.empty(); }));
  BOOST_TEST(e.fatals[0].message.contains("AADSTS7000222"), e.fatals[0].message);
  BOOST_TEST(e.token() == "none");
  BOOST_TEST(e.failures.empty());
  BOOST_TEST(e.server.log().requests.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_renewal_that_is_refused_for_good_is_reported_at_once_when_the_old_token_is_rejected) {
  endpoint_of_tokens e(
      {grant("first", 60, R"(,"refresh_in":1)"), refusal(401, "invalid_client", "AADSTS7000222: expired."), grant("third")});
  e.start();
  BOOST_TEST(e.until([&] { return e.server.log().requests.size() == 2; }));
  e.context.restart();
  e.context.run_for(50ms);
  BOOST_TEST(e.fatals.empty());
  e.source->rejected(1);
  BOOST_TEST(e.until([&] { return !e.fatals.empty(); }));
  e.source->rejected(1);
  BOOST_TEST(e.fatals.size() == 2U);
  BOOST_TEST(e.server.log().requests.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_renewal_that_has_to_wait_is_reported_when_the_old_token_ends) {
  endpoint_of_tokens e({grant("first", 2, R"(,"refresh_in":1)"), answer_of(429, "Too many", "Retry-After: 60\r\n"), grant("third")});
  e.start();
  BOOST_TEST(e.until([&] { return e.server.log().requests.size() == 2; }));
  e.context.restart();
  e.context.run_for(50ms);
  BOOST_TEST(e.token() == "first");
  BOOST_TEST(e.failures.empty());
  BOOST_TEST(e.until([&] { return !e.failures.empty(); }));
  BOOST_TEST(e.token() == "none");
  e.context.restart();
  e.context.run_for(50ms);
  BOOST_TEST(e.failures.size() == 1U);
  BOOST_TEST(e.fatals.empty());
  BOOST_TEST(e.server.log().requests.size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_cannot_be_reached_is_a_failure) {
  boost::asio::io_context context(1);
  std::uint16_t port = 0;
  {
    const server gone(context, {});
    port = gone.port();
  }
  endpoint_of_tokens e({});
  auto where = e.server.address();
  where.port = port;
  e.make(where);
  e.start();
  BOOST_TEST(e.until([&] { return !e.failures.empty(); }));
  BOOST_TEST((e.failures[0].code == errc::network));
  BOOST_TEST(e.failures[0].message.contains("cannot connect to 127.0.0.1:" + std::to_string(port)), e.failures[0].message);
}

BOOST_AUTO_TEST_CASE(the_source_may_be_destroyed_during_a_request) {
  endpoint_of_tokens e({});
  server silent(e.context, {script().request()});
  e.make(silent.address());
  e.start();
  BOOST_TEST(e.until([&] { return silent.log().requests.size() == 1; }));
  e.source.reset();
  e.context.restart();
  e.context.run_for(10ms);
  BOOST_TEST(e.failures.empty());
  BOOST_TEST(e.fatals.empty());
}

// Too large for the buffer within a std::function. What an event captures must exist as long as the event runs.
struct kept_word {
  std::array<char, 64> padding{};
  std::string word = "a word that is too long to lie inside a string";
};

BOOST_AUTO_TEST_CASE(an_event_may_stop_the_source) {
  endpoint_of_tokens e({refusal(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")});
  std::string after;
  e.source->start({{}, [&e, &after, held = kept_word()](const error&, bool, auto) {
                     e.source->stop();
                     after = held.word;
                   }});
  BOOST_TEST(e.until([&] { return !after.empty(); }));
  BOOST_TEST(after == kept_word().word);
  after.clear();
  e.source->rejected(0);
  BOOST_TEST(after.empty());

  const auto ready = auth::token_source::ready(secret("ready.token"));
  ready->start({{}, [&ready, &after, held = kept_word()](const error&, bool, auto) {
                  ready->stop();
                  after = held.word;
                }});
  ready->rejected(1);
  BOOST_TEST(after == kept_word().word);
  after.clear();
  ready->rejected(1);
  BOOST_TEST(after.empty());
}

BOOST_AUTO_TEST_CASE(the_context_may_be_destroyed_during_a_request) {
  auto tls = net::tls_context::create({}).value();
  std::unique_ptr<auth::token_source> source;
  {
    boost::asio::io_context context(1);
    server silent(context, {script().request()});
    auto by = auth::by_client_secret({silent.address(), tenant, "c", "https://graph.microsoft.com"}, secret(password));
    source = auth::token_source::renewing(context.get_executor(), tls, std::move(by), {.attempt_timeout = 5s});
    source->start({});
    BOOST_TEST(run_until(context, [&] { return silent.log().requests.size() == 1; }));
    source->stop();
    source.reset();
  }
  // AddressSanitizer sees a use after that.
}

BOOST_AUTO_TEST_CASE(a_tenant_cannot_change_the_path) {
  endpoint_of_tokens e({grant("abc")});
  for (const std::string bad : {"", "a/b", "a b", "a\r\nX: y", "a?b"}) {
    e.make(e.server.address(), bad);
    e.start();
    BOOST_TEST(e.until([&] { return !e.fatals.empty(); }));
    e.fatals.clear();
  }
  BOOST_TEST(e.server.log().connections == 0U);
}

BOOST_AUTO_TEST_CASE(a_ready_token_is_used_until_it_is_rejected) {
  const auto source = auth::token_source::ready(secret("ready.token"));
  std::vector<std::uint32_t> ready;
  unsigned fatal = 0;
  source->start({[&](std::uint32_t n) { ready.push_back(n); }, [&](const error&, bool f, auto) { fatal += f ? 1 : 0; }});
  BOOST_TEST(ready.size() == 1U);
  BOOST_TEST(source->current()->text->reveal() == "ready.token");
  source->rejected(0);
  BOOST_TEST(ready.size() == 2U);
  BOOST_TEST(fatal == 0U);
  source->rejected(1);
  BOOST_TEST(fatal == 1U);
  BOOST_TEST(!source->current());
}

BOOST_AUTO_TEST_SUITE_END()

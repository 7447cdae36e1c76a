// What each kind of credential sends, and what it makes of the answers.

#include <filesystem>
#include <fstream>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "auth/auth.hpp"
#include "auth/credentials.hpp"
#include "auth/support/key_files.hpp"
#include "core/base64.hpp"
#include "net/support/server.hpp"
#include "temporary_folder.hpp"

using namespace convoke;
using namespace convoke::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

const std::string tenant = "11111111-2222-3333-4444-555555555555";
const std::string graph_root = "https://graph.microsoft.com";

std::string grant(const std::string& token) {
  return answer_of(200, R"({"token_type":"Bearer","expires_in":"3599","expires_on":"1","access_token":")" + token + "\"}");
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

std::string field(const std::string& request, const std::string& name) {
  const auto body = "&" + request.substr(request.find("\r\n\r\n") + 4);
  const auto at = body.find("&" + name + "=");
  if (at == std::string::npos) return "none";
  const auto from = at + name.size() + 2;
  return unescaped(body.substr(from, body.find('&', from) - from));
}

json::object part(const std::string& jwt, std::size_t number) {
  std::size_t from = 0;
  for (; number > 0; --number) from = jwt.find('.', from) + 1;
  return json::parse(core::decode_base64(jwt.substr(from, jwt.find('.', from) - from), core::base64_alphabet::url).value()).as_object();
}

// A server, and the source of one credential.
struct signing_in {
  explicit signing_in(const std::vector<std::string>& answers) : server(context, scripts(answers)) {}

  static std::vector<script> scripts(const std::vector<std::string>& answers) {
    std::vector<script> out;
    for (const auto& a : answers) out.push_back(script().answer(a));
    return out;
  }
  auth::app_identity app() { return {server.address(), tenant, "app-1", graph_root}; }
  auth::managed_identity_service service(auth::managed_identity_service::protocol speaks, token::identity_choice which = {}) {
    return {.speaks = speaks, .at = server.address(), .header = secret("id-header"), .which = std::move(which)};
  }
  void start(std::unique_ptr<auth::credential> by) {
    source = auth::token_source::renewing(context.get_executor(), tls, std::move(by), {.attempt_timeout = 5s});
    source->start({.ready = [this](std::uint32_t n) { number = n; },
                   .failed =
                       [this](const error& why, bool is_fatal, std::optional<mono_time> at) {
                         failed = why;
                         fatal = is_fatal;
                         again = at;
                       }});
  }
  bool until_over() {
    return run_until(context, [&] { return number > 0 || failed; });
  }
  const std::vector<std::string>& requests() { return server.log().requests; }

  boost::asio::io_context context{1};
  net::tls_context tls = net::tls_context::create({}).value();
  server server;
  std::unique_ptr<auth::token_source> source;
  std::uint32_t number = 0;
  std::optional<error> failed;
  bool fatal = false;
  std::optional<mono_time> again;
};

struct certified : signing_in {
  using signing_in::signing_in;
  static const identity& own() {
    static const identity made = authority::self_signed({.names = {}, .rsa_bits = 2048});
    return made;
  }
  std::unique_ptr<auth::credential> by(token::signature_algorithm how) {
    const temporary_file file(own().key + own().certificate);
    return auth::by_certificate(app(), auth::signing_key::read(file.path(), {}).value(), how);
  }
};

using enum auth::managed_identity_service::protocol;

}  // namespace

BOOST_AUTO_TEST_SUITE(credentials)

BOOST_AUTO_TEST_CASE(a_certificate_signs_an_assertion) {
  for (const bool pss : {true, false}) {
    certified c({grant("tok")});
    c.start(c.by(pss ? token::signature_algorithm::ps256 : token::signature_algorithm::rs256));
    BOOST_REQUIRE(c.until_over());
    BOOST_TEST(c.source->current()->text->reveal() == "tok");
    const auto& request = c.requests().at(0);
    BOOST_TEST(request.starts_with("POST /" + tenant + "/oauth2/v2.0/token HTTP/1.1\r\n"));
    BOOST_TEST(field(request, "grant_type") == "client_credentials");
    BOOST_TEST(field(request, "client_id") == "app-1");
    BOOST_TEST(field(request, "scope") == graph_root + "/.default");
    BOOST_TEST(field(request, "client_secret") == "none");
    BOOST_TEST(field(request, "client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    const auto jwt = field(request, "client_assertion");
    BOOST_TEST(signature_is_right(jwt, certified::own(), pss));
    BOOST_TEST(part(jwt, 0).at("alg").as_string() == (pss ? "PS256" : "RS256"));
    const auto claims = part(jwt, 1);
    BOOST_TEST(claims.at("aud").as_string() == "http://127.0.0.1:" + std::to_string(c.server.port()) + "/" + tenant + "/oauth2/v2.0/token");
    BOOST_TEST(claims.at("iss").as_string() == "app-1");
    BOOST_TEST(claims.at("sub").as_string() == "app-1");
    const auto now = std::chrono::floor<std::chrono::seconds>(net::wall_now()).time_since_epoch().count();
    BOOST_TEST(std::abs(claims.at("nbf").as_int64() - now) <= 60);
    BOOST_TEST(claims.at("exp").as_int64() - claims.at("nbf").as_int64() == 600);
  }
}

BOOST_AUTO_TEST_CASE(every_assertion_has_an_id_of_its_own) {
  certified c({grant("tok"), grant("tok2")});
  c.start(c.by(token::signature_algorithm::ps256));
  BOOST_REQUIRE(c.until_over());
  c.source->rejected(1);
  BOOST_REQUIRE(run_until(c.context, [&] { return c.number == 2; }));
  const auto id = [&](std::size_t n) { return std::string(part(field(c.requests().at(n), "client_assertion"), 1).at("jti").as_string()); };
  BOOST_TEST(id(0).size() == 36U);
  BOOST_TEST(id(0) != id(1));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_registered_is_explained) {
  certified c({answer_of(401, R"({"error":"invalid_client","error_description":"AADSTS700027: no such key","error_codes":[700027]})")});
  c.start(c.by(token::signature_algorithm::ps256));
  BOOST_REQUIRE(c.until_over());
  BOOST_TEST(c.fatal);
  BOOST_TEST(c.failed->message.contains("registered with the app"), c.failed->message);
}

BOOST_FIXTURE_TEST_CASE(an_assertion_that_the_endpoint_repeats_is_redacted, convoke_test::temporary_folder) {
  const std::string hidden = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzYSJ9.c2lnbmF0dXJl";
  signing_in s({answer_of(401, R"({"error":"invalid_client","error_description":"AADSTS700211: )" + hidden + R"( is unknown"})")});
  const auto file = (path / "token").string();
  std::ofstream(file) << hidden;
  s.start(auth::by_federated_token(s.app(), file));
  BOOST_REQUIRE(s.until_over());
  BOOST_TEST(s.fatal);
  BOOST_TEST(!s.failed->message.contains(hidden.substr(20, 12)), s.failed->message);
  BOOST_TEST(s.failed->message.contains("issuer"), s.failed->message);
}

BOOST_FIXTURE_TEST_CASE(a_federated_token_is_read_anew_for_every_request, convoke_test::temporary_folder) {
  signing_in s({grant("tok"), grant("tok2")});
  const auto file = (path / "token").string();
  std::ofstream(file) << "first.jwt.x\n";
  s.start(auth::by_federated_token(s.app(), file));
  BOOST_REQUIRE(s.until_over());
  std::ofstream(file) << "second.jwt.x";
  s.source->rejected(1);
  BOOST_REQUIRE(run_until(s.context, [&] { return s.number == 2; }));
  BOOST_TEST(field(s.requests().at(0), "client_assertion") == "first.jwt.x");
  BOOST_TEST(field(s.requests().at(1), "client_assertion") == "second.jwt.x");
  BOOST_TEST(field(s.requests().at(1), "client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
}

// Kubernetes projects tokens as symbolic links that every user of the container may read.
BOOST_FIXTURE_TEST_CASE(a_federated_token_may_be_a_link, convoke_test::temporary_folder) {
  signing_in s({grant("tok")});
  std::ofstream(path / "data") << "first.jwt.x";
  std::filesystem::create_symlink(path / "data", path / "token");
  s.start(auth::by_federated_token(s.app(), (path / "token").string()));
  BOOST_REQUIRE(s.until_over());
  BOOST_TEST(field(s.requests().at(0), "client_assertion") == "first.jwt.x");
}

BOOST_FIXTURE_TEST_CASE(a_federated_token_that_is_missing_is_waited_for, convoke_test::temporary_folder) {
  signing_in s({grant("tok")});
  const auto file = (path / "token").string();
  s.start(auth::by_federated_token(s.app(), file));
  BOOST_REQUIRE(s.until_over());
  BOOST_TEST(!s.fatal);
  BOOST_TEST(s.failed->message.contains("the federated token file " + file + " cannot be opened"), s.failed->message);
  std::ofstream(file) << "first.jwt.x";
  BOOST_TEST(run_until(s.context, [&] { return s.number == 1; }));
}

BOOST_FIXTURE_TEST_CASE(a_federated_token_file_with_something_else_is_not_sent, convoke_test::temporary_folder) {
  signing_in s({grant("tok")});
  const auto file = (path / "token").string();
  std::ofstream(file) << "hunter2 hunter2";
  s.start(auth::by_federated_token(s.app(), file));
  BOOST_REQUIRE(s.until_over());
  BOOST_TEST(s.failed->message.contains("does not hold a token: it holds a blank"), s.failed->message);
  BOOST_TEST(!s.failed->message.contains("hunter2"));
  BOOST_TEST(s.requests().empty());
}

BOOST_AUTO_TEST_CASE(imds_is_asked_with_its_header) {
  signing_in s({grant("tok")});
  s.start(auth::by_managed_identity(s.service(imds, {.client_id = "mi-1"}), graph_root));
  BOOST_REQUIRE(s.until_over());
  const auto& request = s.requests().at(0);
  BOOST_TEST(request.starts_with(
      "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com&client_id=mi-1 HTTP/1.1\r\n"));
  BOOST_TEST(request.contains("\r\nMetadata: true\r\n"));
  BOOST_TEST(!request.contains("X-IDENTITY-HEADER"));
}

BOOST_AUTO_TEST_CASE(app_service_is_asked_with_its_secret_header) {
  signing_in s({grant("tok")});
  s.start(auth::by_managed_identity(s.service(app_service), graph_root));
  BOOST_REQUIRE(s.until_over());
  const auto& request = s.requests().at(0);
  BOOST_TEST(request.starts_with("GET ?api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com HTTP/1.1\r\n") +
                 request.starts_with("GET /?api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com HTTP/1.1\r\n") ==
             1);
  BOOST_TEST(request.contains("\r\nX-IDENTITY-HEADER: id-header\r\n"));
  BOOST_TEST(!request.contains("Metadata"));
}

BOOST_AUTO_TEST_CASE(a_managed_identity_is_exchanged_for_the_app) {
  signing_in s({grant("mi.tok.en"), grant("tok")});
  s.start(auth::by_managed_federation(s.app(), s.service(imds), "api://AzureADTokenExchange"));
  BOOST_REQUIRE(s.until_over());
  BOOST_REQUIRE_EQUAL(s.requests().size(), 2U);
  BOOST_TEST(s.requests()[0].contains("&resource=api%3A%2F%2FAzureADTokenExchange "));
  BOOST_TEST(field(s.requests()[1], "client_assertion") == "mi.tok.en");
  BOOST_TEST(field(s.requests()[1], "client_id") == "app-1");
  BOOST_TEST(s.source->current()->text->reveal() == "tok");
}

BOOST_AUTO_TEST_CASE(a_managed_identity_that_is_busy_is_asked_again_after_its_wait) {
  signing_in s({answer_of(429, "{}"), grant("tok")});
  s.start(auth::by_managed_identity(s.service(imds), graph_root));
  const auto before = net::boot_now();
  BOOST_REQUIRE(s.until_over());
  BOOST_TEST(!s.fatal);
  BOOST_REQUIRE(s.again.has_value());
  BOOST_TEST((*s.again - before >= 2s && *s.again - before < 5s));
}

BOOST_AUTO_TEST_CASE(an_identity_that_is_unknown_is_fatal) {
  signing_in s({answer_of(400, R"({"error":"invalid_request","error_description":"Identity not found"})")});
  s.start(auth::by_managed_identity(s.service(imds), graph_root));
  BOOST_REQUIRE(s.until_over());
  BOOST_TEST(s.fatal);
  BOOST_TEST(s.failed->message.contains("Identity not found"));
}

BOOST_AUTO_TEST_CASE(a_managed_identity_that_cannot_be_reached_is_tried_again) {
  signing_in s({});
  auto service = s.service(imds);
  service.at.port = 1;
  s.start(auth::by_managed_identity(std::move(service), graph_root));
  BOOST_REQUIRE(s.until_over());
  BOOST_TEST(!s.fatal);
  BOOST_TEST((s.failed->code == errc::network));
}

BOOST_AUTO_TEST_SUITE_END()

// Signing in as a person: what is sent, what is shown, and what is kept.

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "auth/auth.hpp"
#include "auth/credentials.hpp"
#include "auth/user_session.hpp"
#include "core/encode_base64.hpp"
#include "net/support/server.hpp"
#include "temporary_folder.hpp"
#include "token/saved_sign_in.hpp"

using namespace convoke;
using namespace convoke::test;
using namespace std::chrono_literals;

namespace {

const std::string tenant = "11111111-2222-3333-4444-555555555555", app = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002";
const std::string alice = "aaaaaaaa-0000-4000-8000-000000000001", bob = "bbbbbbbb-0000-4000-8000-000000000002";

std::string grant(const std::string& token, const std::string& refresh, const std::string& user = alice) {
  const auto claims = R"({"tid":")" + tenant + R"(","aud":")" + app + R"(","oid":")" + user + R"("})";
  return answer_of(200, R"({"token_type":"Bearer","expires_in":3599,"access_token":")" + token + R"(","refresh_token":")" + refresh +
                            R"(","id_token":"e30.)" + encode_base64(claims, core::base64_alphabet::url, false) + R"(.c2ln"})");
}
std::string offer(const std::string& url = "http://127.0.0.1/devicelogin") {
  return answer_of(200, R"({"user_code":"ABCD","device_code":"dc","verification_uri":")" + url + R"(","expires_in":900,"interval":1})");
}
std::string refused(const std::string& word) {
  return answer_of(400, R"({"error":")" + word + R"(","error_description":"AADSTS50173: The grant has expired."})");
}

// A server, a folder for the file, and one source after the other.
struct signing_in {
  explicit signing_in(const std::vector<std::string>& answers) : server(context, scripts(answers)), file(folder / "in/sign-in.json") {}

  static std::vector<script> scripts(const std::vector<std::string>& answers) {
    std::vector<script> out;
    for (const auto& a : answers) out.push_back(script().answer(a));
    return out;
  }
  std::shared_ptr<user_session> session(bool saves = true, user_session::file_use use = user_session::file_use::kept) {
    return std::make_shared<user_session>(auth::app_identity{server.address(), tenant, app, "https://g"}, saves ? file : std::string(),
                                          use);
  }
  // False: no event came.
  bool request(std::shared_ptr<user_session> by, bool may_ask = true) {
    number = 0;
    failed.reset();
    fatal = false;
    std::function<void(const sign_in_prompt&)> show;
    if (may_ask) show = [this](const sign_in_prompt& p) { shown.push_back(p); };
    source = auth::token_source::renewing(context.get_executor(), tls, auth::by_device_code(std::move(by), show, before_asking),
                                          {.attempt_timeout = 5s});
    source->start({.ready = [this](std::uint32_t n) { number = n; },
                   .failed =
                       [this](const error& why, bool is_fatal, std::optional<mono_time>) {
                         failed = why;
                         fatal = is_fatal;
                       }});
    return run_until(context, [&] { return number > 0 || failed; });
  }
  void save(const std::string& refresh, const std::string& user = alice) {
    std::filesystem::create_directory(folder / "in");
    ::chmod((folder / "in").c_str(), 0700);
    const auto root = "http://" + server.address().host_header;
    const auto text =
        token::write_saved({.authority = root, .tenant = tenant, .client_id = app, .user = user, .refresh_token = secret(refresh)});
    std::ofstream(file) << text.reveal();
    ::chmod(file.c_str(), 0600);
  }
  std::optional<token::saved_sign_in> saved() {
    std::ifstream in(file);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    return token::read_saved(text);
  }
  bool sent(std::size_t i, std::string_view what) { return server.log().requests.at(i).find(what) != std::string::npos; }

  boost::asio::io_context context{1};
  net::tls_context tls = net::tls_context::create({}).value();
  convoke_test::temporary_folder folder;
  server server;
  std::string file;
  std::unique_ptr<auth::token_source> source;
  std::vector<sign_in_prompt> shown;
  std::function<result<void>()> before_asking;
  std::uint32_t number = 0;
  std::optional<error> failed;
  bool fatal = false;
};

BOOST_AUTO_TEST_SUITE(device_code)

BOOST_AUTO_TEST_CASE(a_person_is_shown_the_code_and_the_sign_in_is_saved) {
  signing_in s({offer(), refused("authorization_pending"), grant("tok", "rt-1")});
  const auto session = s.session();
  BOOST_REQUIRE(s.request(session));
  BOOST_REQUIRE(!s.failed);
  BOOST_TEST(s.source->current()->text->reveal() == "tok");
  BOOST_REQUIRE(s.shown.size() == 1U);
  BOOST_TEST(s.shown[0].url == "http://127.0.0.1/devicelogin");
  BOOST_TEST(s.shown[0].code == "ABCD");
  BOOST_TEST(s.shown[0].tenant == tenant);
  BOOST_TEST((s.shown[0].valid_for == 900s));
  BOOST_TEST(s.server.log().requests.at(0).starts_with("POST /" + tenant + "/oauth2/v2.0/devicecode HTTP/1.1\r\n"));
  BOOST_TEST(s.server.log().requests.at(1).starts_with("POST /" + tenant + "/oauth2/v2.0/token HTTP/1.1\r\n"));
  BOOST_TEST(s.sent(1, "device_code=dc"));
  BOOST_TEST(!s.sent(1, "client_secret"));
  BOOST_TEST(session->user() == alice);
  BOOST_REQUIRE(s.saved());
  BOOST_TEST(s.saved()->user == alice);
  BOOST_TEST(s.saved()->refresh_token.reveal() == "rt-1");
  struct stat about{};
  BOOST_REQUIRE(::stat(s.file.c_str(), &about) == 0);
  BOOST_TEST((about.st_mode & 07777) == 0600U);
}

BOOST_AUTO_TEST_CASE(a_saved_sign_in_is_used_and_replaced_without_asking) {
  signing_in s({grant("tok", "rt-2")});
  s.save("rt-1");
  BOOST_REQUIRE(s.request(s.session(), false));
  BOOST_REQUIRE(!s.failed);
  BOOST_TEST(s.sent(0, "grant_type=refresh_token"));
  BOOST_TEST(s.sent(0, "refresh_token=rt-1"));
  BOOST_TEST(s.saved()->refresh_token.reveal() == "rt-2");
}

BOOST_AUTO_TEST_CASE(the_grant_of_a_sign_in_serves_the_first_request_of_the_run) {
  signing_in s({grant("tok", "rt-2"), grant("another", "rt-3")});
  s.save("rt-1");
  const auto session = s.session();
  BOOST_REQUIRE(s.request(session));
  BOOST_REQUIRE(s.request(session, false));
  BOOST_TEST(s.source->current()->text->reveal() == "tok");
  BOOST_TEST(s.server.log().requests.size() == 1U);
  BOOST_REQUIRE(s.request(session, false));
  BOOST_TEST(s.source->current()->text->reveal() == "another");
}

BOOST_AUTO_TEST_CASE(a_refused_sign_in_is_deleted_and_asked_for_where_a_person_may_be_asked) {
  signing_in s({refused("invalid_grant"), offer(), grant("tok", "rt-9", bob)});
  s.save("rt-1");
  const auto session = s.session();
  BOOST_REQUIRE(s.request(session));
  BOOST_REQUIRE(!s.failed);
  BOOST_TEST(s.shown.size() == 1U);
  BOOST_TEST(session->user() == bob);
  BOOST_TEST(s.saved()->refresh_token.reveal() == "rt-9");
}

BOOST_AUTO_TEST_CASE(what_keeps_a_person_from_being_asked_is_looked_for_when_one_is_needed) {
  unsigned looks = 0;
  signing_in good({grant("tok", "rt-2")});
  good.before_asking = [&]() -> result<void> { return ++looks, fail(errc::input, "the header is wrong"); };
  good.save("rt-1");
  BOOST_REQUIRE(good.request(good.session()));
  BOOST_TEST(!good.failed);
  BOOST_TEST(looks == 0U);

  signing_in stale({refused("invalid_grant"), offer(), grant("tok", "rt-9")});
  stale.before_asking = good.before_asking;
  stale.save("rt-1");
  BOOST_REQUIRE(stale.request(stale.session()));
  BOOST_REQUIRE(stale.failed);
  BOOST_TEST(stale.fatal);
  BOOST_TEST((stale.failed->code == errc::input));
  BOOST_TEST(looks == 1U);
  BOOST_TEST(stale.shown.empty());
  BOOST_TEST(stale.server.log().requests.size() == 1U, "no code is requested");

  signing_in passes({refused("invalid_grant"), offer(), grant("tok", "rt-9")});
  passes.before_asking = [&]() -> result<void> { return ++looks, result<void>(); };
  passes.save("rt-1");
  BOOST_REQUIRE(passes.request(passes.session()));
  BOOST_TEST(!passes.failed);
  BOOST_TEST(looks == 2U);
  BOOST_TEST(passes.shown.size() == 1U);
}

BOOST_AUTO_TEST_CASE(during_a_run_no_person_is_asked) {
  signing_in s({refused("invalid_grant")});
  s.save("rt-1");
  BOOST_REQUIRE(s.request(s.session(), false));
  BOOST_REQUIRE(s.failed);
  BOOST_TEST(s.fatal);
  BOOST_TEST(s.failed->message.contains("AADSTS50173"));
  BOOST_TEST(s.failed->message.contains("Run the same command again to sign in"));
  BOOST_TEST(!s.failed->message.contains("rt-1"));
  BOOST_TEST(!std::filesystem::exists(s.file));
}

BOOST_AUTO_TEST_CASE(a_failure_of_the_service_keeps_the_sign_in) {
  signing_in s({answer_of(503, "")});
  s.save("rt-1");
  BOOST_REQUIRE(s.request(s.session(), false));
  BOOST_REQUIRE(s.failed);
  BOOST_TEST(!s.fatal);
  BOOST_TEST(s.saved()->refresh_token.reveal() == "rt-1");
}

BOOST_AUTO_TEST_CASE(the_token_of_another_process_is_used_instead_of_the_own_one) {
  signing_in s({grant("a", "rt-2"), grant("b", "rt-8")});
  s.save("rt-1");
  const auto session = s.session();
  BOOST_REQUIRE(s.request(session, false));
  s.save("rt-7");  // as another process does
  BOOST_REQUIRE(s.request(session, false));
  BOOST_TEST(s.sent(1, "refresh_token=rt-7"));
  BOOST_TEST(s.saved()->refresh_token.reveal() == "rt-8");
}

BOOST_AUTO_TEST_CASE(the_sign_in_of_another_user_is_left_alone) {
  signing_in s({grant("a", "rt-2"), grant("b", "rt-3")});
  s.save("rt-1");
  const auto session = s.session();
  BOOST_REQUIRE(s.request(session, false));
  s.save("of-bob", bob);
  BOOST_REQUIRE(s.request(session, false));
  BOOST_TEST(s.sent(1, "refresh_token=rt-2"));
  BOOST_TEST(s.saved()->refresh_token.reveal() == "of-bob");
}

BOOST_AUTO_TEST_CASE(another_user_than_the_one_of_the_run_is_refused) {
  signing_in s({grant("a", "rt-2"), grant("b", "rt-3", bob)});
  s.save("rt-1");
  const auto session = s.session();
  BOOST_REQUIRE(s.request(session, false));
  BOOST_REQUIRE(s.request(session, false));
  BOOST_REQUIRE(s.failed);
  BOOST_TEST(s.failed->message.contains(bob));
  BOOST_TEST(s.saved()->user == alice);
}

BOOST_AUTO_TEST_CASE(a_refreshed_token_may_lack_the_id_token_and_a_sign_in_may_not) {
  const auto bare = answer_of(200, R"({"token_type":"Bearer","expires_in":3599,"access_token":"a","refresh_token":"rt-2"})");
  signing_in s({bare});
  s.save("rt-1");
  BOOST_REQUIRE(s.request(s.session(), false));
  BOOST_TEST(!s.failed);
  BOOST_TEST(s.saved()->user == alice);
  BOOST_TEST(s.saved()->refresh_token.reveal() == "rt-2");
  signing_in other({offer(), bare});
  BOOST_REQUIRE(other.request(other.session(false)));
  BOOST_REQUIRE(other.failed);
  BOOST_TEST(other.failed->message.contains("who has signed in"));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_not_safe_is_not_shown_as_an_order) {
  for (const std::string url : {"http://example.com/x", "ftp://127.0.0.1/x", "https://user@127.0.0.1/", "javascript:alert(1)"}) {
    signing_in s({offer(url)});
    BOOST_REQUIRE(s.request(s.session(false)));
    BOOST_TEST(s.shown.empty(), url);
    BOOST_REQUIRE(s.failed);
    BOOST_TEST(s.fatal);
    BOOST_TEST(s.failed->message.contains("--authority-url"));
  }
}

BOOST_AUTO_TEST_CASE(a_denied_sign_in_ends_for_good) {
  signing_in s({offer(), refused("authorization_declined")});
  BOOST_REQUIRE(s.request(s.session(false)));
  BOOST_REQUIRE(s.failed);
  BOOST_TEST(s.fatal);
  BOOST_TEST(s.failed->message.contains("declined"));
}

BOOST_AUTO_TEST_CASE(files_and_folders_of_others_are_refused) {
  signing_in s({});
  s.save("rt-1");
  ::chmod(s.file.c_str(), 0640);
  BOOST_TEST(s.session()->load().error().message.contains("chmod 600 " + s.file));
  ::chmod(s.file.c_str(), 0600);
  BOOST_TEST(s.session()->load().has_value());
  ::chmod((s.folder / "in").c_str(), 0770);
  BOOST_TEST(s.session()->load().error().message.contains("can be written to by others"));
  ::chmod((s.folder / "in").c_str(), 0700);
  std::filesystem::rename(s.file, s.file + ".other");
  std::filesystem::create_symlink(s.file + ".other", s.file);
  BOOST_TEST(s.session()->load().error().message.contains("symbolic link"));
}

BOOST_AUTO_TEST_CASE(a_file_of_another_app_is_not_used) {
  signing_in s({});
  s.save("rt-1");
  user_session other({s.server.address(), tenant, bob, "https://g"}, s.file);
  BOOST_TEST(other.load().error().message.contains("delete it"));
}

BOOST_AUTO_TEST_CASE(a_sign_in_that_is_not_to_be_saved_writes_no_file) {
  signing_in s({offer(), grant("tok", "rt-1")});
  BOOST_REQUIRE(s.request(s.session(false)));
  BOOST_REQUIRE(!s.failed);
  BOOST_TEST(!std::filesystem::exists(s.folder / "in"));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_only_replaced_is_neither_made_nor_deleted) {
  constexpr auto use = user_session::file_use::only_replaced;
  signing_in fresh({offer(), grant("tok", "rt-1")});
  BOOST_REQUIRE(fresh.request(fresh.session(true, use)));
  BOOST_REQUIRE(!fresh.failed);
  BOOST_TEST(!std::filesystem::exists(fresh.folder / "in"));

  signing_in used({grant("tok", "rt-2")});
  used.save("rt-1");
  BOOST_REQUIRE(used.request(used.session(true, use)));
  BOOST_REQUIRE(!used.failed);
  BOOST_TEST(used.saved()->refresh_token.reveal() == "rt-2");

  // The sign-in of a person who is asked in place of it is not kept either.
  signing_in revoked({refused("invalid_grant"), offer(), grant("tok", "rt-9", bob)});
  revoked.save("rt-1");
  const auto session = revoked.session(true, use);
  BOOST_REQUIRE(revoked.request(session));
  BOOST_REQUIRE(!revoked.failed);
  BOOST_TEST(session->user() == bob);
  BOOST_TEST(revoked.saved()->user == alice);
  BOOST_TEST(revoked.saved()->refresh_token.reveal() == "rt-1");
}

BOOST_AUTO_TEST_CASE(the_lock_excludes_other_processes) {
  signing_in s({});
  s.save("rt-1");
  const auto one = s.session(), other = s.session();
  {
    const auto lock = one->try_lock();
    BOOST_TEST(lock.held.open());
    BOOST_TEST(!lock.busy);
    BOOST_TEST(other->try_lock().busy);
  }
  BOOST_TEST(!other->try_lock().busy);
}

BOOST_AUTO_TEST_CASE(each_authority_tenant_and_app_has_a_file_of_its_own) {
  using auth::sign_in_file_name;
  const auto name = sign_in_file_name("https://A/", tenant, app);
  BOOST_TEST(name == sign_in_file_name("https://a", tenant, app));
  BOOST_TEST(name != sign_in_file_name("https://b", tenant, app));
  BOOST_TEST(name != sign_in_file_name("https://a", app, tenant));
  BOOST_TEST(name.starts_with("sign-in-"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

#include <rapidcheck/boost_test.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <ostream>
#include <string>

#include "core/utf8.hpp"
#include "token/token.hpp"

namespace {

using namespace std::chrono_literals;
using convoke::token::grant;
using convoke::token::read_answer;
using convoke::token::refusal;

grant granted(std::string_view body) {
  auto got = read_answer(200, body, std::nullopt);
  if (!got) BOOST_FAIL(got.error().message);
  return *std::move(got);
}

refusal refused(int status, std::string_view body, std::string_view redacted = {}) {
  auto got = read_answer(status, body, std::nullopt, redacted);
  if (got) BOOST_FAIL("accepted: " << body);
  return got.error();
}

std::string with_token(std::string_view token) {
  return R"({"token_type":"Bearer","expires_in":3599,"access_token":")" + std::string(token) + "\"}";
}
std::string with_life(std::string_view life) {
  return R"({"token_type":"Bearer","access_token":"t","expires_in":)" + std::string(life) + "}";
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// An answer of Entra with this error and description.
std::string entra(std::string_view error, int number, std::string_view text) {
  return R"({"error":")" + std::string(error) + R"(","error_description":"AADSTS)" + std::to_string(number) + ": " + std::string(text) +
         R"(\r\nTrace ID: 11111111-aaaa\r\nCorrelation ID: 22222222-bbbb\r\nTimestamp: 2026-09-01 08:00:00Z","error_codes":[)" +
         std::to_string(number) + R"(],"timestamp":"2026-09-01 08:00:00Z","trace_id":"11111111-aaaa","correlation_id":"22222222-bbbb"})";
}

struct life {
  const char* text;
  long seconds;
};
std::ostream& operator<<(std::ostream& out, const life& l) {
  return out << l.text;
}

constexpr life lifetimes_to_read[] = {
    {"3599", 3599},        {"\"3599\"", 3599}, {"\" 3599 \"", 3599},      {"3599.9", 3599},     {"1", 1},
    {"100801", 28 * 3600}, {"86400", 86400},   {"1000000000000", 100800}, {"1e300", 28 * 3600}, {"\"1000000000000000000000\"", 28 * 3600},
};

constexpr const char* dead[] = {"0",    "-1",       "-3600",    "\"0\"",   "\"-5\"",  "0.5",    "null", "true",
                                "\"\"", "\"soon\"", "\"0x10\"", "\"nan\"", "\"inf\"", "[3599]", "{}"};

}  // namespace

BOOST_AUTO_TEST_SUITE(token_answer)

BOOST_AUTO_TEST_CASE(a_documented_success_gives_a_token) {
  const auto g = granted(R"({"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ0.eyJh.c2ln"})");
  BOOST_TEST(g.access_token.reveal() == "eyJ0.eyJh.c2ln");
  BOOST_TEST((g.lifetime == 3599s));
  BOOST_TEST(!g.refresh_in);
}

BOOST_AUTO_TEST_CASE(refresh_in_is_used_where_it_lies_within_the_lifetime) {
  const auto refresh = [](const char* value) {
    return granted(R"({"access_token":"t","expires_in":"86400","refresh_in":)" + std::string(value) + "}").refresh_in;
  };
  BOOST_TEST((refresh("43200") == 43200s));
  BOOST_TEST((refresh("\"43200\"") == 43200s));
  for (const char* bad : {"0", "-1", "86400", "1e9", "\"x\"", "null"}) BOOST_TEST(!refresh(bad));
}

BOOST_AUTO_TEST_CASE(the_token_type_is_compared_without_case) {
  granted(R"({"token_type":"bearer","access_token":"t","expires_in":1})");
  BOOST_TEST(contains(refused(200, R"({"token_type":"pop","access_token":"t","expires_in":1})").message, "pop"));
}

BOOST_AUTO_TEST_CASE(a_type_that_quotes_the_secret_or_the_token_is_not_shown) {
  const auto message = [](const char* type) {
    return refused(200, R"({"access_token":"eyJ0.eyJhdWQi.c2ln","expires_in":1,"token_type":")" + std::string(type) + "\"}",
                   "correct-horse-battery-staple")
        .message;
  };
  for (const char* type : {"Bearer correct-horse-battery-staple", "ect-horse-baBearer", "eyJ0.eyJhdWQi.c2ln", "xeyJ0.eyJhdWQ"}) {
    BOOST_TEST_INFO(type);
    const auto text = message(type);
    BOOST_TEST(contains(text, "***, not Bearer") != contains(text, "***Bearer, not Bearer"));
    BOOST_TEST(!contains(text, "ect-horse-ba"));
    BOOST_TEST(!contains(text, "eyJhdWQ"));
  }
  BOOST_TEST(contains(message("two\\nlines"), "token_type is two lines, not"));
}

BOOST_DATA_TEST_CASE(lifetimes_are_read_as_numbers_and_strings, boost::unit_test::data::make(lifetimes_to_read), l) {
  BOOST_TEST(granted(with_life(l.text)).lifetime.count() == l.seconds);
}

BOOST_DATA_TEST_CASE(an_answer_without_a_usable_lifetime_is_refused, boost::unit_test::data::make(dead), text) {
  const auto r = refused(200, with_life(text));
  BOOST_TEST(!r.fatal);
  BOOST_TEST(contains(r.message, "expires_in"));
}

BOOST_AUTO_TEST_CASE(a_missing_lifetime_is_named) {
  BOOST_TEST(contains(refused(200, R"({"access_token":"t"})").message, "expires_in"));
}

BOOST_AUTO_TEST_CASE(a_token_that_no_header_may_carry_is_refused_and_not_shown) {
  for (const char* bad : {"SECRETSECRET\\r\\nX: y", "SECRETSECRET ", " SECRETSECRET", "SECRET\\u0000SECRET", "SECRETSECRET\\u00fc",
                          "SECRETSECRET\\t", "SECRETSECRET\\u007f"}) {
    const auto r = refused(200, with_token(bad));
    BOOST_TEST(!r.fatal);
    BOOST_TEST(contains(r.message, "characters"));
    BOOST_TEST(!contains(r.message, "SECRET"));
  }
  BOOST_TEST(contains(refused(200, with_token("")).message, "no access_token"));
  BOOST_TEST(contains(refused(200, R"({"access_token":7,"expires_in":1})").message, "no access_token"));
}

BOOST_AUTO_TEST_CASE(a_token_of_16_kibibytes_is_the_longest) {
  const std::string limit(16384, 'x');
  BOOST_TEST(granted(with_token(limit)).access_token.reveal().size() == 16384U);
  BOOST_TEST(contains(refused(200, with_token(limit + "x")).message, "16 KiB"));
  BOOST_TEST(contains(refused(200, with_token(std::string(1 << 20, 'x'))).message, "16 KiB"));
}

BOOST_AUTO_TEST_CASE(a_flaw_of_a_token_is_named_with_its_position_and_the_token_is_not_shown) {
  using convoke::token::flaw_of_token;
  for (const char* good : {"t", "eyJ0.eyJh.c2ln", "aZ09-._~+/==", "x="}) BOOST_TEST(!flaw_of_token(good).has_value(), good);
  const std::pair<std::string, std::string> bad[] = {
      {"", "it is empty"},
      {"SECRET SECRET", "holds a blank at position 7"},
      {" SECRET", "holds a blank at position 1"},
      {"SECRET\n", "holds a line end at position 7"},
      {"SECRET\tSECRET", "holds a tab at position 7"},
      {"SECRET\x1b", "holds a control character at position 7"},
      {"SECRET\x7f", "holds a control character at position 7"},
      {std::string("SECRET\0S", 8), "holds a control character at position 7"},
      {"SECRET\u00fc", "holds a byte that is not ASCII at position 7"},
      {"\"SECRET\"", "holds the character \" at position 1"},
      {"SEC=RET=", "holds the character = at position 4"},
      {"==", "holds the character = at position 1"},
      {"Bearer SECRET", "holds a blank at position 7; bearer tokens have letters, digits and the characters - . _ ~ + / = only: leave out"},
      {std::string(100'000, 'S'), "is 100000 bytes long, more than the limit of 16 KiB (16384)"},
  };
  for (const auto& [token, what] : bad) {
    const auto flaw = flaw_of_token(token);
    BOOST_REQUIRE(flaw.has_value());
    BOOST_TEST(contains(*flaw, what), *flaw);
    BOOST_TEST(!contains(*flaw, "SEC"), *flaw);
  }
}

BOOST_AUTO_TEST_CASE(row_19_what_was_copied_with_a_token_is_removed) {
  using convoke::token::bare_token;
  for (const char* copied : {"tok.en", "tok.en\n", "\r\n tok.en\t", "\ufefftok.en", "\"tok.en\"", " 'tok.en' ", "Bearer tok.en",
                             "bearer  tok.en", "BEARER\ttok.en", "\"Bearer tok.en\"", "Bearer \"tok.en\"\n", "Authorization: Bearer tok.en",
                             "'authorization:bearer tok.en'", "tok.en\u00a0"})
    BOOST_TEST(bare_token(copied) == "tok.en", copied);
  for (const char* nothing : {"", " ", "Bearer", "Bearer ", "Authorization: Bearer\n", "\"\"", "\"Bearer\""})
    BOOST_TEST(bare_token(nothing).empty(), nothing);
  // What is inside stays, and is refused where no token has it.
  BOOST_TEST(bare_token("bearertok") == "bearertok");
  BOOST_TEST(bare_token("tok en") == "tok en");
  BOOST_TEST(bare_token("\"tok") == "\"tok");
  BOOST_TEST(bare_token("\"") == "\"");
}

BOOST_AUTO_TEST_CASE(an_unusable_success_is_not_fatal_and_is_not_quoted) {
  for (const std::string body : {"", "<html>TOKENTOKEN</html>", "[]", "null", R"({"access_token":"TOKENTOKEN)", R"("TOKENTOKEN")"}) {
    const auto r = refused(200, body);
    BOOST_TEST(!r.fatal);
    BOOST_TEST(!contains(r.message, "TOKEN"));
    BOOST_TEST(contains(r.message, "JSON"));
  }
  BOOST_TEST(!refused(204, "").fatal);
  BOOST_TEST(!refused(200, std::string(1'000'000, '[')).fatal);
}

struct known_error {
  const char* error;
  int number;
  const char* advice;
};
std::ostream& operator<<(std::ostream& out, const known_error& k) {
  return out << k.number;
}

constexpr known_error known_errors[] = {
    {"invalid_client", 7000215, "Secret ID"},  {"invalid_client", 7000222, "expired"},   {"unauthorized_client", 700016, "--client-id"},
    {"invalid_request", 90002, "--tenant"},    {"invalid_request", 900023, "--tenant"},  {"invalid_client", 700024, "clock"},
    {"invalid_client", 700027, "certificate"}, {"invalid_client", 50012, "certificate"}, {"invalid_resource", 500011, "--cloud"},
    {"invalid_scope", 70011, "--graph-url"},   {"invalid_client", 500133, "clock"},      {"invalid_client", 700211, "issuer"},
    {"invalid_client", 700212, "audience"},    {"invalid_client", 700213, "subject"},    {"invalid_client", 70021, "federated credential"},
    {"access_denied", 53003, "Conditional"},
};

BOOST_DATA_TEST_CASE(a_fatal_error_gives_advice, boost::unit_test::data::make(known_errors), known) {
  for (const int status : {400, 401}) {
    const auto r = refused(status, entra(known.error, known.number, "What Entra says."));
    BOOST_TEST(r.fatal);
    BOOST_TEST(contains(r.message, known.error));
    BOOST_TEST(contains(r.message, "AADSTS" + std::to_string(known.number) + ": What Entra says."));
    BOOST_TEST(contains(r.message, known.advice));
    BOOST_TEST(contains(r.message, "trace id 11111111-aaaa"));
    BOOST_TEST(!contains(r.message, "Correlation"));
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_of_an_assertions_times_names_the_difference_of_the_clocks) {
  const auto theirs = convoke::parse_utc("2026-09-01T08:00:00Z").value();
  const auto message = [&](int number, std::chrono::seconds ahead) {
    const auto got = read_answer(401, entra("invalid_client", number, "Not within its valid time range."), std::nullopt, {},
                                 {.theirs = theirs, .ours = theirs + ahead});
    return got.error().message;
  };
  BOOST_TEST(message(700024, 725s).ends_with("It is 725 s ahead of the server's, which says 2026-09-01T08:00:00Z."));
  BOOST_TEST(message(500133, -3600s).ends_with("It is 3600 s behind the server's, which says 2026-09-01T08:00:00Z."));
  BOOST_TEST(message(700024, 1s).ends_with("It agrees with the server's clock."));
  BOOST_TEST(!contains(message(7000215, 725s), "725"));
  BOOST_TEST(!contains(refused(401, entra("invalid_client", 700024, "x")).message, "server's"));
}

BOOST_AUTO_TEST_CASE(the_error_number_is_found_in_the_description_too) {
  const auto r = refused(401, R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret."})");
  BOOST_TEST(contains(r.message, "Secret ID"));
}

BOOST_AUTO_TEST_CASE(an_unknown_error_is_fatal_without_advice) {
  const auto r = refused(400, R"({"error":"interaction_required","error_description":"AADSTS50076: Blocked."})");
  BOOST_TEST(r.fatal);
  BOOST_TEST(r.message == "the token endpoint answered HTTP 400 interaction_required: AADSTS50076: Blocked.");
}

BOOST_AUTO_TEST_CASE(transient_answers_are_not_fatal) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) {
    for (const std::string body : {"", "Too Many Requests", "<html>\r\n<title>busy</title>", R"({"error":"invalid_client"})"}) {
      const auto r = refused(status, body);
      BOOST_TEST(!r.fatal);
      BOOST_TEST(contains(r.message, std::to_string(status)));
    }
  }
  BOOST_TEST(!refused(400, R"({"error":"temporarily_unavailable"})").fatal);
  BOOST_TEST(!refused(400, R"({"error":"server_error"})").fatal);
  BOOST_TEST(refused(429, " Too Many\r\nRequests ").message == "the token endpoint answered HTTP 429: Too Many Requests");
}

BOOST_AUTO_TEST_CASE(retry_after_is_passed_on) {
  const auto got = read_answer(429, "Too Many Requests", 60s);
  BOOST_TEST((got.error().retry_after == std::optional<std::chrono::nanoseconds>(60s)));
  BOOST_TEST(!refused(429, "").retry_after);
}

BOOST_AUTO_TEST_CASE(an_answer_of_something_else_than_a_token_endpoint_is_fatal_and_doubtful) {
  const auto missing = refused(404, "<html>Not Found</html>");
  BOOST_TEST(missing.fatal);
  BOOST_TEST(missing.doubtful);
  BOOST_TEST(refused(404, R"({"error":{"code":"NotFound","message":"of Graph"}})").doubtful);
  BOOST_TEST(!refused(401, R"({"error":"invalid_client"})").doubtful);
  BOOST_TEST(contains(missing.message, "--authority-url"));
  const auto moved = refused(302, "");
  BOOST_TEST(moved.fatal);
  BOOST_TEST(contains(moved.message, "Redirects are not followed"));
}

BOOST_AUTO_TEST_CASE(a_secret_that_the_endpoint_repeats_is_redacted) {
  const std::string hidden = "p8Q~Zr/7+xK=longer&than twelve";
  const std::string encoded = "p8Q~Zr%2F7%2BxK%3Dlonger%26than%20twelve";
  const std::string json_text = R"(p8Q~Zr\/7+xK=longer&than twelve)";
  for (const auto& echo : {hidden, encoded, json_text, hidden.substr(3, 20), encoded.substr(7, 25)}) {
    for (const auto& body : {entra("invalid_client", 7000215, "The secret '" + echo + "' is wrong."), "client_secret=" + echo,
                             R"({"error":")" + echo + "\"}", R"({"error":"x","trace_id":")" + echo + "\"}"}) {
      const auto r = refused(401, body, hidden);
      for (std::size_t i = 0; i + 12 <= hidden.size(); ++i) BOOST_TEST(!contains(r.message, hidden.substr(i, 12)));
      for (std::size_t i = 0; i + 12 <= encoded.size(); ++i) BOOST_TEST(!contains(r.message, encoded.substr(i, 12)));
    }
  }
  BOOST_TEST(contains(refused(401, entra("invalid_client", 7000215, "The secret 'abc' is wrong."), "abc").message, "'***'"));
}

RC_BOOST_PROP(a_message_is_one_line_without_control_characters, (std::string bytes)) {
  const auto status = *rc::gen::element(200, 302, 400, 401, 429, 503);
  const auto got = read_answer(status, bytes, std::nullopt, "0123456789abcdef");
  RC_ASSERT(!got.has_value());
  for (const char c : got.error().message) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  RC_ASSERT(convoke::core::valid_utf8_prefix(got.error().message) == got.error().message.size());
}

BOOST_AUTO_TEST_CASE(the_length_of_a_message_is_limited) {
  const std::string much(60'000, 'x');
  BOOST_TEST(refused(500, much).message.size() < 400U);
  BOOST_TEST(
      refused(400, R"({"error":")" + much + R"(","error_description":")" + much + R"(","trace_id":")" + much + "\"}").message.size() <
      1000U);
}

BOOST_AUTO_TEST_SUITE_END()

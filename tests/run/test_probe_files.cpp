// Requests and answers of a probe, and its journal.

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "run/probe_answers.hpp"
#include "run/probe_journal.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace convoke::run;
using namespace convoke::experiments;
using convoke::graph::plain_answer;

constexpr auto organizer = "aaaaaaaa-0000-4000-8000-000000000001";

probe_journal some_journal() {
  return {.graph_root = "https://graph.example",
          .tenant = "11111111-2222-3333-4444-555555555555",
          .organizer = organizer,
          .attendee = "ada@uni.example",
          .start = *convoke::parse_utc("2026-10-08T08:00:00Z"),
          .closed_until = *convoke::parse_utc("2026-10-01T08:00:00Z"),
          .record = {.run = "abcd1234",
                     .calls = 7,
                     .removed = 1,
                     .findings = {{.name = "new_status", .value = "201", .evidence = "seen \"so\""}, {.name = "batch", .unsettled = "why"}},
                     .experiment = "case",
                     .attempts = 2,
                     .made = {{.external_id = " a\xC3\xA9", .ids = {"m1", "m2"}, .removed = {"m0"}, .uncertain = 2}},
                     .usual_presenters = "everyone",
                     .usual_chat = "enabled"}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(probe_files)

BOOST_AUTO_TEST_CASE(a_journal_is_read_as_it_was_written) {
  const auto before = some_journal();
  const auto after = parse_journal(journal_text(before));
  BOOST_REQUIRE(after.has_value());
  BOOST_TEST((after->record == before.record));
  BOOST_TEST(after->graph_root == before.graph_root);
  BOOST_TEST(after->tenant == before.tenant);
  BOOST_TEST(after->organizer == before.organizer);
  BOOST_TEST(after->attendee == before.attendee);
  BOOST_TEST((after->start == before.start));
  BOOST_TEST((after->closed_until == before.closed_until));
}

BOOST_AUTO_TEST_CASE(what_is_no_journal_is_refused) {
  const auto text = journal_text(some_journal());
  for (const std::string& wrong : {std::string(), std::string("{}"), std::string("[]"), text.substr(0, text.size() / 2),
                                   std::string(R"({"format":2})"), std::string(R"({"format":"1"})")}) {
    const auto read = parse_journal(wrong);
    BOOST_REQUIRE(!read.has_value());
    BOOST_TEST((read.error().code == convoke::errc::storage));
  }
}

BOOST_AUTO_TEST_CASE(the_file_is_private_and_need_not_be_there) {
  const convoke_test::temporary_folder folder;
  const auto path = folder / "probe.toml.journal";
  const auto none = read_journal(path);
  BOOST_REQUIRE(none.has_value());
  BOOST_TEST(!none->has_value());
  BOOST_REQUIRE(write_journal(path, some_journal()).has_value());
  struct stat about{};
  BOOST_REQUIRE(::stat(path.c_str(), &about) == 0);
  BOOST_TEST((about.st_mode & 0777U) == 0600U);
  const auto read = read_journal(path);
  BOOST_REQUIRE((read.has_value() && read->has_value()));
  BOOST_TEST(((*read)->record == some_journal().record));
  std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  BOOST_TEST(!read_journal(path).has_value());
}

BOOST_AUTO_TEST_CASE(requests) {
  const auto create = request_of({.external_id = "k", .body = "{}"}, organizer);
  BOOST_TEST(create.method == "POST");
  BOOST_TEST(create.target == std::string("/v1.0/users/") + organizer + "/onlineMeetings/createOrGet");
  const auto get = request_of({.what = verb::get, .meeting_id = "MS+/="}, organizer);
  BOOST_TEST(get.method == "GET");
  BOOST_TEST(get.target == std::string("/v1.0/users/") + organizer + "/onlineMeetings/MS%2B%2F%3D");
  BOOST_TEST(request_of({.what = verb::update, .meeting_id = "m", .body = "{}"}, organizer).method == "PATCH");
  BOOST_TEST(request_of({.what = verb::remove, .meeting_id = "m"}, organizer).method == "DELETE");
  const auto batch = request_of({.what = verb::batch, .external_id = "k", .body = R"({"externalId":"k"})"}, organizer);
  BOOST_TEST(batch.target == "/v1.0/$batch");
  const auto envelope = boost::json::parse(batch.body);
  const auto& item = envelope.at("requests").at(0);
  BOOST_TEST(item.at("url").as_string() == std::string("/users/") + organizer + "/onlineMeetings/createOrGet");
  BOOST_TEST(item.at("body").at("externalId").as_string() == "k");
}

BOOST_AUTO_TEST_CASE(answers) {
  plain_answer from{.status = 201,
                    .body = R"({"id":"m","externalId":"k","subject":null,"startDateTime":"2026-10-08T08:00:00Z",)"
                            R"("allowedPresenters":"organizer","joinInformation":{},"expiryDateTime":null,)"
                            R"("participants":{"attendees":[{"role":null},{"role":"presenter"},7]}})"};
  const auto made = seen_of(from, verb::create_or_get);
  BOOST_TEST(made.id == "m");
  BOOST_TEST((made.external_id == "k"));
  BOOST_TEST(!made.subject.has_value());
  BOOST_TEST((made.start == convoke::parse_utc("2026-10-08T08:00:00Z")));
  BOOST_TEST((made.allowed_presenters == "organizer"));
  BOOST_TEST(made.has_invitation);
  BOOST_TEST(!made.has_expiry);
  BOOST_TEST(made.roles.size() == 2U);
  BOOST_TEST(made.roles.back() == "presenter");
  for (const auto* body : {"", "[]", "<html>", "{\"id\":7}"}) {
    from.body = body;
    BOOST_TEST(seen_of(from, verb::create_or_get).id.empty(), body);
  }
  const auto removed = seen_of({.status = 204}, verb::remove);
  BOOST_TEST(removed.success());
  BOOST_TEST(!removed.body);
  const auto refused = seen_of({.status = 400, .body = R"({"error":{"code":"BadRequest","message":"m"}})"}, verb::get);
  BOOST_TEST(refused.code == "BadRequest");
  BOOST_TEST(!refused.inconclusive());
  const auto cut = seen_of({.status = 201, .body = R"({"id":"m")", .whole = false}, verb::create_or_get);
  BOOST_TEST(cut.status == 0);
  BOOST_TEST(cut.failure == "the answer was cut");
  const auto cut_throttle = seen_of(
      {.status = 429, .body = R"({"error":{"co)", .whole = false, .retry_after = std::chrono::seconds(90), .retry_after_text = "90"},
      verb::get);
  BOOST_TEST(cut_throttle.status == 429);
  BOOST_TEST((cut_throttle.form == retry_form::integer));
  BOOST_TEST((cut_throttle.wait == std::chrono::seconds(90)));
  const auto cut_refusal = seen_of({.status = 400, .body = R"({"error":)", .whole = false}, verb::create_or_get);
  BOOST_TEST(cut_refusal.status == 400);
  BOOST_TEST(!cut_refusal.inconclusive());
  const auto lost = seen_of({.error = convoke::engine::attempt_error::timeout, .error_message = "no answer"}, verb::get);
  BOOST_TEST(lost.inconclusive());
  BOOST_TEST(lost.failure == "no answer");
}

BOOST_AUTO_TEST_CASE(answers_of_a_batch) {
  const auto good = seen_of({.status = 200, .body = R"({"responses":[{"id":"1","status":201,"body":{"id":"m"}}]})"}, verb::batch);
  BOOST_TEST(good.of_item);
  BOOST_TEST(good.status == 201);
  BOOST_TEST(good.id == "m");
  const auto throttled =
      seen_of({.status = 200, .body = R"({"responses":[{"id":"1","status":429,"headers":{"retry-after":"7"}}]})"}, verb::batch);
  BOOST_TEST(throttled.throttled());
  BOOST_TEST((throttled.form == retry_form::integer));
  BOOST_TEST((throttled.wait == std::chrono::seconds(7)));
  const auto without = seen_of({.status = 200, .body = R"({"responses":[]})"}, verb::batch);
  BOOST_TEST(!without.of_item);
  const auto refused = seen_of({.status = 400, .body = R"({"error":{"code":"BadRequest"}})"}, verb::batch);
  BOOST_TEST(!refused.of_item);
  BOOST_TEST(refused.code == "BadRequest");
}

BOOST_AUTO_TEST_CASE(forms_of_retry_after) {
  BOOST_TEST((form_of_retry_after("") == retry_form::absent));
  BOOST_TEST((form_of_retry_after("10") == retry_form::integer));
  BOOST_TEST((form_of_retry_after("0.249") == retry_form::decimal));
  BOOST_TEST((form_of_retry_after("0,120") == retry_form::joined));
  BOOST_TEST((form_of_retry_after("Thu, 01 Oct 2026 08:00:00 GMT") == retry_form::date));
  BOOST_TEST((form_of_retry_after("soon") == retry_form::other));
}

BOOST_AUTO_TEST_SUITE_END()

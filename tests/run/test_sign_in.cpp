// What happens before a person is asked to sign in, and of which tenant an error speaks.

#include <fstream>
#include <string>

#include <unistd.h>

#include "run/fixture.hpp"

using namespace convoke;
using namespace convoke::testing;

namespace {

struct asked final : observer {
  void sign_in_wanted(const sign_in_prompt&) override { ++times; }
  unsigned times = 0;
};

struct people : fixture {
  people() {
    sim::behaviour approves;
    approves.tokens.device = {.interval_seconds = 1, .after_polls = 0};
    start(approves);
  }
  job delegated(const std::string& content = "external_id,subject,start\nK-1,Class,2027-10-19T08:00:00Z\n") {
    std::ofstream(folder / "rows.csv") << content;
    auto j = make_job((folder / "rows.csv").string());
    j.lanes.front().credential = credential_kind::device_code;
    return j;
  }
  [[nodiscard]] std::int64_t count_of_sign_ins(std::string_view name) const {
    return boost::json::parse(graph->stats_json()).at("sign_in").at(name).to_number<std::int64_t>();
  }
  void signs_in(job& j, job_use use) {
    const auto done = sign_in(j, use, person);
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
  }
  // A lane whose sign-in was saved and is not accepted any more.
  job stale(const std::string& content) {
    auto j = delegated(content);
    auto& lane = j.lanes.front();
    lane.sign_in_file = (folder / "sign-in.json").string();
    auto text = read("sign-in.json");
    if (text.empty()) {
      auto first = delegated();
      first.lanes.front().sign_in_file = lane.sign_in_file;
      signs_in(first, job_use::plan);
      text = read("sign-in.json");
      std::ofstream(folder / "rows.csv") << content;
    }
    const auto at = text.find("0.refresh-");
    BOOST_REQUIRE(at != std::string::npos);
    std::ofstream(folder / "sign-in.json") << text.replace(at, 11, "0.refused-x");
    person.times = 0;
    return j;
  }
  // Why no person was asked.
  error refused(job j, job_use use = job_use::apply) {
    const auto done = sign_in(j, use, person);
    BOOST_REQUIRE(!done);
    BOOST_TEST(person.times == 0U);
    BOOST_TEST(count("token_requests") == 0);
    return done.error();
  }
  asked person;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sign_in_of_a_job, people)

BOOST_AUTO_TEST_CASE(a_job_without_fault_asks) {
  auto j = delegated();
  const auto done = sign_in(j, job_use::apply, person);
  BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
  BOOST_TEST(person.times == 1U);
  BOOST_TEST(!j.lanes.front().user.empty());
  BOOST_TEST(!fs::exists(folder / "ledger.db"));
}

BOOST_AUTO_TEST_CASE(no_person_is_asked_for_a_job_that_cannot_be_done) {
  BOOST_TEST((refused(delegated("external_id,subject\nK-1,Class\n")).code == errc::input));
  auto counted = delegated();
  counted.plan.expect_rows = 7;
  BOOST_TEST(refused(std::move(counted)).message.contains("--expect-rows says 7"));
  auto nowhere = delegated();
  nowhere.results = (folder / "none/results.csv").string();
  BOOST_TEST(refused(std::move(nowhere)).message.starts_with("--results: "));
  auto missing = delegated();
  missing.input = (folder / "none.csv").string();
  BOOST_TEST((refused(std::move(missing)).code == errc::usage));
  std::ofstream(folder / "ledger.db") << "this is no ledger, but a text that is long enough to be taken for one, or so it seems\n";
  BOOST_TEST((refused(delegated()).code == errc::storage));
  BOOST_TEST((refused(delegated(), job_use::work).code == errc::storage));
}

BOOST_AUTO_TEST_CASE(no_person_is_asked_either_where_a_saved_sign_in_is_refused) {
  auto j = stale("external_id,subject\nK-1,Class\n");
  const auto codes = count_of_sign_ins("codes"), refused_before = count_of_sign_ins("refused_refreshes");
  const auto done = sign_in(j, job_use::apply, person);
  BOOST_REQUIRE(!done);
  BOOST_TEST((done.error().code == errc::input));
  BOOST_TEST(person.times == 0U);
  BOOST_TEST(count_of_sign_ins("refused_refreshes") == refused_before + 1);
  BOOST_TEST(count_of_sign_ins("codes") == codes);
  // Without a fault the person is asked.
  auto good = stale("external_id,subject,start\nK-1,Class,2027-10-19T08:00:00Z\n");
  signs_in(good, job_use::apply);
  BOOST_TEST(person.times == 1U);
}

BOOST_AUTO_TEST_CASE(what_ends_the_job_for_every_tenant_names_none) {
  auto j = stale("tenant,external_id,subject\nsouth,K-1,Class\n");
  j.lanes.front().name = "north";
  auto& other = j.lanes.emplace_back();
  other.graph_url = other.authority_url = j.lanes.front().graph_url;
  other.tenant = "99999999-2222-4333-8444-555555555555";
  other.name = "south";
  other.client_id = "app";
  other.ca_file = j.lanes.front().ca_file;
  other.client_secret = secret("s");
  const auto done = sign_in(j, job_use::apply, person);
  BOOST_REQUIRE(!done);
  BOOST_TEST((done.error().code == errc::input));
  BOOST_TEST(!done.error().message.contains("north"), done.error().message);
  BOOST_TEST(person.times == 0U);
}

BOOST_AUTO_TEST_CASE(a_worker_without_a_ledger_or_with_nothing_to_do_asks_no_person) {
  const auto missing = refused(delegated(), job_use::work);
  BOOST_TEST((missing.code == errc::storage));
  BOOST_TEST(missing.message.starts_with("there is no ledger at "), missing.message);
  BOOST_TEST(!fs::exists(folder / "ledger.db"));
  auto follows = delegated();
  const auto no_follower = sign_in(follows, job_use::work, person, {}, {.follow = true});
  BOOST_REQUIRE(!no_follower);
  BOOST_TEST((no_follower.error().code == errc::usage));
  BOOST_TEST(person.times == 0U);

  // What the app itself owes is nothing to a person of that app.
  const auto of_the_app = must(plan(make_job(write_rows("app.csv", 1, 3)), true, watch)).run;
  auto idle = delegated();
  signs_in(idle, job_use::work);
  BOOST_TEST(person.times == 0U);
  BOOST_TEST(count("token_requests") == 0);
  const auto done = must(work(idle, {}, watch));
  BOOST_TEST((done.end == ending::finished));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(done.sessions == 0U);
  BOOST_REQUIRE(done.left.size() == 1U);
  BOOST_TEST(done.left.front().run == of_the_app);
  BOOST_TEST(count("requests") == 0);

  // A run of a person, whoever that was.
  auto own = delegated();
  signs_in(own, job_use::plan);
  must(plan(own, true, watch));
  person.times = 0;
  auto unsigned_job = delegated();
  const auto refused_work = work(unsigned_job, {}, watch);
  BOOST_REQUIRE(!refused_work);
  BOOST_TEST((refused_work.error().code == errc::credentials));
  signs_in(unsigned_job, job_use::work);
  BOOST_TEST(person.times == 1U);
  const auto worked = must(work(unsigned_job, {}, watch));
  BOOST_TEST(worked.rows == 1U);
  BOOST_TEST(worked.exit_code() == 0);
  BOOST_TEST(count("meetings") == 1);
  // Nothing is left for this person.
  auto again = delegated();
  signs_in(again, job_use::work);
  BOOST_TEST(person.times == 1U);
}

BOOST_AUTO_TEST_CASE(of_several_tenants_the_error_names_the_one) {
  auto j = delegated("tenant,external_id,subject,start\nsouth,K-1,Class,2027-10-19T08:00:00Z\n");
  j.pace.max_outage = std::chrono::milliseconds(1);
  auto& other = j.lanes.emplace_back();
  other.graph_url = j.lanes.front().graph_url;
  other.authority_url = "https://127.0.0.1:1";
  other.tenant = "99999999-2222-4333-8444-555555555555";
  other.name = "south";
  other.client_id = "app";
  other.ca_file = j.lanes.front().ca_file;
  other.credential = credential_kind::device_code;
  const auto done = sign_in(j, job_use::apply, person);
  BOOST_REQUIRE(!done);
  BOOST_TEST((done.error().code == errc::network));
  BOOST_TEST(done.error().message.starts_with("Tenant south: "), done.error().message);
  BOOST_TEST(person.times == 1U);
  BOOST_TEST(j.lanes.front().session != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

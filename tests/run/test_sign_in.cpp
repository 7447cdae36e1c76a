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

BOOST_AUTO_TEST_CASE(of_several_tenants_the_error_names_the_one) {
  auto j = delegated();
  j.pace.max_outage = std::chrono::milliseconds(1);
  auto& other = j.lanes.emplace_back();
  other.graph_url = j.lanes.front().graph_url;
  other.authority_url = "https://127.0.0.1:1";
  other.tenant = "99999999-2222-4333-8444-555555555555";
  other.name = "south";
  other.client_id = "app";
  other.ca_file = j.lanes.front().ca_file;
  other.credential = credential_kind::device_code;
  const auto done = sign_in(j, job_use::work, person);
  BOOST_REQUIRE(!done);
  BOOST_TEST((done.error().code == errc::network));
  BOOST_TEST(done.error().message.starts_with("Tenant south: "), done.error().message);
  BOOST_TEST(person.times == 1U);
  BOOST_TEST(j.lanes.front().session != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

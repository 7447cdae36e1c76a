// The checks of a set-up against a simulated Graph in this process.

#include <algorithm>
#include <thread>

#include <boost/asio/co_spawn.hpp>

#include <convoke/doctor.hpp>

#include "net/resolver.hpp"
#include "run/context.hpp"
#include "run/doctor_lane.hpp"
#include "run/fixture.hpp"

using namespace convoke;
using namespace convoke::testing;

namespace {

const std::string organizer = "00000000-0000-4000-8000-000000000001";

std::vector<finding> of_check(const std::vector<finding>& all, std::string_view check) {
  std::vector<finding> out;
  for (const auto& one : all)
    if (one.check == check) out.push_back(one);
  return out;
}

bool all_ok(const doctor_report& r) {
  for (const auto& one : r.findings)
    if (one.status != finding_status::ok) BOOST_TEST_MESSAGE(one.check << " " << one.subject << ": " << one.seen);
  return r.count(finding_status::ok) == r.findings.size();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(doctor_of_a_job, fixture)

BOOST_AUTO_TEST_CASE(a_good_set_up) {
  start();
  auto j = make_job(write_rows("rows.csv", 1, 10));
  j.pace.connect_timeout = j.pace.attempt_timeout = std::chrono::minutes(2);  // a busy machine is no finding
  std::vector<std::string> watched;
  const auto thread = std::this_thread::get_id();
  const auto done = must(doctor(j, {.configuration = {}}, [&](const finding& f) {
    BOOST_TEST((std::this_thread::get_id() == thread));
    watched.push_back(f.check);
  }));
  BOOST_TEST(all_ok(done));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(watched.size() == done.findings.size());
  BOOST_TEST(of_check(done.findings, "organizer").size() == 5U);
  BOOST_TEST(count("searches") == 5);
  BOOST_TEST(count("meetings") == 0);
  BOOST_TEST(!fs::exists(folder / "ledger.db"));
}

BOOST_AUTO_TEST_CASE(options_out_of_range) {
  start();
  const auto j = make_job({});
  BOOST_TEST((doctor(j, {.most_organizers = 0}, {}).error().code == errc::usage));
  BOOST_TEST((doctor(j, {.patience = std::chrono::hours(25)}, {}).error().code == errc::usage));
  BOOST_TEST(count("requests") == 0);
}

BOOST_AUTO_TEST_CASE(a_lane_without_a_credential_is_checked_without_one) {
  start();
  const auto j = make_job({});
  const auto done = must(doctor(j, {.problems = {{.lane = 0, .why = {errc::credentials, "no secret"}}}, .organizers = {organizer}}, {}));
  BOOST_TEST(done.exit_code() == 4);
  BOOST_TEST((of_check(done.findings, "tls").at(0).status == finding_status::ok));
  for (const auto* check : {"token", "permission", "organizer", "access-policy", "licence"})
    BOOST_TEST((of_check(done.findings, check).at(0).status == finding_status::skipped), check);
  BOOST_TEST(count("token_requests") == 0);
}

BOOST_AUTO_TEST_CASE(without_a_usable_proxy_nothing_is_sent) {
  start();
  auto j = make_job({});
  const auto done = must(doctor(
      j, {.problems = {{.lane = 0, .why = {errc::credentials, "the login file has mode 0644"}, .proxy = true}}, .organizers = {organizer}},
      {}));
  BOOST_TEST(done.exit_code() == 4);
  const auto proxy = of_check(done.findings, "proxy");
  BOOST_TEST_REQUIRE(proxy.size() == 1U);
  BOOST_TEST((proxy[0].status == finding_status::skipped));
  BOOST_TEST(of_check(done.findings, "tls").empty());
  BOOST_TEST(count("requests") == 0);
  // A proxy that only the job has is one failure, although both hosts are reached through it.
  j.lanes.front().proxy = secret("ftp://proxy");
  const auto unusable = must(doctor(j, {}, {}));
  unsigned failures = 0;
  for (const auto& f : of_check(unusable.findings, "configuration")) failures += f.status == finding_status::failed ? 1U : 0U;
  BOOST_TEST(failures == 1U);
  BOOST_TEST(unusable.exit_code() == 2);
}

BOOST_AUTO_TEST_CASE(settings_that_stop_a_run_are_found_without_an_input) {
  start();
  const auto failures = [&](const job& j) {
    std::string out;
    for (const auto& f : must(doctor(j, {}, {})).findings)
      if (f.check == "configuration" && f.status == finding_status::failed) out += f.seen + "\n";
    return out;
  };
  const auto sound = make_job({});
  BOOST_TEST(failures(sound).empty());
  auto j = make_job({});
  j.plan.time_zone = "Europe/Berln";
  j.plan.date_format = "%Q";
  j.plan.skip_dates = (folder / "nosuch").string();
  j.plan.external_id_template = "{";
  j.results = "/nonexistent/x.csv";
  const auto all = failures(j);
  for (const auto* part : {"--time-zone 'Europe/Berln'", "%Q", "--skip-dates", "external-id template", "--results: "})
    BOOST_TEST(all.contains(part), part << " is not in " << all);
  // With an input the same is not said twice.
  auto with_input = make_job(write_rows("rows.csv", 1, 10));
  with_input.plan.time_zone = "Europe/Berln";
  const auto done = must(doctor(with_input, {}, {}));
  BOOST_TEST(done.exit_code() == 2);
  BOOST_TEST((of_check(done.findings, "input").at(0).status == finding_status::skipped));
}

BOOST_AUTO_TEST_CASE(no_secret_in_any_text) {
  start();
  auto j = make_job({});
  j.lanes.front().client_secret = secret("canary-of-the-secret");
  const auto done = must(doctor(j, {.organizers = {organizer}}, {}));
  BOOST_TEST(done.exit_code() == 4);
  for (const auto& f : done.findings) {
    BOOST_TEST(!(f.seen + f.advice + f.subject).contains("canary-of-the-secret"));
    for (const auto& one : f.commands) BOOST_TEST(!one.contains("canary-of-the-secret"));
  }
}

BOOST_AUTO_TEST_CASE(each_lane_signs_in_by_itself) {
  sim::behaviour approves;
  approves.tokens.device = {.interval_seconds = 1, .after_polls = 0};
  start(approves);
  auto j = make_job({});
  // The authority of the first lane cannot be reached, and no person is asked for it.
  auto& second = j.lanes.emplace_back();
  const auto& first = j.lanes.front();
  second.graph_url = first.graph_url;
  second.authority_url = first.authority_url;
  second.tenant = first.tenant;
  second.client_id = first.client_id;
  second.ca_file = first.ca_file;
  j.lanes.front().authority_url = "https://127.0.0.1:1";
  for (auto& lane : j.lanes) lane.credential = credential_kind::device_code;
  j.lanes.front().name = "north";
  second.name = "south";
  std::vector<std::string> order;
  unsigned asked = 0;
  const doctor_options options{.organizers = {organizer}, .sign_in_wanted = [&](const sign_in_prompt&) {
                                 ++asked;
                                 order.push_back("asked");
                               }};
  const auto done = must(doctor(j, options, [&](const finding& f) { order.push_back(f.lane + " " + f.check); }));
  BOOST_TEST(asked == 1U);
  // After the checks of the hosts.
  const auto at = [&](const std::string& what) { return std::ranges::find(order, what); };
  BOOST_TEST((at("south tls") < at("asked")));
  BOOST_TEST((at("asked") < at("south token")));
  const auto tokens = of_check(done.findings, "token");
  BOOST_TEST_REQUIRE(tokens.size() == 2U);
  BOOST_TEST((tokens[0].status == finding_status::skipped));
  BOOST_TEST(tokens[0].seen.contains("cannot be reached"));
  BOOST_TEST((tokens[1].status == finding_status::ok), tokens[1].seen);
  BOOST_TEST(done.exit_code() == 5);
  // The organizer that was named is not the person, who is read.
  bool person_read = false, other_named = false;
  for (const auto& f : of_check(done.findings, "organizer")) {
    if (f.lane != "south") continue;
    person_read = person_read || (f.subject == approves.tokens.device.user && f.status == finding_status::ok);
    other_named = other_named || (f.subject == organizer && f.status == finding_status::skipped);
  }
  BOOST_TEST(person_read);
  BOOST_TEST(other_named);
  for (const auto& f : of_check(done.findings, "access-policy")) BOOST_TEST((f.status == finding_status::skipped), f.seen);
}

BOOST_AUTO_TEST_CASE(without_a_way_to_ask_there_is_no_sign_in) {
  start();
  auto j = make_job({});
  j.lanes.front().credential = credential_kind::device_code;
  const auto done = must(doctor(j, {}, {}));
  const auto token = of_check(done.findings, "token").at(0);
  BOOST_TEST((token.status == finding_status::failed));
  BOOST_TEST(token.exit_code == 4);
  BOOST_TEST(token.seen.contains("has to sign in"));
}

BOOST_AUTO_TEST_CASE(a_throttled_token_endpoint_is_no_wrong_credential) {
  sim::behaviour throttles;
  throttles.tokens.fault_rate = 1;
  throttles.tokens.retry_after = 7200;
  start(throttles);
  for (const auto kind : {credential_kind::client_secret, credential_kind::device_code}) {
    auto j = make_job({});
    j.lanes.front().credential = kind;
    const auto done = must(doctor(j, {.sign_in_wanted = [](const sign_in_prompt&) {}}, {}));
    const auto token = of_check(done.findings, "token").at(0);
    BOOST_TEST((token.status == finding_status::failed));
    BOOST_TEST(token.exit_code == 5, token.seen);
    BOOST_TEST(done.exit_code() == 5);
  }
  const auto j = make_job({});
  BOOST_TEST(must(doctor(j, {.problems = {{.lane = 0, .why = {errc::network, "no answer"}}}}, {})).exit_code() == 5);
}

BOOST_AUTO_TEST_CASE(a_stop_ends_it_soon) {
  sim::behaviour slow;
  slow.latency = {.shape = sim::latency_options::kind::fixed, .median_seconds = 60};
  start(slow);
  const auto j = make_job({});
  std::stop_source stop;
  const auto begin = std::chrono::steady_clock::now();
  // Requested while the answer that carries the Date is awaited.
  const auto done = doctor(
      j, {.organizers = {organizer}},
      [&](const finding& f) {
        if (f.check == "tls") stop.request_stop();
      },
      stop.get_token());
  BOOST_TEST((done.error().code == errc::interrupted));
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(10)));
}

BOOST_AUTO_TEST_CASE(one_bad_address_among_several) {
  start();
  auto j = make_job({});
  auto& lane = j.lanes.front();
  const auto io = must(run::make_context());
  using address = net::resolver::address;
  boost::asio::use_service<net::resolver>(*io).use([](const std::string&, std::uint16_t port, const auto& done) {
    // No server listens at the first one.
    done({}, {address(boost::asio::ip::make_address("127.0.0.2"), port), address(boost::asio::ip::make_address("127.0.0.1"), port)});
  });
  auto tls = must(run::tls_contexts::create(std::span(&lane, 1)));
  std::vector<finding> found;
  run::proxy_logins refused;
  run::lane_examination examination(*io, tls,
                                    {.lane = lane, .pace = j.pace, .refused_logins = refused, .name = "campus", .organizers = {organizer}},
                                    [&](finding f) { found.push_back(std::move(f)); });
  bool done = false;
  boost::asio::co_spawn(*io, examination.run(), [&](const std::exception_ptr& thrown) {
    BOOST_TEST((thrown == nullptr));
    done = true;
  });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!done && std::chrono::steady_clock::now() < end) io->run_one_for(std::chrono::milliseconds(50));
  BOOST_TEST_REQUIRE(done);
  BOOST_TEST(of_check(found, "dns").at(0).seen == "127.0.0.2, 127.0.0.1");
  const auto addresses = of_check(found, "address");
  BOOST_TEST_REQUIRE(addresses.size() == 2U);
  BOOST_TEST((addresses[0].status == finding_status::warning));
  BOOST_TEST(addresses[0].subject.ends_with(" 127.0.0.2"));
  BOOST_TEST(addresses[0].advice.contains("fall back to another address"));
  BOOST_TEST((addresses[1].status == finding_status::ok));
  BOOST_TEST((of_check(found, "organizer").at(0).status == finding_status::ok));
  examination.stop();
  io->poll();
}

BOOST_AUTO_TEST_SUITE_END()

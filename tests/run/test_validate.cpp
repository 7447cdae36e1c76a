// What a job must be before anything happens.

#include <functional>
#include <limits>

#include "fixture.hpp"
#include "run/lane_parts.hpp"

using namespace convoke;
using namespace convoke::testing;
using namespace std::chrono_literals;

namespace {

struct wrong_setting {
  std::string_view message;  // a part of it
  std::function<void(job&)> change;
};

const std::vector<wrong_setting> wrong_plans = {
    {"--only 'room' needs the form COLUMN=VALUE.", [](job& j) { j.plan.only = "room"; }},
    {"--only '=x' needs", [](job& j) { j.plan.only = "=x"; }},
    {"--feed is empty", [](job& j) { j.feed = ""; }},
    {"--feed 'a\\nb' holds control characters", [](job& j) { j.feed = "a\nb"; }},
    {"--feed '\\xff' holds", [](job& j) { j.feed = "\xff"; }},
    {"is 201 bytes long: a name has at most 200.", [](job& j) { j.feed = std::string(201, 'x'); }},
    {"--column '=Beginn' needs the form ROLE=HEADER", [](job& j) { j.plan.columns = {{"", "Beginn"}}; }},
    {"--column 'start= ' needs the form", [](job& j) { j.plan.columns = {{"start", " "}}; }},
    {"--carry is empty", [](job& j) { j.plan.carry = {"Raum", ""}; }},
    {"'}'", [](job& j) { j.plan.external_id_template = "a}b"; }},
    {"names no column", [](job& j) { j.plan.external_id_template = "constant"; }},
};

const std::vector<wrong_setting> wrong_lanes = {
    {"--wait-lock: '-1ms' is not a duration from 0ms to 3650d.", [](job& j) { j.wait_lock = -1ms; }},
    {"--keep-runs: '0' is not a whole number from 1 to 1000000.", [](job& j) { j.keep_runs = 0; }},
    {"--rate: '0' is not a number from 0.01 to 10000000.", [](job& j) { j.pace.rate = 0; }},
    {"--rate: 'nan' is not", [](job& j) { j.pace.rate = std::numeric_limits<double>::quiet_NaN(); }},
    {"--start-rate: '1e+300' is not", [](job& j) { j.pace.start_rate = 1e300; }},
    {"--organizer-rate: '-1' is not", [](job& j) { j.pace.organizer_rate = -1; }},
    {"--organizer-concurrency: '1001' is not", [](job& j) { j.pace.organizer_concurrency = 1001; }},
    {"--connections: '0' is not a whole number from 1 to 1000.", [](job& j) { j.pace.connections = 0; }},
    {"--max-attempts: '101' is not a whole number from 1 to 100.", [](job& j) { j.pace.max_attempts = 101; }},
    {"--connect-timeout: '0ms' is not a duration from 1ms to 3650d.", [](job& j) { j.pace.connect_timeout = 0ms; }},
    {"--attempt-timeout: '0ms' is not", [](job& j) { j.pace.attempt_timeout = 0ms; }},
    {"--row-deadline: '0ms' is not", [](job& j) { j.pace.row_deadline = 0ms; }},
    {"--max-outage: '-5ms' is not", [](job& j) { j.pace.max_outage = -5ms; }},
    {"--max-cooldown: '315360000001ms' is not", [](job& j) { j.pace.max_cooldown = 315'360'000'001ms; }},
    {"--max-duration: '0ms' is not", [](job& j) { j.pace.max_duration = 0ms; }},
    {"--drain: '-1ms' is not", [](job& j) { j.pace.drain = -1ms; }},
    {"No lane is given", [](job& j) { j.lanes.clear(); }},
    {"Two lanes are the same one: tenant 7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001, application app.",
     [](job& j) {
       auto& other = j.lanes.emplace_back();
       auto& one = j.lanes.front();
       one.tenant = other.tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001";
       one.client_id = other.client_id = "App";
       other.graph_url = one.graph_url;
       other.allow_http = one.allow_http;
       one.credential = other.credential = credential_kind::device_code;
     }},
    {"Two lanes are the same one",
     [](job& j) {
       auto& other = j.lanes.emplace_back();
       const auto& one = j.lanes.front();
       other.graph_url = one.graph_url;
       other.tenant = one.tenant;
       other.client_id = one.client_id;
       other.allow_http = one.allow_http;
     }},
    {"The tenant name 'North' stands for two lanes.",
     [](job& j) {
       j.lanes.front().name = "North";
       j.lanes.emplace_back().name = "north";
       j.lanes.back().tenant = "99999999-2222-3333-4444-555555555555";
     }},
    {"--rate: '0' is not a number", [](job& j) { j.lanes.front().pace.emplace().rate = 0; }},
    {"--connections: '1001' is not", [](job& j) { j.lanes.front().pace.emplace().connections = 1001; }},
    {"the proxy 'https://…@proxy.example' cannot be used",
     [](job& j) { j.lanes.front().proxy = secret("https://u:hunter2@proxy.example"); }},
    {"--client-id 'a b' is not an Entra application id", [](job& j) { j.lanes.front().client_id = "a b"; }},
    {"http", [](job& j) { j.lanes.front().graph_url = "http://example.org"; }},
    {"", [](job& j) { j.lanes.front().authority_url = "https://a b/"; }},
    {"No tenant is given", [](job& j) { j.lanes.front().tenant.clear(); }},
    {"The tenant 'contoso' is not an Entra tenant id", [](job& j) { j.lanes.front().tenant = "contoso"; }},
    {"No user has signed in", [](job& j) { j.lanes.front().credential = credential_kind::device_code; }},
    {"--ledger 'ledger.db' is not a ledger: use sqlite:PATH", [](job& j) { j.ledger = "ledger.db"; }},
    {"is not a ledger: use sqlite:PATH", [](job& j) { j.ledger = "mysql://user:hunter2@host/db"; }},
    {"--ledger: a PostgreSQL ledger has a URL of its own form", [](job& j) { j.ledger = "postgresql:user:hunter2@host/db"; }},
};

const std::vector<wrong_setting> wrong_applies = {
    {"No application is given", [](job& j) { j.lanes.front().client_id.clear(); }},
    {"No client secret and no ready token is given.", [](job& j) { j.lanes.front().client_secret = secret(); }},
    {"The client secret holds more than one line", [](job& j) { j.lanes.front().client_secret = secret("hunter2\nhunter2"); }},
    {"The ready token is not a bearer token: it holds a blank", [](job& j) { j.lanes.front().token = secret("hunter2 hunter2"); }},
    {"No certificate is given", [](job& j) { j.lanes.front().credential = credential_kind::client_certificate; }},
    {"No federated token is given", [](job& j) { j.lanes.front().credential = credential_kind::workload_identity; }},
    {"a managed identity's endpoint is http on this machine",
     [](job& j) {
       j.lanes.front().credential = credential_kind::managed_identity;
       j.lanes.front().metadata_url = "http://metadata.example";
     }},
    {"IDENTITY_HEADER is empty",
     [](job& j) {
       j.lanes.front().credential = credential_kind::managed_identity_federation;
       j.lanes.front().identity_endpoint = "http://127.0.0.1:4141/msi/token";
     }},
    {"'results.txt'", [](job& j) { j.results = "results.txt"; }},
};

void check_refused(const result<void>& valid, const wrong_setting& one) {
  BOOST_REQUIRE_MESSAGE(!valid.has_value(), one.message);
  BOOST_CHECK(valid.error().code == errc::usage);
  BOOST_TEST(valid.error().message.contains(one.message), valid.error().message);
  BOOST_TEST(!valid.error().message.contains("hunter2"), valid.error().message);
}

template <class T>
result<void> only_error(const result<T>& from) {
  return from ? result<void>() : std::unexpected(from.error());
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(every_wrong_setting_is_an_error_of_usage_that_names_it, fixture) {
  const auto path = write_rows("in.csv", 1, 2);
  const auto changed = [&](const wrong_setting& one) {
    auto j = make_job(path);
    one.change(j);
    return j;
  };
  BOOST_TEST(validate(make_job(path)).has_value());
  for (const auto& one : wrong_plans)
    for (const auto use : {job_use::check, job_use::plan, job_use::apply}) check_refused(validate(changed(one), use), one);
  for (const auto& one : wrong_lanes) {
    BOOST_TEST(validate(changed(one), job_use::check).has_value());
    for (const auto use : {job_use::plan, job_use::apply}) check_refused(validate(changed(one), use), one);
  }
  for (const auto& one : wrong_applies) {
    BOOST_TEST(validate(changed(one), job_use::plan).has_value());
    check_refused(validate(changed(one)), one);
  }
}

BOOST_FIXTURE_TEST_CASE(every_function_validates_before_anything_else, fixture) {
  start();
  const auto path = write_rows("in.csv", 1, 2);
  auto j = make_job(path);
  j.plan.only = "room";
  check_refused(only_error(check(j, watch)), wrong_plans[0]);
  j = make_job(path);
  j.pace.connections = 0;  // which would wait for a connection for ever
  const wrong_setting connections{"--connections: '0'", {}};
  check_refused(only_error(plan(j, true, watch)), connections);
  check_refused(only_error(dry_run(j, watch)), connections);
  check_refused(only_error(apply(j, watch)), connections);
  BOOST_TEST(!fs::exists(folder / "ledger.db"));
  BOOST_TEST(watch.plans.empty());
  BOOST_TEST(count("requests") == 0);
}

BOOST_AUTO_TEST_CASE(whose_tokens_a_lane_uses) {
  const std::string app = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002", identity = "c3f0e6d1-1d5e-4c1b-8d0f-7a6b5c4d3e03";
  lane_options lane;
  lane.client_id = app;
  BOOST_TEST(run::calling_app_of(lane).id == app);
  lane.token = secret("ready");  // it cannot be looked into
  BOOST_TEST(run::calling_app_of(lane).id == app);
  lane.token = secret("e30.eyJhcHBpZCI6ImMzZjBlNmQxLTFkNWUtNGMxYi04ZDBmLTdhNmI1YzRkM2UwMyJ9.e30");
  BOOST_TEST(run::calling_app_of(lane).id == identity);
  lane.credential = credential_kind::managed_identity;
  BOOST_TEST(run::calling_app_of(lane).managed_identity);
  BOOST_TEST(run::calling_app_of(lane).id == app);  // the identity is asked for by it
  for (const auto& [which, id] : {std::pair(identity, identity), std::pair("object:" + identity, std::string()),
                                  std::pair(std::string("/subscriptions/x"), std::string())}) {
    lane.managed_identity = which;
    BOOST_TEST(run::calling_app_of(lane).id == id);
  }
  lane.credential = credential_kind::managed_identity_federation;
  BOOST_TEST(run::calling_app_of(lane).id == app);
}

BOOST_FIXTURE_TEST_CASE(a_ready_token_needs_no_application, fixture) {
  auto j = make_job(write_rows("in.csv", 1, 2));
  j.lanes.front().client_id.clear();
  j.lanes.front().client_secret = secret();
  j.lanes.front().token = secret("ready");
  BOOST_TEST(validate(j).has_value());
}

// The lanes of a job: tenants, credentials, clouds and proxies, from settings and the environment.

#include <algorithm>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "cli/credentials.hpp"
#include "cli/job_builder.hpp"
#include "cli/options.hpp"
#include "folder.hpp"

namespace {

using namespace cli_test;
using convoke::cli::build_job;
using convoke::cli::settings;

constexpr auto tenant = "11111111-2222-3333-4444-555555555555";

}  // namespace

BOOST_AUTO_TEST_SUITE(lanes)

BOOST_FIXTURE_TEST_CASE(each_tenant_table_is_a_lane_with_its_own_settings, folder) {
  const std::string other = "22222222-2222-3333-4444-555555555555";
  write("north-secret", "n-secret\n");
  write("south-secret", "s-secret\n");
  const auto file = write(
      "c.toml",
      "rate = 9\nclient_id = \"66666666-7777-8888-9999-000000000001\"\n[tenants.north]\ntenant = \"" + std::string(tenant) +
          "\"\nclient_secret_file = \"north-secret\"\nstart_rate = 3\n[tenants.south]\ntenant = \"" + other +
          "\"\nclient_id = \"66666666-7777-8888-9999-000000000002\"\nclient_secret_file = \"south-secret\"\nrate = 4\ncloud = \"usgov\"\n");
  const auto build = [&](names flags, names environment = {}) {
    flags.emplace("config", file);
    environment.emplace("HOME", path.string());
    const auto from = settings::resolve(flags, environment, "");
    BOOST_REQUIRE(from.has_value());
    return build_job(*from, "in.csv", {.lane = true, .credentials = true});
  };
  const auto j = build({});
  BOOST_REQUIRE(j.has_value());
  BOOST_REQUIRE_EQUAL(j->lanes.size(), 2U);
  const auto& north = j->lanes[0];
  const auto& south = j->lanes[1];
  BOOST_TEST(north.name == "north");
  BOOST_TEST(north.tenant == tenant);
  BOOST_TEST(north.client_id == "66666666-7777-8888-9999-000000000001");
  BOOST_TEST(north.client_secret.reveal() == "n-secret");
  BOOST_TEST(north.graph_url == "https://graph.microsoft.com");
  BOOST_TEST(north.pace->rate == 9.0);
  BOOST_TEST(north.pace->start_rate == 3.0);
  BOOST_TEST(south.client_id == "66666666-7777-8888-9999-000000000002");
  BOOST_TEST(south.client_secret.reveal() == "s-secret");
  BOOST_TEST(south.graph_url == "https://graph.microsoft.us");
  BOOST_TEST(south.pace->rate == 4.0);
  BOOST_TEST(j->other_tenants.empty());
  // A flag is nearer than the tables.
  BOOST_TEST(build({{"rate", "2"}})->lanes[1].pace->rate == 2.0);

  const auto one = build({{"tenant", "south"}});
  BOOST_REQUIRE_EQUAL(one->lanes.size(), 1U);
  BOOST_TEST(one->lanes[0].name == "south");
  BOOST_REQUIRE_EQUAL(one->other_tenants.size(), 1U);
  BOOST_TEST(one->other_tenants[0].name == "north");
  BOOST_TEST(one->other_tenants[0].tenant == tenant);

  for (const auto* variable : {"CONVOKE_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID", "CONVOKE_CLIENT_SECRET_FILE"}) {
    const auto mixed = build({}, {{variable, "x"}});
    BOOST_REQUIRE(!mixed.has_value());
    BOOST_TEST(mixed.error().message.contains(std::string(variable) + " is of one tenant, and the configuration has 2"),
               mixed.error().message);
  }
  const auto shown = settings::resolve({{"config", file}}, {}, "")->show();
  BOOST_TEST(shown.contains("tenants.south.rate = 4  # "), shown);
}

BOOST_FIXTURE_TEST_CASE(only_convokes_own_settings_limit_a_run_over_several_tables, folder) {
  const std::string other = "22222222-2222-3333-4444-555555555555";
  const std::string tables = "[tenants.north]\ntenant = \"" + std::string(tenant) +
                             "\"\nclient_id = \"66666666-7777-8888-9999-000000000003\"\n[tenants.south]\ntenant = \"" + other +
                             "\"\nclient_id = \"66666666-7777-8888-9999-000000000002\"\n";
  const auto lanes_of = [&](const std::string& top, names flags, names environment = {}) {
    flags.emplace("config", write("c.toml", top + tables));
    environment.emplace("HOME", path.string());
    const auto from = settings::resolve(flags, environment, "");
    if (!from) return from.error().message;
    const auto j = build_job(*from, "in.csv", {.lane = true});
    if (!j) return j.error().message;
    std::string out;
    for (const auto& lane : j->lanes) out += lane.name + " ";
    for (const auto& warning : from->warnings()) out += warning;
    return out;
  };
  BOOST_TEST(lanes_of("", {}) == "north south ");
  BOOST_TEST(lanes_of("", {}, {{"AZURE_TENANT_ID", other}, {"AZURE_FEDERATED_TOKEN_FILE", "/t"}}) == "north south ");
  BOOST_TEST(lanes_of("", {}, {{"AZURE_TENANT_ID", other}})
                 .starts_with("north south AZURE_TENANT_ID does not limit the run, because the configuration has 2 tenants"));
  BOOST_TEST(lanes_of("", {}, {{"CONVOKE_TENANT", other}, {"AZURE_TENANT_ID", tenant}}) == "south ");
  BOOST_TEST(lanes_of("", {{"tenant", "SOUTH"}}) == "south ");
  BOOST_TEST(lanes_of("tenant = \"south\"\n", {}, {{"AZURE_TENANT_ID", tenant}}) == "south ");
  for (const std::string& id : {std::string(tenant), std::string("33333333-2222-3333-4444-555555555555")}) {
    const auto refused = lanes_of("tenant = \"" + id + "\"\n", {});
    BOOST_TEST(refused.contains("c.toml, line 1: tenant: '" + id + "' stands beside 2 tables"), refused);
    BOOST_TEST(refused.contains("(north, south)"), refused);
    BOOST_TEST(lanes_of("tenant = \"" + id + "\"\n", {{"tenant", "north"}}) == "north ");
  }
}

BOOST_FIXTURE_TEST_CASE(variables_of_azure_are_for_tables_that_say_nothing_themselves, folder) {
  const std::string other = "22222222-2222-3333-4444-555555555555";
  write("north-secret", "n-secret\n");
  write("top-secret", "t-secret\n");
  const auto token = write("token", "eyJhIjoxfQ.eyJiIjoxfQ.c2ln\n");
  const auto file = write(
      "c.toml",
      "client_secret_file = \"top-secret\"\n[tenants.north]\ntenant = \"" + std::string(tenant) +
          "\"\nclient_id = \"66666666-7777-8888-9999-000000000003\"\nclient_secret_file = \"north-secret\"\n[tenants.south]\ntenant = \"" +
          other + "\"\nclient_id = \"66666666-7777-8888-9999-000000000002\"\ncloud = \"usgov\"\n");
  const names of_the_webhook{{"HOME", path.string()},
                             {"AZURE_TENANT_ID", other},
                             {"AZURE_CLIENT_ID", "66666666-7777-8888-9999-000000000006"},
                             {"AZURE_FEDERATED_TOKEN_FILE", token},
                             {"AZURE_AUTHORITY_HOST", "https://login.example/"}};
  const auto build = [&](names flags) {
    flags.emplace("config", file);
    const auto from = settings::resolve(flags, of_the_webhook, "");
    BOOST_REQUIRE(from.has_value());
    auto j = build_job(*from, "in.csv", {.lane = true, .credentials = true});
    BOOST_REQUIRE(j.has_value());
    return std::move(j->lanes);
  };
  const auto both = build({});
  BOOST_REQUIRE_EQUAL(both.size(), 2U);
  BOOST_TEST(both[0].client_id == "66666666-7777-8888-9999-000000000003");
  BOOST_TEST(both[0].client_secret.reveal() == "n-secret");
  BOOST_TEST(both[0].authority_url == "https://login.example/");
  BOOST_TEST(both[1].client_id == "66666666-7777-8888-9999-000000000002");
  BOOST_TEST(both[1].federated_token_file == token);
  BOOST_TEST(both[1].authority_url == "https://login.microsoftonline.us");
  BOOST_TEST(both[1].graph_url == "https://graph.microsoft.us");
  // The same in a run of one of them.
  const auto north = build({{"tenant", "north"}});
  BOOST_REQUIRE_EQUAL(north.size(), 1U);
  BOOST_TEST(north[0].tenant == tenant);
  BOOST_TEST(north[0].client_id == "66666666-7777-8888-9999-000000000003");
  BOOST_TEST(north[0].client_secret.reveal() == "n-secret");
}

BOOST_FIXTURE_TEST_CASE(a_table_is_nearer_than_the_top_of_the_file, folder) {
  const std::string other = "22222222-2222-3333-4444-555555555555";
  const auto file =
      write("c.toml",
            "client_secret_file = \"s\"\ncredential = \"client-secret\"\ngraph_url = \"https://top.example\"\n[tenants.north]\n"
            "tenant = \"" +
                std::string(tenant) +
                "\"\nclient_certificate_file = \"c\"\ncloud = \"usgov\"\n"
                "[tenants.south]\ntenant = \"" +
                other + "\"\nclient_id = \"66666666-7777-8888-9999-000000000002\"\n[tenants.west]\ntenant = \"" + tenant +
                "\"\ncredential = \"managed-identity\"\n");
  const auto from = settings::resolve({{"config", file}}, {{"HOME", path.string()}}, "");
  BOOST_REQUIRE(from.has_value());
  const auto shown = convoke::cli::describe_credential(*from, false);
  BOOST_TEST(shown.contains("tenants.north.credential = client-certificate  # chosen by: "), shown);
  BOOST_TEST(shown.contains("tenants.south.credential = client-secret  # chosen by: "), shown);
  BOOST_TEST(!shown.contains("tenants.west"), shown);
  BOOST_TEST(from->show().contains("tenants.west.credential = managed-identity  # "), from->show());
  const auto j = build_job(*from, "in.csv", {.lane = true});
  BOOST_REQUIRE(j.has_value());
  BOOST_TEST(j->lanes[0].graph_url == "https://graph.microsoft.us");
  BOOST_TEST(j->lanes[1].graph_url == "https://top.example");
}

BOOST_FIXTURE_TEST_CASE(the_name_of_a_folder_says_nothing_of_the_kind_of_a_source, folder) {
  const auto before = fs::current_path();
  for (const auto* name : {"AZURE_x", "CONVOKE_x"}) {
    fs::create_directory(path / name);
    fs::permissions(path / name, fs::perms::owner_all);
    write(std::string(name) + "/convoke.toml", "client_secret_file = \"s\"\n");
    fs::current_path(path);
    const auto from = settings::resolve({}, {{"AZURE_FEDERATED_TOKEN_FILE", "/t"}}, std::string(name) + "/in.csv");
    fs::current_path(before);
    BOOST_REQUIRE(from.has_value());
    BOOST_REQUIRE(from->find("client-secret-file") != nullptr);
    const auto choice = convoke::cli::choose_credential(*from, false);
    BOOST_TEST((*choice)->reason == "AZURE_FEDERATED_TOKEN_FILE");
  }
}

BOOST_FIXTURE_TEST_CASE(a_federated_token_is_read_before_anything_is_planned, folder) {
  const auto complaint = [this](const std::string& file) {
    const auto from = settings::resolve({},
                                        {{"HOME", path.string()},
                                         {"CONVOKE_TENANT", tenant},
                                         {"CONVOKE_CLIENT_ID", "66666666-7777-8888-9999-000000000004"},
                                         {"AZURE_FEDERATED_TOKEN_FILE", file}},
                                        "-");
    const auto j = build_job(*from, "in.csv", {.lane = true, .credentials = true});
    if (j) return std::string("accepted");
    BOOST_CHECK(j.error().code == convoke::errc::credentials);
    BOOST_TEST(!j.error().message.contains("canary"), j.error().message);
    return j.error().message;
  };
  BOOST_TEST(complaint((path / "none").string()).contains("cannot be opened"));
  BOOST_TEST(complaint(path.string()).contains("is not a regular file"));
  BOOST_TEST(complaint(write("empty", "")).contains("does not hold a token: it is empty"));
  BOOST_TEST(complaint(write("other", "canary")).contains("does not hold a JWT"));
  BOOST_TEST(complaint(write("token", "eyJhIjoxfQ.eyJiIjoxfQ.c2ln\n")) == "accepted");
}

BOOST_FIXTURE_TEST_CASE(a_wrong_setting_of_a_tenant_names_the_tenant, folder) {
  const auto file = write("c.toml", std::string("[tenants.north]\ntenant = \"") + tenant +
                                        "\"\nclient_id = \"66666666-7777-8888-9999-000000000003\"\n[tenants.south]\ntenant = "
                                        "\"x\"\nclient_id = \"66666666-7777-8888-9999-000000000002\"\ncloud = \"mars\"\n");
  const auto from = settings::resolve({{"config", file}}, {{"HOME", path.string()}}, "");
  const auto j = build_job(*from, "in.csv", {.lane = true});
  BOOST_REQUIRE(!j.has_value());
  BOOST_TEST(j.error().message.starts_with("Tenant south: --cloud 'mars' is not known"), j.error().message);
}

BOOST_FIXTURE_TEST_CASE(the_credential_is_the_one_whose_source_is_nearest, folder) {
  const auto file = write("c.toml", "client_secret_file = \"s\"\n");
  const auto chosen = [&](names flags, names environment = {}, bool azure = false) {
    flags.emplace("config", file);
    const auto from = settings::resolve(flags, environment, "");
    BOOST_REQUIRE(from.has_value());
    const auto choice = convoke::cli::choose_credential(*from, azure);
    BOOST_REQUIRE(choice.has_value() && choice->has_value());
    return std::string(to_string((*choice)->kind)) + " by " + (*choice)->reason;
  };
  BOOST_TEST(chosen({}).starts_with("client-secret by "));
  BOOST_TEST(chosen({}, {{"AZURE_CLIENT_CERTIFICATE_PATH", "/c"}}) == "client-certificate by AZURE_CLIENT_CERTIFICATE_PATH");
  BOOST_TEST(chosen({}, {{"AZURE_CLIENT_CERTIFICATE_PATH", "/c"}, {"AZURE_CLIENT_SECRET", "x"}}) == "client-secret by AZURE_CLIENT_SECRET");
  BOOST_TEST(chosen({}, {{"AZURE_CLIENT_SECRET", "x"}, {"CONVOKE_FEDERATED_TOKEN_FILE", "/t"}}) ==
             "workload-identity by CONVOKE_FEDERATED_TOKEN_FILE");
  BOOST_TEST(chosen({{"client-certificate-file", "/c"}}, {{"CONVOKE_CLIENT_SECRET_FILE", "/s"}}) ==
             "client-certificate by --client-certificate-file");
  BOOST_TEST(chosen({{"client-certificate-file", "/c"}}, {{"CONVOKE_TOKEN", "t"}}) == "token by CONVOKE_TOKEN");
  BOOST_TEST(chosen({{"credential", "managed-identity"}}, {{"CONVOKE_TOKEN", "t"}}) == "managed-identity by --credential");
}

BOOST_FIXTURE_TEST_CASE(a_managed_identity_is_the_last_choice, folder) {
  const auto chosen = [&](names environment, bool azure) -> std::string {
    environment.emplace("HOME", path.string());
    const auto from = settings::resolve({}, environment, "-");
    const auto choice = convoke::cli::choose_credential(*from, azure);
    return choice->has_value() ? std::string(to_string((*choice)->kind)) + " by " + (*choice)->reason : "none";
  };
  BOOST_TEST(chosen({}, false) == "none");
  BOOST_TEST(chosen({}, true) == "managed-identity by this is a virtual machine of Azure");
  BOOST_TEST(chosen({{"IDENTITY_ENDPOINT", "http://127.0.0.1:1"}}, false) == "managed-identity by IDENTITY_ENDPOINT");
  write("convoke-secret", "x");
  BOOST_TEST(chosen({{"CREDENTIALS_DIRECTORY", path.string()}}, true) == "client-secret by $CREDENTIALS_DIRECTORY/convoke-secret");
}

BOOST_FIXTURE_TEST_CASE(a_proxy_comes_from_its_flag_or_the_usual_variables, folder) {
  const auto lane = [&](names flags, names environment) {
    environment.insert({{"HOME", path.string()},
                        {"CONVOKE_TENANT", tenant},
                        {"CONVOKE_CLIENT_ID", "66666666-7777-8888-9999-000000000004"},
                        {"AZURE_CLIENT_SECRET", "s"}});
    const auto from = settings::resolve(flags, environment, "-");
    BOOST_REQUIRE(from.has_value());
    auto j = build_job(*from, "in.csv", {.lane = true, .credentials = true});
    BOOST_REQUIRE(j.has_value());
    return std::move(j->lanes.front());
  };
  BOOST_TEST(lane({}, {}).proxy.empty());
  BOOST_TEST(lane({}, {{"HTTPS_PROXY", "http://p:1"}}).proxy.reveal() == "http://p:1");
  BOOST_TEST(lane({}, {{"https_proxy", "http://p:1"}}).proxy.reveal() == "http://p:1");
  BOOST_TEST(lane({{"proxy", "http://q:2"}}, {{"HTTPS_PROXY", "http://p:1"}}).proxy.reveal() == "http://q:2");
  BOOST_TEST(lane({{"proxy", "none"}}, {{"HTTPS_PROXY", "http://p:1"}}).proxy.empty());
  BOOST_TEST(lane({}, {{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", "a.example"}}).no_proxy == "a.example,localhost,127.0.0.0/8,::1");
  BOOST_TEST(lane({{"proxy", "http://q:2"}}, {{"no_proxy", "a.example"}}).no_proxy == "a.example");
  const auto file = write("proxy-login", "user:hunter2\n");
  BOOST_TEST(lane({{"proxy", "http://q:2"}, {"proxy-credentials-file", file}}, {}).proxy_credentials.reveal() == "user:hunter2");
  const auto shown = settings::resolve({{"proxy", "http://user:hunter2@q:2"}}, {}, "-")->show();
  BOOST_TEST(!shown.contains("hunter2"), shown);
  BOOST_TEST(shown.contains("proxy = http://…@q:2"), shown);
  const auto of_variable = settings::resolve({}, {{"HTTPS_PROXY", "http://user:hunter2@p:1"}}, "-")->show();
  BOOST_TEST(of_variable.contains("proxy = http://…@p:1  # HTTPS_PROXY"), of_variable);
  BOOST_TEST(!of_variable.contains("hunter2"), of_variable);
  // A wrong variable does no harm where no host is reached through it.
  BOOST_TEST(lane({}, {{"HTTPS_PROXY", "ftp://p:1"}, {"NO_PROXY", "*"}}).proxy.empty());
  BOOST_TEST(lane({}, {{"https_proxy", "ftp://p:1"}, {"NO_PROXY", "microsoft.com,microsoftonline.com"}}).proxy.empty());
}

BOOST_FIXTURE_TEST_CASE(a_wrong_address_is_reported_with_its_source_and_without_its_password, folder) {
  const auto complaint = [this](names flags, names environment) {
    environment.insert({{"HOME", path.string()},
                        {"CONVOKE_TENANT", tenant},
                        {"CONVOKE_CLIENT_ID", "66666666-7777-8888-9999-000000000004"},
                        {"AZURE_CLIENT_SECRET", "s"}});
    const auto from = settings::resolve(flags, environment, "-");
    BOOST_REQUIRE(from.has_value());
    BOOST_TEST(!from->show().contains("hunter2"), from->show());
    const auto j = build_job(*from, "in.csv", {.lane = true, .credentials = true});
    if (j) return std::string("accepted");
    BOOST_CHECK(j.error().code == convoke::errc::usage);
    BOOST_TEST(!j.error().message.contains("hunter2"), j.error().message);
    return j.error().message;
  };
  BOOST_TEST(complaint({}, {{"HTTPS_PROXY", "ftp://user:hunter2@p:1"}}).starts_with("HTTPS_PROXY: the proxy "));
  BOOST_TEST(complaint({}, {{"https_proxy", "ftp://p:1"}, {"NO_PROXY", "graph.microsoft.com"}}).starts_with("https_proxy: the proxy "));
  BOOST_TEST(complaint({{"proxy", "ftp://p:1"}}, {{"NO_PROXY", "*"}}).starts_with("--proxy: the proxy "));
  BOOST_TEST(complaint({}, {{"AZURE_AUTHORITY_HOST", "login.microsoftonline.us"}})
                 .starts_with("AZURE_AUTHORITY_HOST: the address 'login.microsoftonline.us' cannot be used"));
  BOOST_TEST(complaint({{"graph-url", "https://user:hunter2@graph.example"}}, {}).starts_with("--graph-url: the address "));
  BOOST_TEST(complaint({}, {{"CONVOKE_AUTHORITY_URL", "https://user:hunter2@login.example"}}).starts_with("CONVOKE_AUTHORITY_URL: "));
}

BOOST_FIXTURE_TEST_CASE(a_cloud_without_createOrGet_is_refused_with_the_reason, folder) {
  const auto complaint = [this](names flags) {
    flags.emplace("tenant", tenant);
    const auto from = settings::resolve(flags, {{"HOME", path.string()}}, "-");
    const auto j = build_job(*from, "in.csv", {.lane = true});
    return j ? std::string("accepted") : j.error().message;
  };
  BOOST_TEST(complaint({{"cloud", "china"}}).contains("has no createOrGet: Graph's documentation lists it as not supported there"));
  for (const auto* name : {"germany", "singapore"})
    BOOST_TEST(complaint({{"cloud", name}}).contains("has no createOrGet: the metadata that Microsoft publishes for it"));
  for (const auto* name : {"global", "usgov", "dod", "france"}) BOOST_TEST(complaint({{"cloud", name}}) == "accepted");
  BOOST_TEST(complaint({{"cloud", "china"}, {"graph-url", "https://graph.example"}}) == "accepted");
}

BOOST_FIXTURE_TEST_CASE(a_lane_of_a_person_keeps_the_sign_in_only_on_request, folder) {
  const auto build = [&](names flags, convoke::cli::needs what) {
    flags.emplace("tenant", tenant);
    flags.emplace("client-id", "66666666-7777-8888-9999-000000000005");
    const auto from = settings::resolve(flags, {{"HOME", path.string()}, {"AZURE_CLIENT_SECRET", "unused"}}, "");
    BOOST_REQUIRE(from.has_value());
    return build_job(*from, "in.csv", what);
  };
  const names own{{"credential", "device-code"}}, saved{{"credential", "device-code"}, {"save-sign-in", "true"}};
  for (const auto what : {convoke::cli::needs{}, {.lane = true}, {.lane = true, .credentials = true}}) {
    const auto j = build(own, what);
    BOOST_REQUIRE(j.has_value());
    BOOST_TEST(j->lanes.front().delegated());
    BOOST_TEST(j->lanes.front().sign_in_file.empty());
    BOOST_TEST(j->lanes.front().client_secret.empty());
  }
  const auto state = path.string() + "/.local/state/convoke/sign-in-";
  for (const auto what : {convoke::cli::needs{.lane = true}, {.lane = true, .credentials = true}})
    BOOST_TEST(build(saved, what)->lanes.front().sign_in_file.starts_with(state));
  // Without a person there is nothing to keep.
  const names no_person{{"save-sign-in", "true"}};
  const auto refused = build(no_person, {.lane = true, .credentials = true});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == convoke::errc::usage));
  BOOST_TEST(refused.error().message.starts_with("--save-sign-in keeps the sign-in of a person"));
  BOOST_TEST(build(no_person, {}).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_shared_key_that_saves_sign_ins_is_for_every_tenant_whichever_is_chosen, folder) {
  const auto tables = [](const std::string& credential_of_north) {
    return "[tenants.north]\ntenant = \"" + std::string(tenant) + "\"\nclient_id = \"66666666-7777-8888-9999-000000000003\"\n" +
           credential_of_north +
           "[tenants.south]\ntenant = \"22222222-2222-3333-4444-555555555555\"\nclient_id = "
           "\"66666666-7777-8888-9999-000000000002\"\ncredential = \"client-secret\"\n";
  };
  const auto outcome = [&](const std::string& content, names flags, names environment = {}) {
    flags.emplace("config", write("c.toml", content));
    environment.emplace("HOME", path.string());
    const auto from = settings::resolve(flags, environment, "");
    BOOST_REQUIRE_MESSAGE(from.has_value(), (from ? "" : from.error().message));
    const auto j = build_job(*from, "in.csv", {.lane = true});
    const auto part = convoke::cli::build_partial_job(*from, "");
    const auto names_it = [&](const auto& one) { return one.why.message.contains("keeps the sign-in of a person"); };
    BOOST_TEST(std::ranges::any_of(part.problems, names_it) == !j.has_value(), "doctor says the same");
    return j ? std::string("accepted") : j.error().message;
  };
  const std::string person = "credential = \"device-code\"\n", saves = "save_sign_in = true\n";
  for (const auto* chosen : {"north", "south"}) {
    BOOST_TEST(outcome(saves + tables(person), {{"tenant", chosen}}) == "accepted");
    BOOST_TEST(outcome(tables(person), {{"tenant", chosen}}, {{"CONVOKE_SAVE_SIGN_IN", "1"}}) == "accepted");
  }
  // The credential of the other one may be that at the top of the file.
  BOOST_TEST(outcome(saves + person + tables(""), {{"tenant", "south"}}) == "accepted");
  BOOST_TEST(outcome(saves + tables(person), {}) == "accepted");
  // No person signs in anywhere.
  BOOST_TEST(outcome(saves + tables(""), {{"tenant", "south"}}).contains("line 1: save_sign_in keeps the sign-in of a person"));
  BOOST_TEST(outcome(saves + tables(person), {{"tenant", "south"}, {"credential", "client-secret"}}).contains("keeps the sign-in"));
  // A flag is for the tenant that is chosen.
  BOOST_TEST(outcome(tables(person), {{"tenant", "south"}, {"save-sign-in", "true"}}).starts_with("--save-sign-in keeps the sign-in"));
}

BOOST_AUTO_TEST_SUITE_END()

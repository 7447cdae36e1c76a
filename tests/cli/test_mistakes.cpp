// What people write by mistake in settings, and how it is refused.

#include <string>

#include <boost/test/unit_test.hpp>

#include "cli/job_builder.hpp"
#include "cli/options.hpp"
#include "folder.hpp"

namespace {

using namespace cli_test;
using convoke::errc;
using convoke::cli::build_job;
using convoke::cli::build_partial_job;
using convoke::cli::settings;

constexpr auto tenant = "11111111-2222-3333-4444-555555555555";
constexpr auto app = "66666666-7777-8888-9999-000000000001";

// A folder, and what is said of a configuration file or of settings.
struct mistakes_folder : folder {
  [[nodiscard]] std::string said_of_file(const std::string& text) const {
    const auto from = settings::resolve({{"config", write("c.toml", text)}}, {{"HOME", path.string()}}, "-");
    if (from) return "accepted";
    BOOST_CHECK(from.error().code == errc::usage);
    return from.error().message;
  }

  [[nodiscard]] std::string said_of(const names& flags, names environment = {}, convoke::cli::needs what = {.lane = true}) const {
    environment.emplace("HOME", path.string());
    environment.emplace("AZURE_TENANT_ID", tenant);
    environment.emplace("AZURE_CLIENT_ID", app);
    const auto from = settings::resolve(flags, environment, "-");
    BOOST_REQUIRE_MESSAGE(from.has_value(), (from ? "" : from.error().message));
    const auto j = build_job(*from, "in.csv", what);
    return j ? "accepted" : j.error().message;
  }
};

constexpr convoke::cli::needs everything{.lane = true, .credentials = true};

}  // namespace

BOOST_AUTO_TEST_SUITE(mistakes)

BOOST_FIXTURE_TEST_CASE(a_key_for_a_secret_is_answered_with_what_its_file_is, mistakes_folder) {
  const std::string note = " It takes the name of a file: write the secret into a file of mode 0600.";
  const auto top = said_of_file("client_secret = \"hunter2\"\n");
  BOOST_TEST(top.contains("there is no key 'client_secret'. Did you mean 'client_secret_file'?" + note), top);
  BOOST_TEST(!top.contains("hunter2"), top);
  const auto table = said_of_file(std::string("[tenants.a]\ntenant = \"") + tenant + "\"\nclient_secret = \"hunter2\"\n");
  BOOST_TEST(table.contains("Did you mean 'client_secret_file'?" + note), table);
  BOOST_TEST(!said_of_file("max_atempts = 1\n").contains("takes the name"));
  const auto from = settings::resolve({}, {{"CONVOKE_CLIENT_SECRET", "hunter2"}}, "-");
  BOOST_REQUIRE(from.has_value());
  BOOST_REQUIRE_EQUAL(from->warnings().size(), 1U);
  BOOST_TEST(from->warnings().front().contains("Did you mean CONVOKE_CLIENT_SECRET_FILE?" + note), from->warnings().front());
}

BOOST_FIXTURE_TEST_CASE(a_secret_in_place_of_a_file_name_is_shown_nowhere, mistakes_folder) {
  for (const std::string value : {"aB8Q~hunter2secretvalue", "aB8Q~hunter2.secret-value", "hunter2"}) {
    const auto file =
        write("c.toml", std::string("tenant = \"") + tenant + "\"\nclient_id = \"" + app + "\"\nclient_secret_file = \"" + value + "\"\n");
    const auto from = settings::resolve({{"config", file}}, {{"HOME", path.string()}}, "-");
    BOOST_REQUIRE(from.has_value());
    BOOST_TEST(!from->show().contains("hunter2"), from->show());
    BOOST_TEST(from->show().contains("client_secret_file = (not shown: "), from->show());
    const auto j = build_job(*from, "in.csv", everything);
    BOOST_REQUIRE(!j.has_value());
    BOOST_CHECK(j.error().code == errc::credentials);
    BOOST_TEST(j.error().message.contains("c.toml, line 3: client_secret_file: there is no file of the name that is given."),
               j.error().message);
    BOOST_TEST(!j.error().message.contains("hunter2"), j.error().message);
    const auto part = build_partial_job(*from, "");
    BOOST_REQUIRE_EQUAL(part.problems.size(), 1U);
    BOOST_TEST(!part.problems.front().why.message.contains("hunter2"), part.problems.front().why.message);
    const auto of_flag = said_of({{"client-secret-file", value}}, {}, everything);
    BOOST_TEST(of_flag.starts_with("--client-secret-file: there is no file of the name"), of_flag);
    const auto of_proxy = said_of({{"proxy", "http://p:1"}, {"proxy-credentials-file", value}}, {}, everything);
    BOOST_TEST(of_proxy.starts_with("--proxy-credentials-file: there is no file of the name"), of_proxy);
  }
  // What is surely the name of a file is named.
  BOOST_TEST(said_of({{"client-secret-file", "./secret"}}, {}, everything).contains("the secret file ./secret cannot be opened"));
  BOOST_TEST(said_of({{"client-secret-file", "secret.txt"}}, {}, everything).contains("the secret file secret.txt cannot be opened"));
  const auto open = write("open", "x", fs::perms::owner_all | fs::perms::others_read);
  const auto from = settings::resolve({{"config", write("c.toml", "client_secret_file = \"open\"\n")}}, {}, "-");
  BOOST_TEST(from->show().contains("client_secret_file = " + open), from->show());
}

BOOST_FIXTURE_TEST_CASE(a_client_id_is_a_guid_as_the_tenant_is, mistakes_folder) {
  for (const std::string id : {"APP-ID", "{66666666-7777-8888-9999-000000000001}", "66666666777788889999000000000001"})
    for (const auto* name : {"--client-id", "CONVOKE_CLIENT_ID", "AZURE_CLIENT_ID"}) {
      const bool flag = std::string(name) == "--client-id";
      const auto said = flag ? said_of({{"client-id", id}}) : said_of({}, {{name, id}});
      BOOST_TEST(said.starts_with(std::string(name) + ": '" + id + "' is not an Entra application id (a GUID such as "), said);
    }
  const auto file = write("c.toml", "\nclient_id = \"APP-ID\"\n");
  const auto from = settings::resolve({{"config", file}}, {{"HOME", path.string()}, {"AZURE_TENANT_ID", tenant}}, "-");
  const auto j = build_job(*from, "in.csv", {.lane = true});
  BOOST_REQUIRE(!j.has_value());
  BOOST_CHECK(j.error().code == errc::usage);
  BOOST_TEST(j.error().message.contains("c.toml, line 2: client_id: 'APP-ID' is not"), j.error().message);
  BOOST_TEST(said_of({{"client-id", "66666666-7777-8888-9999-00000000000A"}}) == "accepted");
}

BOOST_FIXTURE_TEST_CASE(two_spellings_of_a_key_in_one_table_are_refused, mistakes_folder) {
  const auto top = said_of_file("client_id = \"a\"\nrate = 3\nclient-id = \"b\"\n");
  BOOST_TEST(top.contains("c.toml, lines 1 and 3: 'client_id' and 'client-id' are the same key. Remove one of them."), top);
  BOOST_TEST(said_of_file("Rate = 1\nrate = 2\n").contains("lines 1 and 2: 'Rate' and 'rate' are the same key"));
  const std::string table = std::string("[tenants.a]\ntenant = \"") + tenant + "\"\n";
  BOOST_TEST(said_of_file(table + "start-rate = 1\nstart_rate = 2\n").contains("lines 3 and 4: 'start-rate' and 'start_rate'"));
  // One at the top and one in a table are two keys.
  BOOST_TEST(said_of_file("start-rate = 1\n" + table + "start_rate = 2\n") == "accepted");
}

BOOST_FIXTURE_TEST_CASE(addresses_of_two_clouds_are_refused, mistakes_folder) {
  const auto variable = said_of({}, {{"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"}});
  BOOST_TEST(variable.starts_with("The Graph root (the default cloud) and the authority (AZURE_AUTHORITY_HOST) are of two clouds: "
                                  "graph.microsoft.com is the Graph root of global, and login.microsoftonline.us the authority of usgov"),
             variable);
  const auto flag = said_of({{"cloud", "usgov"}, {"graph-url", "https://graph.microsoft.com"}});
  BOOST_TEST(flag.starts_with("The Graph root (--graph-url) and the authority (--cloud) are of two clouds"), flag);
  BOOST_TEST(said_of({{"cloud", "usgov"}}, {{"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us"}}) == "accepted");
  BOOST_TEST(said_of({{"cloud", "usgov"}, {"graph-url", "https://dod-graph.microsoft.us"}}) == "accepted");
  BOOST_TEST(said_of({{"cloud", "usgov"}, {"graph-url", "https://gateway.example/graph"}}) == "accepted");
  BOOST_TEST(said_of({}, {{"AZURE_AUTHORITY_HOST", "https://login.example"}}) == "accepted");
}

BOOST_FIXTURE_TEST_CASE(the_version_is_no_part_of_the_graph_root, mistakes_folder) {
  for (const std::string url : {"https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/v1.0/", "https://graph.example/x/beta"}) {
    const auto said = said_of({{"graph-url", url}});
    BOOST_TEST(said.starts_with("--graph-url: the address '" + url + "' ends with a version of Graph"), said);
  }
  BOOST_TEST(said_of({{"graph-url", "https://graph.example/v1.0/x"}}) == "accepted");
}

BOOST_FIXTURE_TEST_CASE(a_kind_of_credential_that_does_not_exist_is_refused_by_every_command, mistakes_folder) {
  for (const auto what : {convoke::cli::needs{}, {.lane = true}, {.lane = true, .credentials_if_any = true}, everything}) {
    const auto said = said_of({{"credential", "managed_identity"}}, {}, what);
    BOOST_TEST(said.starts_with("--credential: 'managed_identity' is none of client-secret, "), said);
    BOOST_TEST(said.ends_with("token, device-code. Did you mean 'managed-identity'?"), said);
  }
  BOOST_TEST(said_of({{"credential", "client_secret"}}).ends_with("Did you mean 'client-secret'?"));
  BOOST_TEST(said_of({{"credential", "devicecode"}}).ends_with("Did you mean 'device-code'?"));
  BOOST_TEST(said_of({{"credential", "magic"}}).ends_with("token, device-code."));
}

BOOST_FIXTURE_TEST_CASE(a_credential_that_is_named_and_not_given_says_what_to_set, mistakes_folder) {
  BOOST_TEST(said_of({{"credential", "token"}}, {}, everything).starts_with("No token is given: set CONVOKE_TOKEN"));
  BOOST_TEST(said_of({{"credential", "workload-identity"}}, {}, everything)
                 .starts_with("No federated token is given: set --federated-token-file, or AZURE_FEDERATED_TOKEN_FILE."));
  BOOST_TEST(said_of({{"credential", "client-certificate"}}, {}, everything).starts_with("No certificate is given: set "));
  const auto from =
      settings::resolve({{"credential", "workload-identity"}, {"tenant", tenant}, {"client-id", app}}, {{"HOME", path.string()}}, "-");
  const auto part = build_partial_job(*from, "");
  BOOST_REQUIRE_EQUAL(part.problems.size(), 1U);
  BOOST_TEST(part.problems.front().why.message.starts_with("No federated token is given"), "doctor says the same");
}

BOOST_FIXTURE_TEST_CASE(names_of_clouds_have_no_case_and_other_names_lead_to_them, mistakes_folder) {
  for (const auto* name : {"USGov", "GLOBAL", "DoD"}) BOOST_TEST(said_of({{"cloud", name}}) == "accepted");
  BOOST_TEST(said_of({{"cloud", "GCC"}}).starts_with("--cloud 'GCC' is not known. Did you mean 'global'? If not, use one of global, "));
  BOOST_TEST(said_of({{"cloud", "gcchigh"}}).contains("Did you mean 'usgov'?"));
  BOOST_TEST(said_of({{"cloud", "mars"}}).starts_with("--cloud 'mars' is not known: use one of global, "));
}

BOOST_FIXTURE_TEST_CASE(a_table_that_does_not_exist_leads_to_those_of_tenants, mistakes_folder) {
  const auto own = std::string("tenant = \"") + tenant + "\"\n";
  const auto singular = said_of_file("[tenant.north]\n" + own);
  BOOST_TEST(singular.contains("c.toml, line 1: there is no table [tenant]. Did you mean [tenants.NAME]?"), singular);
  const auto bare = said_of_file("rate = 3\n[north]\n" + own);
  BOOST_TEST(bare.contains("c.toml, line 2: there is no table [north]. The table of a tenant is [tenants.NAME], here [tenants.north]."),
             bare);
  BOOST_TEST(said_of_file("[Tenants.north]\n" + own).contains("there is no table [Tenants]. Did you mean [tenants.NAME]?"));
  BOOST_TEST(said_of_file("[colums]\nstart = \"Beginn\"\n").contains("Did you mean [columns]?"));
}

BOOST_FIXTURE_TEST_CASE(a_configuration_file_names_no_other_one, mistakes_folder) {
  const auto said = said_of_file("config = \"other.toml\"\n");
  BOOST_TEST(said.contains("line 1: 'config' cannot be set in a configuration file: give --config FILE, or set CONVOKE_CONFIG."), said);
  BOOST_TEST(said_of_file(std::string("[tenants.a]\ntenant = \"") + tenant + "\"\nconfig = \"o\"\n").contains("in a configuration file"));
}

BOOST_AUTO_TEST_SUITE_END()

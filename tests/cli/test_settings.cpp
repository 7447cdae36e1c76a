#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include "cli/job_builder.hpp"
#include "cli/options.hpp"
#include "folder.hpp"

namespace {

using namespace cli_test;
using convoke::errc;
using convoke::cli::build_job;
using convoke::cli::settings;

constexpr auto tenant = "11111111-2222-3333-4444-555555555555";

}  // namespace

BOOST_FIXTURE_TEST_CASE(the_nearer_source_wins, folder) {
  const auto file = write("c.toml", "rate = 3\nstart_rate = 4\nconnections = 5\n");
  const auto from = settings::resolve({{"config", file}, {"rate", "1"}}, {{"CONVOKE_RATE", "2"}, {"CONVOKE_START_RATE", "2"}}, "");
  BOOST_REQUIRE(from.has_value());
  BOOST_TEST(from->text("rate") == "1");
  BOOST_TEST(from->find("rate")->source == "--rate");
  BOOST_TEST(from->text("start-rate") == "2");
  BOOST_TEST(from->find("start-rate")->source == "CONVOKE_START_RATE");
  BOOST_TEST(from->text("connections") == "5");
  BOOST_TEST(from->text("max-attempts") == "5");
  BOOST_TEST(from->find("max-attempts")->source == "default");
}

BOOST_FIXTURE_TEST_CASE(names_of_azure_identity_stand_between, folder) {
  const auto file = write("c.toml", "client_id = \"file\"\ntenant = \"file\"\n");
  const auto from =
      settings::resolve({{"config", file}}, {{"AZURE_CLIENT_ID", "azure"}, {"AZURE_TENANT_ID", "azure"}, {"CONVOKE_TENANT", "own"}}, "");
  BOOST_REQUIRE(from.has_value());
  BOOST_TEST(from->text("client-id") == "azure");
  BOOST_TEST(from->text("tenant") == "own");
}

BOOST_FIXTURE_TEST_CASE(an_unknown_key_is_refused_with_the_nearest_name, folder) {
  const auto from = settings::resolve({{"config", write("c.toml", "\nmax_atempts = 3\n")}}, {}, "");
  BOOST_REQUIRE(!from.has_value());
  BOOST_CHECK(from.error().code == errc::usage);
  BOOST_TEST(from.error().message.find("line 2") != std::string::npos);
  BOOST_TEST(from.error().message.find("max_attempts") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_foreign_environment_variable_is_no_reason_to_refuse) {
  const auto from = settings::resolve({}, {{"CONVOKE_ZZZZZZZZZZ", "1"}, {"CONVOKE_MAX_ATEMPTS", "1"}}, "");
  BOOST_REQUIRE(from.has_value());
  BOOST_REQUIRE(from->warnings().size() == 1U);
  BOOST_TEST(from->warnings().front().find("CONVOKE_MAX_ATTEMPTS") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(files_named_in_a_file_are_relative_to_it, folder) {
  const auto file = write("c.toml", "ca_file = \"ca.pem\"\nledger = \"sqlite:x/l.db\"\n");
  const auto from = settings::resolve({{"config", file}}, {}, "");
  BOOST_REQUIRE(from.has_value());
  BOOST_TEST(from->text("ca-file") == (path / "ca.pem").string());
  BOOST_TEST(from->text("ledger") == "sqlite:" + (path / "x/l.db").string());
}

BOOST_FIXTURE_TEST_CASE(a_tilde_is_the_home_directory_where_no_shell_has_replaced_it, folder) {
  const auto file = write("c.toml", "ledger = \"sqlite:~/l.db\"\nclient_secret_file = \"~/secret\"\nexternal_id = \"~/{x}\"\n");
  const auto from = settings::resolve({{"config", file}, {"results", "~/r.csv"}}, {{"HOME", "/home/a"}}, "");
  BOOST_REQUIRE(from.has_value());
  BOOST_TEST(from->text("ledger") == "sqlite:/home/a/l.db");
  BOOST_TEST(from->text("client-secret-file") == "/home/a/secret");
  BOOST_TEST(from->text("results") == "/home/a/r.csv");
  BOOST_TEST(from->text("external-id") == "~/{x}");
  write("home.toml", "rate = 3\n");
  BOOST_TEST(settings::resolve({{"config", "~/home.toml"}}, {{"HOME", path.string()}}, "")->text("rate") == "3");
  BOOST_TEST(settings::resolve({}, {{"HOME", path.string()}, {"CONVOKE_CONFIG", "~/home.toml"}}, "")->text("rate") == "3");
  BOOST_TEST(settings::resolve({{"ledger", "sqlite:~/l.db"}}, {}, "")->text("ledger") == "sqlite:~/l.db");
}

BOOST_FIXTURE_TEST_CASE(the_file_beside_the_input_is_found, folder) {
  write("convoke.toml", "rate = 7\n");
  const auto from = settings::resolve({}, {}, write("in.csv", "x\n"));
  BOOST_REQUIRE(from.has_value());
  BOOST_TEST(from->text("rate") == "7");
}

BOOST_FIXTURE_TEST_CASE(commands_that_read_nothing_find_the_file_of_this_folder, folder) {
  write("convoke.toml", "rate = 7\n");
  const auto before = fs::current_path();
  fs::current_path(path);
  const auto from = settings::resolve({}, {}, "");
  const auto piped = settings::resolve({}, {}, "-");
  const auto elsewhere = settings::resolve({}, {}, (path / "none/in.csv").string());
  fs::current_path(before);
  BOOST_REQUIRE(from.has_value());
  BOOST_TEST(from->text("rate") == "7");
  BOOST_TEST(piped->text("rate") == "500");
  BOOST_TEST(elsewhere->text("rate") == "500");
}

BOOST_FIXTURE_TEST_CASE(a_file_may_be_a_pipe, folder) {
  const auto pipe = (path / "pipe").string();
  BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::jthread writer([&] { std::ofstream(pipe) << "rate = 9\nledger = \"sqlite:l.db\"\nclient_secret_file = \"s\"\n"; });
  const auto from = settings::resolve({{"config", pipe}}, {}, "");
  BOOST_REQUIRE(from.has_value());
  BOOST_TEST(from->text("rate") == "9");
  // Relative to the current folder, because a pipe has none.
  BOOST_TEST(from->text("ledger") == "sqlite:l.db");
  BOOST_TEST(from->text("client-secret-file") == "s");
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_to_its_end_is_a_wrong_setting) {
  const auto from = settings::resolve({{"config", "/proc/self/mem"}}, {}, "");
  BOOST_REQUIRE(!from.has_value());
  BOOST_CHECK(from.error().code == errc::usage);
  BOOST_TEST(from.error().message.contains("cannot be read"));
}

BOOST_FIXTURE_TEST_CASE(one_tenant_table_is_used_or_the_chosen_one, folder) {
  const std::string one = std::string("[tenants.north]\ntenant = \"") + tenant + "\"\nclient_id = \"n\"\n";
  const auto only = settings::resolve({{"config", write("one.toml", one)}}, {}, "");
  BOOST_REQUIRE(only.has_value());
  BOOST_TEST(only->text("tenant") == tenant);
  BOOST_TEST(only->text("client-id") == "n");

  const auto file = write("two.toml", one + "[tenants.south]\ntenant = \"22222222-2222-3333-4444-555555555555\"\nclient_id = \"s\"\n");
  const auto chosen = settings::resolve({{"config", file}, {"tenant", "south"}}, {}, "");
  BOOST_REQUIRE(chosen.has_value());
  BOOST_TEST(chosen->text("tenant") == "22222222-2222-3333-4444-555555555555");
  BOOST_TEST(chosen->text("client-id") == "s");
  const auto by_id = settings::resolve({{"config", file}, {"tenant", tenant}}, {}, "");
  BOOST_REQUIRE(by_id.has_value());
  BOOST_TEST(by_id->text("client-id") == "n");
}

BOOST_FIXTURE_TEST_CASE(a_tenants_own_keys_win_over_those_at_the_top, folder) {
  const auto file =
      write("c.toml", std::string("client_id = \"top\"\nrate = 9\n[tenants.n]\ntenant = \"") + tenant + "\"\nclient_id = \"own\"\n");
  const auto from = settings::resolve({{"config", file}}, {}, "");
  BOOST_REQUIRE(from.has_value());
  BOOST_TEST(from->text("client-id") == "own");
  BOOST_TEST(from->text("rate") == "9");
  BOOST_TEST(!settings::resolve({{"config", write("d.toml", "[tenants.n]\nmax_new = 3\n")}}, {}, "").has_value());
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_with_a_table_of_tenants_is_named, folder) {
  const std::string one = std::string("[tenants.north]\ntenant = \"") + tenant + "\"\n";
  const std::string two = one + "[tenants.south]\ntenant = \"22222222-2222-3333-4444-555555555555\"\n";
  const auto complaint = [&](const std::string& text, const names& flags = {}) {
    auto all = flags;
    all.emplace("config", write("c.toml", text));
    const auto from = settings::resolve(all, {}, "");
    return from ? std::string("accepted") : from.error().message;
  };
  BOOST_TEST(complaint(two, {{"tenant", "North"}}) == "accepted");
  for (const auto& text : {one, two}) {
    const auto unknown = complaint(text, {{"tenant", "nort"}});
    BOOST_TEST(unknown.starts_with("--tenant: 'nort' is neither the name of a table [tenants.NAME] of "), unknown);
    BOOST_TEST(unknown.contains("Did you mean 'north'? The tables are: north"), unknown);
  }
  BOOST_TEST(complaint(two, {{"tenant", "t9"}}).ends_with("The tables are: north, south."));
  BOOST_TEST(complaint(two + "[tenants.SOUTH]\ntenant = \"x\"\n").contains("names are compared without case"));
  const auto twice = complaint(one + "[tenants.second]\ntenant = \"" + tenant + "\"\n", {{"tenant", tenant}});
  BOOST_TEST(twice.ends_with("is the tenant of several tables. Give the name of one: north, second."), twice);
  const auto top = complaint(one + "max_cooldown = \"1h\"\n");
  BOOST_TEST(top.contains("c.toml, line 3: 'max_cooldown' cannot be set for one tenant. Write it at the top of the file"), top);
  BOOST_TEST(
      complaint(one + "client_di = \"x\"\n").contains("there is no key 'client_di' in a table of tenants. Did you mean 'client_id'?"));
  const auto without = complaint("[tenants.west]\nclient_id = \"w\"\n");
  BOOST_TEST(without.contains("c.toml [tenants.west], line 1: the table has no key 'tenant'"), without);
}

BOOST_AUTO_TEST_CASE(what_is_not_built_yet_says_so) {
  for (const auto* name : {"report", "metrics-file", "metrics-listen"}) {
    const auto from = settings::resolve({{name, "x"}}, {}, "");
    BOOST_REQUIRE(!from.has_value());
    BOOST_TEST(from.error().message.find("not built yet") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(what_becomes_of_drift_and_of_roles) {
  const auto read = [](const char* name, const char* value) {
    const auto from = settings::resolve({{name, value}}, {}, "");
    BOOST_REQUIRE(from.has_value());
    return build_job(*from, "in.csv", {});
  };
  BOOST_TEST((read("on-drift", "report")->plan.drift == convoke::on_drift::report));
  BOOST_TEST((read("on-drift", "update")->plan.drift == convoke::on_drift::update));
  BOOST_TEST((read("on-drift", "fail")->plan.drift == convoke::on_drift::fail));
  BOOST_TEST((read("on-drift", "fail")->plan.roles == convoke::attendee_roles::send));
  BOOST_TEST((read("roles", "enforce")->plan.roles == convoke::attendee_roles::enforce));
  BOOST_TEST(!read("roles", "keep").has_value());
}

BOOST_AUTO_TEST_CASE(what_becomes_of_meetings_that_vanished) {
  const auto read = [](const names& flags, const names& environment = {}) {
    const auto from = settings::resolve(flags, environment, "");
    BOOST_REQUIRE(from.has_value());
    const auto j = build_job(*from, "in.csv", {});
    BOOST_REQUIRE(j.has_value());
    return std::pair(j->plan.vanished, j->plan.max_remove);
  };
  using convoke::on_vanished;
  BOOST_CHECK(read({}) == std::pair(on_vanished::report, std::uint64_t{0}));
  BOOST_CHECK(read({{"on-vanished", "report"}, {"max-remove", "5"}}) == std::pair(on_vanished::report, std::uint64_t{5}));
  BOOST_CHECK(read({{"on-vanished", "remove"}}) == std::pair(on_vanished::remove, std::uint64_t{0}));
  BOOST_CHECK(read({{"max-remove", "12"}}, {{"CONVOKE_ON_VANISHED", "remove"}}) == std::pair(on_vanished::remove, std::uint64_t{12}));
}

BOOST_AUTO_TEST_CASE(a_wrong_value_names_its_source) {
  const auto from = settings::resolve({}, {{"CONVOKE_RATE", "fast"}}, "");
  BOOST_REQUIRE(from.has_value());
  const auto j = build_job(*from, "in.csv", {});
  BOOST_REQUIRE(!j.has_value());
  BOOST_CHECK(j.error().code == errc::usage);
  BOOST_TEST(j.error().message.find("CONVOKE_RATE") != std::string::npos);
  BOOST_TEST(j.error().message.find("fast") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_value_of_a_file_names_line_and_key, folder) {
  const auto complaint = [&](const std::string& text) {
    const auto from = settings::resolve({{"config", write("c.toml", text)}}, {}, "");
    if (!from) return from.error().message;
    const auto j = build_job(*from, "in.csv", {});
    return j ? std::string("accepted") : j.error().message;
  };
  BOOST_TEST(complaint("rate = 3\nmax_attempts = 0\n").contains("c.toml, line 2: max_attempts: '0' is not"));
  BOOST_TEST(complaint("\nfixed_rate = \"maybe\"\n").contains("c.toml, line 2: fixed_rate: 'maybe' is neither"));
  BOOST_TEST(complaint("[tenants.a]\ntenant = \"t\"\nallow_http = 7\n").contains("c.toml [tenants.a], line 3: allow_http: '7' is neither"));
}

BOOST_FIXTURE_TEST_CASE(every_cloud_is_named_to_whom_it_is_unknown, folder) {
  const auto from = settings::resolve({{"cloud", "mars"}}, {{"HOME", path.string()}}, "");
  BOOST_REQUIRE(from.has_value());
  const auto j = build_job(*from, "in.csv", {.lane = true});
  BOOST_REQUIRE(!j.has_value());
  for (const auto* name : {"global", "dod", "china", "france", "singapore"}) BOOST_TEST(j.error().message.contains(name), name);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_cannot_be_looked_at_is_a_wrong_setting, folder) {
  fs::create_symlink("loop.toml", path / "loop.toml");
  for (const auto& file : {(path / "loop.toml").string(), (path / std::string(300, 'x')).string()}) {
    const auto from = settings::resolve({{"config", file}}, {}, "");
    BOOST_REQUIRE(!from.has_value());
    BOOST_CHECK(from.error().code == errc::usage);
  }
}

BOOST_FIXTURE_TEST_CASE(a_ready_token_that_cannot_be_one_is_a_wrong_setting, folder) {
  const auto complaint = [this](const std::string& token) {
    const auto from = settings::resolve({}, {{"HOME", path.string()}, {"CONVOKE_TENANT", tenant}, {"CONVOKE_TOKEN", token}}, "");
    BOOST_REQUIRE(from.has_value());
    const auto j = build_job(*from, "in.csv", {.lane = true, .credentials = true});
    BOOST_REQUIRE(!j.has_value());
    BOOST_CHECK(j.error().code == errc::usage);
    BOOST_TEST(!j.error().message.contains("SECRET"), j.error().message);
    return j.error().message;
  };
  BOOST_TEST(complaint("SECRET SECRET").contains("CONVOKE_TOKEN is not a bearer token: it holds a blank at position 7"));
  BOOST_TEST(complaint("SECRET\nSECRET").contains("a line end at position 7"));
  BOOST_TEST(complaint("Bearer \n").contains("it is empty"));
  BOOST_TEST(complaint(std::string(100 * 1024, 'S')).contains("it is 102400 bytes long, more than the limit of 16 KiB"));
  // As every other variable: schedulers set those they have no value for to nothing.
  BOOST_TEST(complaint("").contains("No application is given"));
}

BOOST_FIXTURE_TEST_CASE(what_goes_into_forms_and_headers_is_checked_before_anything_else, folder) {
  const auto complaint = [this](names extra) {
    extra.insert({{"HOME", path.string()},
                  {"CONVOKE_TENANT", tenant},
                  {"CONVOKE_CLIENT_ID", "66666666-7777-8888-9999-000000000004"},
                  {"AZURE_CLIENT_SECRET", "s"}});
    const auto from = settings::resolve({}, extra, "");
    BOOST_REQUIRE(from.has_value());
    const auto j = build_job(*from, "in.csv", {.lane = true, .credentials = true});
    BOOST_REQUIRE(!j.has_value());
    BOOST_CHECK(j.error().code == errc::usage);
    BOOST_TEST(!j.error().message.contains("hunter2"), j.error().message);
    return j.error().message;
  };
  BOOST_TEST(complaint({{"CONVOKE_CLIENT_ID", "a b"}}).starts_with("CONVOKE_CLIENT_ID: 'a b' is not an Entra application id"));
  BOOST_TEST(complaint({{"CONVOKE_CLIENT_ID", "a\r\nX: y"}}).contains("'a\\r\\nX: y'"));
  BOOST_TEST(complaint({{"CONVOKE_CLIENT_ID", std::string(100'000, 'a')}}).size() < 1000U);
  BOOST_TEST(complaint({{"AZURE_CLIENT_SECRET", "hunter2\nhunter2"}}).contains("AZURE_CLIENT_SECRET holds more than one line"));
  BOOST_TEST(complaint({{"AZURE_CLIENT_SECRET", std::string(100'000, 's')}}).contains("AZURE_CLIENT_SECRET is larger than 64 KiB"));
  for (const auto* name : {"CONVOKE_GRAPH_URL", "CONVOKE_AUTHORITY_URL", "AZURE_AUTHORITY_HOST"})
    for (const auto* url : {"https://a b/", "https://a\r\nX: y/", "https://\u00fc/"}) complaint({{name, url}});
}

BOOST_FIXTURE_TEST_CASE(secrets_come_from_file_environment_or_credential_directory, folder) {
  const names base{{"HOME", path.string()}, {"CONVOKE_TENANT", tenant}, {"CONVOKE_CLIENT_ID", "66666666-7777-8888-9999-000000000004"}};
  const auto build = [&](names extra, names flags = {}) {
    extra.insert(base.begin(), base.end());
    const auto from = settings::resolve(flags, extra, "");
    BOOST_REQUIRE(from.has_value());
    return build_job(*from, "in.csv", {.lane = true, .credentials = true});
  };
  BOOST_TEST(!build({}).has_value());
  BOOST_CHECK(build({}).error().code == errc::credentials);
  BOOST_TEST(build({{"AZURE_CLIENT_SECRET", "s3"}})->lanes.front().client_secret.reveal() == "s3");
  BOOST_TEST(build({{"AZURE_CLIENT_SECRET", "\ufeffs3 \r\n"}})->lanes.front().client_secret.reveal() == "s3");
  const auto file = write("secret", "from-file\n");
  BOOST_TEST(build({{"AZURE_CLIENT_SECRET", "s3"}}, {{"client-secret-file", file}})->lanes.front().client_secret.reveal() == "from-file");
  write("convoke-secret", "credential");
  BOOST_TEST(build({{"CREDENTIALS_DIRECTORY", path.string()}})->lanes.front().client_secret.reveal() == "credential");
  BOOST_TEST(build({{"CONVOKE_TOKEN", "tok"}})->lanes.front().token.reveal() == "tok");
  BOOST_TEST(build({{"CONVOKE_TOKEN", "\"Bearer tok\"\n"}})->lanes.front().token.reveal() == "tok");
  const auto open = write("open", "x", fs::perms::owner_all | fs::perms::others_read);
  BOOST_CHECK(build({}, {{"client-secret-file", open}}).error().code == errc::credentials);
}

BOOST_FIXTURE_TEST_CASE(the_password_of_a_ledger_is_not_shown, folder) {
  for (const auto* url : {"postgresql://user:pass-word@db.example/convoke",
                          "postgresql://db.example/convoke?password=pass-word&sslmode=require", "postgres://user:pass-word@[::1]:5433/x"}) {
    const auto from = settings::resolve({{"ledger", url}}, {}, "");
    BOOST_REQUIRE(from.has_value());
    BOOST_TEST(from->show().find("pass-word") == std::string::npos, from->show());
    BOOST_TEST(from->show().find("ledger = postgres") != std::string::npos, from->show());
    BOOST_TEST(from->text("ledger") == url);
  }
  const auto from = settings::resolve({{"ledger", "sqlite:/a b"}}, {}, "");
  BOOST_TEST(from->show().find("ledger = sqlite:/a b  # --ledger") != std::string::npos, from->show());
}

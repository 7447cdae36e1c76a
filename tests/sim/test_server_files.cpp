#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "sim/client.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace sim_test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(files)

std::string content(const std::string& file) {
  std::ifstream in(file);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

BOOST_AUTO_TEST_CASE(the_configuration_names_everything) {
  const convoke_test::temporary_folder folder;
  options how;
  how.config_file = folder / "sim.toml";
  const auto server = start(how);
  const auto text = content(how.config_file);
  BOOST_TEST(text.find("graph_url = \"https://localhost:" + std::to_string(server->port()) + "\"\n") != std::string::npos);
  BOOST_TEST(text.find("ca_file = \"" + (folder / "sim.simulated-ca.pem") + "\"\n") != std::string::npos);
  BOOST_TEST(text.find("client_secret_file = \"" + (folder / "sim.simulated-secret") + "\"\n") != std::string::npos);
  BOOST_TEST(text.find("ledger = \"sqlite:" + (folder / "sim.simulated.db") + "\"\n") != std::string::npos);
  BOOST_TEST(text.find("allow_http") == std::string::npos);
  BOOST_TEST(content(folder / "sim.simulated-ca.pem") == server->ca_pem());
  const auto secret = server->client_secret();
  BOOST_TEST((content(folder / "sim.simulated-secret") == secret.reveal()));
  BOOST_TEST((text.find(secret.reveal()) == std::string::npos));
  for (const auto* name : {"sim.toml", "sim.simulated-ca.pem", "sim.simulated-secret"}) {
    const auto mode = std::filesystem::status(folder / name).permissions() & std::filesystem::perms::all;
    BOOST_TEST((mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)));
  }
}

BOOST_AUTO_TEST_CASE(given_files_are_used) {
  const convoke_test::temporary_folder folder;
  std::ofstream(folder / "mine") << "my secret\n";
  options how;
  how.plain = false;
  how.secret_file = folder / "mine";
  how.ca_file = folder / "ca.pem";
  const auto server = start(how);
  BOOST_TEST((server->client_secret().reveal() == "my secret"));
  BOOST_TEST(content(how.ca_file) == server->ca_pem());
  BOOST_TEST(server->write_config(folder / "x.toml").has_value());
  BOOST_TEST(content(folder / "x.toml").find("client_secret_file = \"" + how.secret_file + "\"\n") != std::string::npos);
  BOOST_TEST(!std::filesystem::exists(folder / "x.simulated-secret"));
}

BOOST_AUTO_TEST_CASE(two_simulators_in_one_folder_use_different_files) {
  const convoke_test::temporary_folder folder;
  options one, two;
  one.config_file = folder / "one.toml";
  two.config_file = folder / "two.toml";
  const auto first = start(one);
  const auto second = start(two);
  BOOST_TEST(content(folder / "one.simulated-ca.pem") == first->ca_pem());
  BOOST_TEST(content(folder / "two.simulated-ca.pem") == second->ca_pem());
  BOOST_TEST((content(folder / "one.simulated-secret") == first->client_secret().reveal()));
  BOOST_TEST(content(one.config_file).contains("one.simulated.db"));
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_not_replaced) {
  const convoke_test::temporary_folder folder;
  const std::filesystem::path pipe = folder / "pipe";
  BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto server = start();
  BOOST_TEST(!server->write_config(pipe).has_value());
  BOOST_TEST(std::filesystem::is_fifo(pipe));
  BOOST_TEST(!std::filesystem::exists(folder / "pipe.simulated-secret"));
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused_with_a_reason) {
  const auto first = start();
  options how;
  how.port = first->port();
  const auto taken = simulator::start(how);
  BOOST_REQUIRE(!taken.has_value());
  BOOST_TEST((taken.error().code == convoke::errc::network));
  BOOST_TEST(taken.error().message.find(std::to_string(first->port())) != std::string::npos);
  how = {};
  const convoke_test::temporary_folder folder;
  how.secret_file = folder / "no-folder/secret";
  BOOST_TEST(!simulator::start(how).has_value());
  how = {};
  how.config_file = folder / "no-folder/sim.toml";
  BOOST_TEST(!simulator::start(how).has_value());
  how = {};
  how.tenant = "contoso";
  BOOST_TEST(!simulator::start(how).has_value());
  how = {};
  how.service.faults[fault::reset] = how.service.faults[fault::slow] = 0.7;
  BOOST_TEST(!simulator::start(how).has_value());
}

BOOST_AUTO_TEST_CASE(the_simulator_can_be_stopped_with_calls_in_flight) {
  auto how = faulty(fault::slow);
  how.service.slow_seconds = 60;
  auto server = start(how);
  const auto token = token_for(*server);
  std::thread caller([&] {
    client c(*server);
    BOOST_TEST(c.create(token, "hit").ec.failed());
  });
  while (stats(*server).at("created").as_int64() == 0) std::this_thread::sleep_for(5ms);
  server->stop();
  server->stop();
  BOOST_TEST(stats(*server).at("created").as_int64() == 1);  // it can still be queried
  server.reset();
  caller.join();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

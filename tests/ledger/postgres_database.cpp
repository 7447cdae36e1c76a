#include "ledger/postgres_database.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace convoke::ledger::testing {
namespace {

std::string cluster_url() {
  if (const char* url = std::getenv("CONVOKE_TEST_POSTGRES"); url != nullptr) return url;
  const char* file = std::getenv("CONVOKE_TEST_POSTGRES_FILE");
  std::string url;
  if (file == nullptr || !std::getline(std::ifstream(file), url))
    BOOST_FAIL("no PostgreSQL to test with: run this with ctest, or name a cluster's superuser in CONVOKE_TEST_POSTGRES");
  return url;
}

postgres::connection connect_to(const std::string& url) {
  return must(postgres::connection::open({.url = url, .application_name = "convoke tests"}));
}

}  // namespace

std::string test_cluster_url(const std::string& database) {
  auto url = cluster_url();
  const auto host = url.find("://") + 3;
  const auto begin = url.find('/', host), end = std::min(url.find('?', host), url.size());
  return url.substr(0, std::min(begin, end)) + "/" + database + url.substr(end);
}

postgres_database::postgres_database(const std::string& options) {
  static int count = 0;
  name_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  url_ = test_cluster_url(name_);
  auto admin = connect_to(test_cluster_url("postgres"));
  const auto drop = "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)";
  const auto create = "CREATE DATABASE " + name_ + " " + options;
  must(admin.run(drop.c_str()));
  must(admin.run(create.c_str()));
}

postgres_database::~postgres_database() {
  auto admin = postgres::connection::open({.url = test_cluster_url("postgres")});
  const auto drop = "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)";
  if (admin) std::ignore = admin->run(drop.c_str());
}

postgres::connection postgres_database::connect() const {
  return connect_to(url_);
}

std::string postgres_database::ask(const std::string& sql) const {
  auto db = connect();
  const auto as_text = "SELECT (" + sql + ")::text";
  const auto answer = must(db.run(sql.starts_with("SELECT") ? as_text.c_str() : sql.c_str()));
  return answer.empty() ? std::string() : std::string(answer.text(0, 0));
}

result<std::unique_ptr<store>> postgres_database::try_open(open_options how) const {
  how.path = url_;
  how.program_version = "test";
  how.group_interval = {};
  return open_postgres(how);
}

}  // namespace convoke::ledger::testing

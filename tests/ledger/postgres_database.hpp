#pragma once

// A database of its own for each test case, in the cluster that the tests have for themselves: see convoke_postgres_test() in
// cmake/modules.cmake. CONVOKE_TEST_POSTGRES names another cluster, by the URL of a superuser.

#include <string>

#include "ledger/fixture.hpp"
#include "ledger/postgres/connection.hpp"

namespace convoke::ledger::testing {

template <class T>
T must(postgres::outcome_of<T> r) {
  if (!r) BOOST_FAIL("unexpected failure: " << r.error().state << " " << r.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

class postgres_database {
 public:
  // `options`: of CREATE DATABASE.
  explicit postgres_database(const std::string& options = {});
  ~postgres_database();
  postgres_database(const postgres_database&) = delete;
  postgres_database& operator=(const postgres_database&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] postgres::connection connect() const;
  // Runs one statement. Returns the value of a query, as text.
  std::string ask(const std::string& sql) const;
  [[nodiscard]] result<std::unique_ptr<store>> try_open(open_options how = {}) const;
  [[nodiscard]] std::unique_ptr<store> open(open_options how = {}) const { return must(try_open(std::move(how))); }

 private:
  std::string name_, url_;
};

// The URL of a database of the test cluster, for a superuser.
std::string test_cluster_url(const std::string& database);

}  // namespace convoke::ledger::testing

#include "ledger/postgres_database.hpp"

namespace convoke::ledger::testing {
namespace {

class postgres_backend final : public backend {
 public:
  std::unique_ptr<store> open() override { return database_.open(); }
  std::unique_ptr<reader> read() override { return must(read_postgres(database_.url())); }
  void make_wait(run_id run, std::uint32_t number) override {
    database_.ask("UPDATE convoke.owed SET operation = 6 WHERE run = " + std::to_string(run) + " AND number = " + std::to_string(number));
  }

 private:
  postgres_database database_;
};

}  // namespace

std::unique_ptr<backend> make_backend() {
  return std::make_unique<postgres_backend>();
}

}  // namespace convoke::ledger::testing

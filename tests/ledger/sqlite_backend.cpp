#include "ledger/fixture.hpp"
#include "ledger/raw_file.hpp"

namespace convoke::ledger::testing {
namespace {

class sqlite_backend final : public backend {
 public:
  std::unique_ptr<store> open() override {
    return must(open_sqlite({.path = folder_.file("ledger.db"), .program_version = "test", .group_interval = {}}));
  }
  std::unique_ptr<reader> read() override { return must(read_sqlite(folder_.file("ledger.db"))); }
  void make_wait(run_id run, std::uint32_t number) override {
    const auto done = ask(folder_.file("ledger.db"),
                          "UPDATE owed SET operation = 6 WHERE run = " + std::to_string(run) + " AND number = " + std::to_string(number));
    BOOST_TEST_REQUIRE(done == "");
  }

 private:
  temp_folder folder_;
};

}  // namespace

std::unique_ptr<backend> make_backend() {
  return std::make_unique<sqlite_backend>();
}

}  // namespace convoke::ledger::testing

#include "ledger/fixture.hpp"

namespace convoke::ledger::testing {
namespace {

class sqlite_backend final : public backend {
 public:
  std::unique_ptr<store> open() override {
    return must(open_sqlite({.path = folder_.file("ledger.db"), .program_version = "test", .group_interval = {}}));
  }
  std::unique_ptr<reader> read() override { return must(read_sqlite(folder_.file("ledger.db"))); }

 private:
  temp_folder folder_;
};

}  // namespace

std::unique_ptr<backend> make_backend() {
  return std::make_unique<sqlite_backend>();
}

}  // namespace convoke::ledger::testing

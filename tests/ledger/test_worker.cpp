#include "ledger/worker.hpp"

#include <future>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace convoke;
using namespace convoke::ledger;

namespace {

// Counts how often it was applied, and notes its name when its group was committed: negative where that failed.
class counting_job final : public grouped_job {
 public:
  counting_job(int& applied, std::vector<int>& settled, int name) : applied_(applied), settled_(settled), name_(name) {}
  void apply() override { ++applied_; }
  void settle(const error* failed) override { settled_.push_back(failed ? -name_ : name_); }
  std::size_t weight() const noexcept override { return 1; }

 private:
  int& applied_;
  std::vector<int>& settled_;
  int name_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(working)

BOOST_AUTO_TEST_CASE(what_waits_together_is_one_group) {
  int begun = 0, applied = 0;
  std::vector<int> settled;
  std::promise<void> go;
  {
    worker w({.begin = [&]() -> result<void> {
                ++begun;
                return {};
              },
              .commit = []() -> result<void> { return {}; }},
             {.rows = 4, .interval = {}});
    w.post([held = go.get_future()]() mutable { held.wait(); });
    for (int name = 1; name <= 10; ++name) w.post(std::make_unique<counting_job>(applied, settled, name));
    go.set_value();
  }
  BOOST_TEST(begun == 3);
  BOOST_TEST(applied == 10);
  BOOST_TEST(settled == (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(work_of_its_own_kind_ends_a_group) {
  int begun = 0, applied = 0, seen = 0;
  std::vector<int> settled;
  std::promise<void> go;
  worker w({.begin = [&]() -> result<void> {
              ++begun;
              return {};
            },
            .commit = []() -> result<void> { return {}; }},
           {.rows = 100, .interval = std::chrono::hours(1)});
  w.post([held = go.get_future()]() mutable { held.wait(); });
  w.post(std::make_unique<counting_job>(applied, settled, 1));
  w.post([&] { seen = static_cast<int>(settled.size()); });
  w.post(std::make_unique<counting_job>(applied, settled, 2));
  go.set_value();
  w.call([] {});
  BOOST_TEST(seen == 1);
  BOOST_TEST(begun == 2);
}

BOOST_AUTO_TEST_CASE(a_failed_commit_fails_the_whole_group) {
  int applied = 0;
  std::vector<int> settled;
  {
    worker w({.begin = []() -> result<void> { return {}; }, .commit = []() -> result<void> { return fail(errc::storage, "full"); }},
             {.rows = 8, .interval = {}});
    for (int name = 1; name <= 3; ++name) w.post(std::make_unique<counting_job>(applied, settled, name));
  }
  BOOST_TEST(applied == 3);
  BOOST_TEST(settled == (std::vector<int>{-1, -2, -3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

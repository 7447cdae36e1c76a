#include "ledger/planning/sorter.hpp"

#include <rapidcheck.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "ledger/digest.hpp"
#include "ledger/key_set.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::planning;

namespace {

// A folder that is removed afterwards.
struct temp_folder {
  temp_folder() {
    auto name = (std::filesystem::temp_directory_path() / "convoke-sorter-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~temp_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  temp_folder(const temp_folder&) = delete;
  temp_folder& operator=(const temp_folder&) = delete;
  std::string path;
};

struct item {
  std::uint32_t key, tag;
  friend bool operator==(const item&, const item&) = default;
  friend auto operator<=>(const item&, const item&) = default;
};

template <class T, class Less>
std::vector<T> drain(external_sorter<T, Less>& sorter) {
  sorter.finish();
  std::vector<T> out;
  for (T one; sorter.next(one);) out.push_back(one);
  BOOST_TEST(sorter.status().has_value());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sorting)

BOOST_AUTO_TEST_CASE(any_input_and_any_budget) {
  const auto folder = std::filesystem::temp_directory_path().string();
  BOOST_TEST(rc::check("sorts as std::sort does, within and beyond the budget",
                       [&](const std::vector<std::pair<std::uint32_t, std::uint32_t>>& input) {
                         std::vector<item> items;
                         for (const auto& [key, tag] : input) items.push_back({key % 50, tag});
                         const auto budget = *rc::gen::inRange<std::size_t>(1, 40 * sizeof(item));
                         external_sorter<item> sorter(folder, budget);
                         for (const auto& i : items) sorter.push(i);
                         std::sort(items.begin(), items.end());
                         RC_ASSERT(drain(sorter) == items);
                       }));
}

BOOST_AUTO_TEST_CASE(pages_are_the_sorted_records_in_pieces) {
  BOOST_TEST(rc::check("all pages together are the sorted input, and only the last one is short", [](std::vector<std::uint32_t> input) {
    const temp_folder folder;
    const auto size = *rc::gen::inRange<std::size_t>(1, 7);
    external_sorter<std::uint32_t> sorter(folder.path, *rc::gen::inRange<std::size_t>(1, 40 * sizeof(std::uint32_t)));
    for (const auto one : input) sorter.push(one);
    sorter.finish();
    std::vector<std::uint32_t> page, all;
    while (sorter.next_page(page, size)) {
      RC_ASSERT(all.size() % size == 0u);
      all.insert(all.end(), page.begin(), page.end());
    }
    RC_ASSERT(page.empty());
    std::ranges::sort(input);
    RC_ASSERT(all == input);
  }));
}

BOOST_AUTO_TEST_CASE(many_runs_are_merged) {
  external_sorter<std::uint64_t> sorter(std::filesystem::temp_directory_path().string(), 64 * 1024);
  constexpr std::uint64_t count = 300'000;
  for (std::uint64_t i = 0; i < count; ++i) sorter.push(i * 7919 % count);
  const auto sorted = drain(sorter);
  BOOST_TEST(sorter.spilled_runs() > 30u);
  BOOST_REQUIRE(sorted.size() == count);
  for (std::uint64_t i = 0; i < count; ++i) BOOST_REQUIRE(sorted[i] == i);
}

BOOST_AUTO_TEST_CASE(nowhere_to_spill_is_an_error) {
  const temp_folder folder;
  external_sorter<std::uint64_t> sorter(folder.path + "/none", 32);
  for (std::uint64_t i = 0; i < 100; ++i) sorter.push(i);
  sorter.finish();
  std::uint64_t out = 0;
  while (sorter.next(out)) {
  }
  BOOST_REQUIRE(!sorter.status().has_value());
  BOOST_TEST((sorter.status().error().code == errc::storage));
}

BOOST_AUTO_TEST_CASE(the_temporary_file_has_no_name) {
  const temp_folder folder;
  external_sorter<std::uint64_t> sorter(folder.path, 32);
  for (std::uint64_t i = 0; i < 100; ++i) sorter.push(100 - i);
  BOOST_TEST(std::filesystem::is_empty(folder.path));
  BOOST_TEST(drain(sorter).size() == 100u);
}

BOOST_AUTO_TEST_CASE(key_sets) {
  BOOST_TEST(rc::check("a key set is a set", [](const std::vector<std::uint32_t>& keys, std::uint8_t run) {
    key_set set;
    std::set<std::uint64_t> model;
    for (const auto key : keys) {
      const auto id = std::uint64_t{run} << 32 | key;
      RC_ASSERT(set.insert(id) == model.insert(id).second);
      RC_ASSERT(set.contains(id));
      RC_ASSERT(set.contains(id + 1) == model.contains(id + 1));
    }
    RC_ASSERT(set.size() == model.size());
  }));
}

BOOST_AUTO_TEST_CASE(digests) {
  hasher hash;
  // SHA-256 of "abc" begins ba7816bf 8f01cfea 414140de 5dae2223 (FIPS 180-2, appendix B.1).
  const auto abc = hash({"a", "bc"});
  BOOST_TEST(abc.high == 0xba7816bf8f01cfeaU);
  BOOST_TEST(abc.low == 0x414140de5dae2223U);
  BOOST_TEST((read_digest(digest_bytes(abc).view()) == abc));
  BOOST_TEST((hash({"abd"}) != abc));
}

BOOST_AUTO_TEST_SUITE_END()

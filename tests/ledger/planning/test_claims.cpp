// What a plan takes over from other runs, and what its rows inherit.

#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>

#include "ledger/planning/claims.hpp"

using namespace convoke::ledger;
using namespace convoke::ledger::planning;

namespace {

inherited_claim any_claim() {
  return {.token = *rc::gen::inRange<lease_token>(0, 4), .strikes = *rc::gen::inRange<std::uint32_t>(0, 4)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(planning_claims)

BOOST_AUTO_TEST_CASE(what_happens_to_rows_of_other_runs) {
  key_groups groups;
  for (const key_id key : {1U, 2U}) groups.present.insert(key);
  groups.taken.insert(1);  // 2 is in a conflict; the input lacks 3
  struct {
    key_id key;
    bool discarded;
    takeover what;
  } const cases[] = {
      {1, false, takeover::superseded}, {2, false, takeover::none}, {3, false, takeover::elsewhere},
      {1, true, takeover::claim_only},  {2, true, takeover::none},  {3, true, takeover::none},
  };
  for (const auto& [key, discarded, what] : cases) {
    BOOST_TEST_CONTEXT("key " << key << ", discarded: " << discarded) {
      BOOST_TEST((take_over({.key = key, .discarded = discarded}, groups) == what));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_removal_does_not_survive_an_input_that_has_its_key) {
  key_groups groups;
  groups.present.insert(2);
  for (const auto kind : {run_kind::provision, run_kind::verify, run_kind::remove}) {
    const bool says_what_exists = kind == run_kind::provision;
    BOOST_TEST((take_over({.key = 2, .removes = true}, groups, kind) == (says_what_exists ? takeover::superseded : takeover::none)));
    BOOST_TEST((take_over({.key = 3, .removes = true}, groups, kind) == takeover::elsewhere));
    BOOST_TEST((take_over({.key = 2, .discarded = true, .removes = true}, groups, kind) == takeover::none));
  }
}

BOOST_AUTO_TEST_CASE(only_what_open_runs_owe_to_change_keeps_a_key_from_being_verified) {
  BOOST_TEST(keeps_its_call({.kind = run_kind::provision}));
  BOOST_TEST(keeps_its_call({.kind = run_kind::remove}));
  BOOST_TEST(!keeps_its_call({.kind = run_kind::verify}));
  BOOST_TEST(!keeps_its_call({.discarded = true, .kind = run_kind::provision}));
}

BOOST_AUTO_TEST_CASE(a_discarded_run_passes_on_its_claim_and_no_strikes) {
  BOOST_TEST((claim_of({.token = 9, .strikes = 2}) == inherited_claim{9, 2}));
  BOOST_TEST((claim_of({.token = 9, .strikes = 2, .discarded = true}) == inherited_claim{9, 0}));
}

BOOST_AUTO_TEST_CASE(merging_claims) {
  BOOST_TEST(rc::check("merge is commutative, associative and idempotent; a token is never lost; the most strikes count", [] {
    const auto a = any_claim(), b = any_claim(), c = any_claim();
    RC_ASSERT(merge(a, b) == merge(b, a));
    RC_ASSERT(merge(merge(a, b), c) == merge(a, merge(b, c)));
    RC_ASSERT(merge(a, a) == a);
    RC_ASSERT(merge(a, inherited_claim{}) == a);
    const auto both = merge(a, b);
    RC_ASSERT((both.token != 0) == (a.token != 0 || b.token != 0));
    RC_ASSERT(both.token == a.token || both.token == b.token);
    RC_ASSERT(both.strikes == std::max(a.strikes, b.strikes));
  }));
}

BOOST_AUTO_TEST_CASE(claims_are_found_by_key) {
  BOOST_TEST(rc::check("the claim of a key is the merge of all that were added, in any order", [] {
    std::vector<std::pair<key_id, inherited_claim>> added;
    for (auto n = *rc::gen::inRange(0, 30); n > 0; --n) added.emplace_back(*rc::gen::inRange<key_id>(1, 8), any_claim());
    inherited_claims claims;
    for (const auto& [key, claim] : added) claims.add(key, claim);
    claims.sort();
    for (key_id key = 0; key < 10; ++key) {
      inherited_claim expected;
      for (const auto& [k, claim] : added)
        if (k == key) expected = merge(expected, claim);
      RC_ASSERT(claims.of(key) == expected);
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()

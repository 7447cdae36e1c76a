#include <boost/test/unit_test.hpp>

#include "diagnosis/assess.hpp"
#include "diagnosis/findings.hpp"

namespace convoke::test {
namespace {

using diagnosis::assess;
using diagnosis::ledger_seen;

ledger_seen sound() {
  return {.shown = "sqlite:/var/lib/ledger.db", .problem = {}, .version = 5, .own_version = 5, .pages = "all pages", .encrypted = {}};
}

BOOST_AUTO_TEST_SUITE(diagnosis_of_the_ledger)

BOOST_AUTO_TEST_CASE(a_sound_ledger) {
  const auto all = assess(sound());
  BOOST_TEST_REQUIRE(all.size() == 1U);
  BOOST_TEST(all[0].status == finding_status::ok);
  BOOST_TEST(all[0].seen == "schema 5; quick_check finds no damage in all pages; it can be written");
}

BOOST_AUTO_TEST_CASE(one_that_is_not_there_yet) {
  ledger_seen seen{.shown = "sqlite:/x", .problem = {}, .exists = false, .encrypted = {}};
  BOOST_TEST(assess(seen)[0].status == finding_status::ok);
  BOOST_TEST(assess(seen)[0].seen.contains("the first plan or run makes it"));
  seen.not_writable = "/var/lib: Permission denied";
  BOOST_TEST(assess(seen)[0].status == finding_status::failed);
  BOOST_TEST(assess(seen)[0].exit_code == 6);
  BOOST_TEST(assess(seen)[0].seen == "it cannot be written: /var/lib: Permission denied");
}

BOOST_AUTO_TEST_CASE(one_that_cannot_be_used) {
  auto seen = sound();
  for (const auto& [code, exit] : {std::pair(errc::storage, 6), std::pair(errc::credentials, 4), std::pair(errc::usage, 2)}) {
    seen.problem = error{code, "the ledger is damaged"};
    BOOST_TEST(assess(seen)[0].status == finding_status::failed);
    BOOST_TEST(assess(seen)[0].exit_code == exit);
    BOOST_TEST(assess(seen)[0].seen == "the ledger is damaged");
  }
}

BOOST_AUTO_TEST_CASE(one_in_use_is_a_warning_that_names_the_holder) {
  auto seen = sound();
  seen.holder = "another process (pid 17 host a since 2026-11-30T20:00:00Z convoke 1)";
  const auto f = assess(seen)[0];
  BOOST_TEST(f.status == finding_status::warning);
  BOOST_TEST(f.seen.contains("in use by another process (pid 17"));
  BOOST_TEST(f.advice.contains("--wait-lock"));
  BOOST_TEST(f.exit_code == 0);
}

BOOST_AUTO_TEST_CASE(an_old_one_is_brought_up_to_date_later) {
  auto seen = sound();
  seen.version = 3;
  BOOST_TEST(assess(seen)[0].status == finding_status::ok);
  BOOST_TEST(assess(seen)[0].seen.contains("brings it up to schema 5"));
}

BOOST_AUTO_TEST_CASE(exposures_are_warnings) {
  auto seen = sound();
  seen.exposures = {"Other users can read it.", "Others can replace it."};
  const auto all = assess(seen);
  BOOST_TEST_REQUIRE(all.size() == 3U);
  BOOST_TEST(all[1].status == finding_status::warning);
  BOOST_TEST(all[2].advice == "Others can replace it.");
}

BOOST_AUTO_TEST_CASE(a_database) {
  ledger_seen seen{.shown = "postgresql://db/convoke",
                   .several_processes = true,
                   .problem = {},
                   .version = 2,
                   .own_version = 2,
                   .server = "PostgreSQL 15.4",
                   .encrypted = false};
  BOOST_TEST(assess(seen)[0].seen == "PostgreSQL 15.4; not encrypted; schema 2; it can be written");
  seen.not_writable = "the server takes no writes";
  BOOST_TEST(assess(seen)[0].exit_code == 6);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace convoke::test

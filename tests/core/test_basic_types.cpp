#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <convoke/error.hpp>
#include <convoke/key.hpp>
#include <convoke/operation.hpp>
#include <convoke/outcome.hpp>

namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(basic_types)

BOOST_AUTO_TEST_CASE(every_kind_of_error_has_its_exit_code) {
  using enum convoke::errc;
  BOOST_TEST(convoke::exit_code(internal) == 1);
  BOOST_TEST(convoke::exit_code(usage) == 2);
  BOOST_TEST(convoke::exit_code(credentials) == 4);
  BOOST_TEST(convoke::exit_code(network) == 5);
  BOOST_TEST(convoke::exit_code(protocol) == 5);
  BOOST_TEST(convoke::exit_code(storage) == 6);
  BOOST_TEST(convoke::exit_code(busy) == 7);
  BOOST_TEST(convoke::exit_code(input) == 8);
  BOOST_TEST(convoke::exit_code(output) == 9);
  BOOST_TEST(convoke::exit_code(resources) == 5);
  BOOST_TEST(convoke::exit_code(interrupted) == 130);
}

BOOST_AUTO_TEST_CASE(outcome_words_go_both_ways_and_keep_their_numbers) {
  const char* const words[] = {"created", "existing", "drifted",    "updated", "unchanged",
                               "failed",  "rejected", "superseded", "lost",    "removed"};
  int number = 0;
  for (const char* const word : words) {
    const auto o = convoke::parse_outcome(word);
    BOOST_REQUIRE(o.has_value());
    BOOST_TEST(static_cast<int>(*o) == ++number);
    BOOST_TEST(convoke::to_string(*o) == word);
  }
  BOOST_TEST(!convoke::parse_outcome("Created").has_value());
  BOOST_TEST(!convoke::parse_outcome("deferred").has_value());
  BOOST_TEST(!convoke::parse_outcome("").has_value());
}

// Ledgers hold the numbers.
BOOST_AUTO_TEST_CASE(operations_keep_their_words_and_numbers) {
  const char* const words[] = {"createOrGet", "update", "get", "remove"};
  for (std::uint8_t i = 0; i < 4; ++i) BOOST_TEST(convoke::to_string(static_cast<convoke::operation>(i + 1)) == words[i]);
}

BOOST_AUTO_TEST_CASE(outcomes_are_satisfied_or_not) {
  using enum convoke::outcome;
  for (const auto o : {created, existing, updated, unchanged, removed}) {
    BOOST_TEST(convoke::satisfied(o, false));
    BOOST_TEST(convoke::satisfied(o, true));
  }
  BOOST_TEST(convoke::satisfied(drifted, false));
  BOOST_TEST(!convoke::satisfied(drifted, true));
  for (const auto o : {failed, rejected, superseded, lost}) BOOST_TEST(!convoke::satisfied(o, false));
}

BOOST_AUTO_TEST_CASE(only_ascii_letters_become_lower_case) {
  BOOST_TEST(convoke::to_lower("ABC-xyz_Ä\x80Z") == "abc-xyz_Ä\x80z");
}

BOOST_AUTO_TEST_CASE(a_guid_comes_back_in_lower_case) {
  const auto id = convoke::parse_guid("6F9619FF-8B86-D011-B42D-00c04fc964ff");
  BOOST_REQUIRE(id.has_value());
  BOOST_TEST(*id == "6f9619ff-8b86-d011-b42d-00c04fc964ff");
}

BOOST_DATA_TEST_CASE(a_text_that_is_not_a_guid_is_refused,
                     bdata::make({"", "6f9619ff-8b86-d011-b42d-00c04fc964f", "6f9619ff-8b86-d011-b42d-00c04fc964fff",
                                  "6f9619ff-8b86-d011-b42d_00c04fc964ff", "6f9619ff-8b86-d011-b42d-00c04fc964fg",
                                  "{f9619ff-8b86-d011-b42d-00c04fc964ff", "6f9619ff8b86-d011-b42d-00c04fc964ff-",
                                  "../../me-8b86-d011-b42d-00c04fc964ff"}),
                     text) {
  BOOST_TEST(!convoke::parse_guid(text).has_value());
}

BOOST_AUTO_TEST_CASE(external_ids_are_visible_ascii_of_1_to_128_bytes) {
  BOOST_TEST(convoke::valid_external_id("a"));
  BOOST_TEST(convoke::valid_external_id("!~/#?%"));
  BOOST_TEST(convoke::valid_external_id(std::string(128, 'x')));
  BOOST_TEST(!convoke::valid_external_id(std::string(129, 'x')));
  for (const char* const bad : {"", "a b", "tab\t", "\x7f", "é", "line\n"}) BOOST_TEST(!convoke::valid_external_id(bad));
}

BOOST_AUTO_TEST_SUITE_END()

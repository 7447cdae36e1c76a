// Organizers that are named by UPN.

#include <string>

#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"

using namespace spec_test;

namespace {

struct both : table {
  both() : table("organizer|external_id|start|repeat") {}
  std::string upn(std::string_view cell) { return row(std::string(cell) + "|x|2026-09-01T08:00Z|").organizer_upn; }
  std::string refusal(std::string_view cell) {
    const auto said = why(std::string(cell) + "|x|2026-09-01T08:00Z|");
    BOOST_TEST(built.organizer_upn == "");
    return said;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(organizers_by_upn)

BOOST_AUTO_TEST_CASE(a_upn_is_trimmed_and_in_lower_case_and_no_object_id) {
  both t;
  BOOST_TEST(t.upn(" Ada.Lovelace@Uni.Example ") == "ada.lovelace@uni.example");
  BOOST_TEST(t.built.wanted.organizer == "");
  BOOST_TEST(t.built.errors.empty());
  BOOST_TEST(t.upn("ada_uni.example#EXT#@contoso.example") == "ada_uni.example#ext#@contoso.example");
  BOOST_TEST(t.upn("o'brien@x.example") == "o'brien@x.example");
  // The next row has an id again.
  BOOST_TEST(t.upn(ada) == "");
  BOOST_TEST(t.built.wanted.organizer == ada);
}

BOOST_AUTO_TEST_CASE(what_is_neither_is_wrong_and_the_reason_says_what_to_do) {
  both t;
  BOOST_TEST(holds(t.refusal(""), "an organizer is required: give the Entra object id or the UPN"));
  BOOST_TEST(holds(t.refusal("Ada"), "is neither an Entra object id (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, hexadecimal) nor a UPN"));
  BOOST_TEST(holds(t.refusal("Ada <ada@x.example>"), "give the UPN alone, without a name or angle brackets"));
  BOOST_TEST(holds(t.refusal("ada@uni .example"), "give the UPN alone, without blanks and without a name"));
  BOOST_TEST(holds(t.refusal("Ada ada@uni.example"), "give the UPN alone, without blanks and without a name"));
  BOOST_TEST(holds(t.refusal("mailto:ada@x.example"), "give the UPN alone, without 'mailto:'"));
  BOOST_TEST(holds(t.refusal("ada@x.example;ben@x.example"), "a meeting has one organizer: give one UPN"));
  BOOST_TEST(holds(t.refusal("ada@x.example."), "take out what follows the domain: ."));
  BOOST_TEST(holds(t.refusal("m\u00fcller@x.example"), "a UPN has ASCII characters only"));
  BOOST_TEST(holds(t.refusal("@x.example"), "is neither a UPN (name@domain) nor an Entra object id"));
  BOOST_TEST(holds(t.refusal(std::string(400, 'a') + "@x.example"), "is neither a UPN"));
}

BOOST_AUTO_TEST_CASE(a_wrong_row_keeps_its_ids_under_the_upn) {
  both t;
  BOOST_TEST(t.why("ada@x.example|x|01/09/2026|") != "");
  BOOST_TEST(t.built.organizer_upn == "ada@x.example");
  BOOST_TEST(t.built.present == std::vector<std::string>{"x"}, boost::test_tools::per_element());
  // A row with too few fields, too.
  BOOST_TEST(t.why("Ada@x.example|x") != "");
  BOOST_TEST(t.built.organizer_upn == "ada@x.example");
  BOOST_TEST(t.built.present == std::vector<std::string>{"x"}, boost::test_tools::per_element());
  BOOST_TEST(t.why("Ada@x.example|x|2026-09-01T08:00Z|weekly 3 times;") != "");
}

BOOST_AUTO_TEST_CASE(the_organizer_alone_is_found_as_build_finds_it) {
  convoke::spec::row_settings settings;
  settings.tenants = {{.id = "11111111-1111-4111-8111-111111111111", .name = "one"},
                      {.id = "22222222-2222-4222-8222-222222222222", .name = "two"}};
  table t("organizer|external_id|start|tenant", settings);
  convoke::spec::built_row alone;
  for (const std::string cells :
       {"Ada@x.example|x|2026-09-01T08:00Z|two", "ada@x.example|||one", "ada@x.example|x|2026-09-01T08:00Z|three", "ada@x.example|x",
        "|x|2026-09-01T08:00Z|one", "ada|x|y|two", "a@b@c|x|y|two", "b@x.example|x|y|two|surplus", "b@x.example|x|y|three|surplus",
        "b@x.example|x|y||surplus", "ada@x.example|x|2026-09-01T08:00Z|"}) {
    t.row(cells);
    t.builder.find_organizer(split(cells), 2, alone);
    BOOST_TEST_CONTEXT(cells) {
      BOOST_TEST(alone.organizer_upn == t.built.organizer_upn);
      BOOST_TEST(alone.wanted.organizer == t.built.wanted.organizer);
      BOOST_TEST(alone.lane == t.built.lane);
      BOOST_TEST(alone.errors.empty());
    }
  }
  BOOST_TEST(t.builder.warnings().empty());
  BOOST_TEST(t.builder.organizer_column() == "organizer");
}

// The name of a user must not go to a tenant that may not be that user's.
BOOST_AUTO_TEST_CASE(where_the_tenant_of_a_row_is_not_known_its_organizer_is_not_looked_up_anywhere) {
  convoke::spec::row_settings settings;
  settings.tenants = {{.id = "11111111-1111-4111-8111-111111111111", .name = "one"},
                      {.id = "22222222-2222-4222-8222-222222222222", .name = "two"}};
  table t("organizer|external_id|start|tenant", settings);
  for (const std::string cells : {"ada@x.example|x|2026-09-01T08:00Z|tow", "ada@x.example|x|2026-09-01T08:00Z|", "ada@x.example|x",
                                  "ada@x.example|x|2026-09-01T08:00Z|tow|surplus"}) {
    BOOST_TEST_CONTEXT(cells) {
      BOOST_TEST(t.row(cells).errors.size() == 1U);
      BOOST_TEST(t.built.organizer_upn == "");
      // A meeting of any organizer with this id counts as present.
      BOOST_TEST(t.built.wanted.organizer == "");
      BOOST_TEST(t.built.present == std::vector<std::string>{"x"}, boost::test_tools::per_element());
    }
  }
  BOOST_TEST(t.row("ada@x.example|x|2026-09-01T08:00Z|two|surplus").organizer_upn == "ada@x.example");
  BOOST_TEST(t.built.lane == 1);
  table first("tenant|organizer|external_id|start", settings);
  BOOST_TEST(first.row("two|ada@x.example").organizer_upn == "ada@x.example");
  BOOST_TEST(first.built.lane == 1);
  // A row of another tenant in a run of one.
  settings.tenants.pop_back();
  table one("organizer|external_id|start|tenant", settings);
  BOOST_TEST(one.why("ada@x.example|x|2026-09-01T08:00Z|two") != "");
  BOOST_TEST(one.built.organizer_upn == "");
}

BOOST_AUTO_TEST_SUITE_END()

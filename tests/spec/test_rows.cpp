#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"

using namespace spec_test;
namespace bdata = boost::unit_test::data;

namespace {

const std::string all = "organizer|external_id|subject|start|end|duration|time_zone|attendees";

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_rows)

BOOST_AUTO_TEST_CASE(a_whole_row_is_read) {
  table t(all);
  const auto& row = t.row(
      "6F9619FF-8B86-D011-B42D-00C04FC964FF| ALG-1 | Algebra, Größe|2026-09-01 10:00|2026-09-01 11:30||East|b@x.org;A@x.org:presenter");
  BOOST_TEST(convoke::spec::describe(row.errors) == "");
  BOOST_TEST(row.lane == 0);
  BOOST_TEST(row.wanted.organizer == ada);
  BOOST_TEST(row.wanted.external_id == "ALG-1");
  BOOST_TEST(row.wanted.subject.value_or("") == "Algebra, Größe");
  BOOST_TEST(utc(row.wanted.start) == "2026-09-01T08:00:00Z");
  BOOST_TEST(utc(row.wanted.end) == "2026-09-01T09:30:00Z");
  BOOST_REQUIRE(row.wanted.attendees.size() == 2U);
  BOOST_TEST(row.wanted.attendees[0].value == "a@x.org");
}

BOOST_AUTO_TEST_CASE(a_row_without_end_and_duration_lasts_an_hour) {
  table t("organizer|external_id|start");
  BOOST_TEST(utc(t.row(ada + "|x|2026-09-01T08:00:00+02:00").wanted.end) == "2026-09-01T07:00:00Z");
  BOOST_TEST(!t.built.wanted.subject.has_value());
}

BOOST_AUTO_TEST_CASE(row_01_a_title_or_topic_is_the_subject) {
  for (const char* name : {"title", "Topic", "TITLE"}) {
    table t("organizer|external_id|" + std::string(name) + "|start");
    BOOST_TEST(t.row(ada + "|A1|Analysis I|2027-03-19T08:15:00+01:00").wanted.subject.value_or("") == "Analysis I");
  }
}

BOOST_AUTO_TEST_CASE(row_02_every_name_of_a_duration_is_one) {
  for (const char* name : {"duration", "Duration Minutes", "duration_minutes", "minutes"}) {
    table t("organizer|external_id|start|" + std::string(name));
    BOOST_TEST(utc(t.row(ada + "|A1|2027-03-19T08:15:00Z|90").wanted.end) == "2027-03-19T09:45:00Z");
  }
}

BOOST_AUTO_TEST_CASE(nothing_of_an_earlier_row_is_left) {
  table t(all);
  BOOST_TEST(t.why(ada + "|x|Subject|2026-09-01T08:00Z||3h||a@b;c@d;e@f") == "");
  BOOST_TEST(!t.why("x|||||||").empty());
  const auto& row = t.row(ada + "|y||2026-09-01T09:00Z||||");
  BOOST_TEST(row.errors.empty());
  BOOST_TEST(!row.wanted.subject.has_value());
  BOOST_TEST(row.wanted.attendees.empty());
  BOOST_TEST(utc(row.wanted.end) == "2026-09-01T10:00:00Z");
}

BOOST_AUTO_TEST_CASE(every_wrong_cell_is_reported) {
  table t(all);
  const auto& row = t.row("ada|a b||01/09/2026|x|soon|Nowhere|ada;b@c:boss");
  BOOST_REQUIRE(row.errors.size() == 8U);
  std::vector<std::string> columns;
  for (const auto& e : row.errors) columns.push_back(e.column);
  BOOST_TEST(
      (columns == std::vector<std::string>{"organizer", "time_zone", "start", "duration", "end", "external_id", "attendees", "attendees"}));
  BOOST_TEST(holds(convoke::spec::describe(row.errors), "column 'start': '01/09/2026': "));
}

BOOST_AUTO_TEST_CASE(row_10_surplus_empty_fields_are_no_error) {
  table t("organizer|external_id|start");
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z||| ") == "");
  BOOST_TEST(t.built.wanted.external_id == "x");
}

BOOST_AUTO_TEST_CASE(row_10_a_ragged_row_is_one_error_with_the_true_reason) {
  table t("organizer|external_id|start");
  BOOST_TEST(t.why(ada + "|x") ==
             "the row has 2 fields, the header 3; from column 3 ('start') on the fields are missing: add them, also where they are empty");
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z||mo\u00A0re") ==
             "the row has 5 fields, the header 3; 'mo\\u{a0}re' belongs to no column: a field that holds the delimiter must be quoted");
}

BOOST_AUTO_TEST_CASE(row_9_the_key_of_a_wrong_row_is_present_where_it_can_be_read) {
  const std::vector<std::string> key{"x1"};
  table t("organizer|external_id|start|attendees");
  BOOST_TEST(!t.row(ada + "|x1|never|").errors.empty());
  BOOST_TEST(t.built.present == key);
  BOOST_TEST(t.built.wanted.organizer == ada);
  BOOST_TEST((t.row(ada + "|x1|2026-09-01T08:00Z|ada").present == key));
  BOOST_TEST((t.row(ada + "|x1").present == key));
  BOOST_TEST((t.row(ada + "|x1|2026-09-01T08:00Z|a@b.org|c@d.org").present == key));
  // Of any organizer.
  BOOST_TEST((t.row("ada|x1|never|").present == key));
  BOOST_TEST(t.built.wanted.organizer == "");
  BOOST_TEST(t.row(ada + "|x 1|never|").present.empty());
  BOOST_TEST(t.row(ada + "|#N/A|never|").present.empty());
  BOOST_TEST(t.row(ada).present.empty());
  BOOST_TEST(t.row(ada + "|x1|2026-09-01T08:00Z|").present.empty());
}

BOOST_AUTO_TEST_CASE(row_9_a_made_key_is_present_where_its_parts_are_right) {
  convoke::spec::row_settings s;
  s.external_id_template = "{course}";
  table t("organizer|course|start", s);
  BOOST_TEST((t.row(ada + "|ALG|never").present == std::vector<std::string>{"ALG"}));
  s.external_id_template = "{course}-{start:%Y}";
  table dated("organizer|course|start", s);
  BOOST_TEST(dated.row(ada + "|ALG|never").present.empty());
}

BOOST_AUTO_TEST_CASE(an_error_shows_its_cell_escaped_and_shortened) {
  table t("Organizer|external_id|start");
  const auto& row = t.row("\x1b[2J" + std::string(500, 'x') + "|x|2026-09-01T08:00Z");
  BOOST_REQUIRE(row.errors.size() == 1U);
  BOOST_TEST(row.errors[0].column == "Organizer");
  BOOST_TEST(row.errors[0].value.starts_with("\\x1b[2J"));
  BOOST_TEST(row.errors[0].value.size() < 100U);
}

BOOST_DATA_TEST_CASE(organizers_that_are_neither_object_ids_nor_upns_are_refused,
                     bdata::make({"../../me", "a%2Fb", ".", "6f9619ff-8b86-d011-b42d-00c04fc964fg", "6f9619ff8b86d011b42d00c04fc964ff"}),
                     text) {
  table t("organizer|external_id|start");
  BOOST_TEST(holds(t.why(std::string(text) + "|x|2026-09-01T08:00Z"), "is neither an Entra object id"));
}

BOOST_AUTO_TEST_CASE(one_tenant_at_a_time_without_configured_ones) {
  table t("organizer|external_id|start|tenant");
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z|north") == "");
  BOOST_TEST(holds(t.why("ada|x|2026-09-01T08:00Z|"), "is neither an Entra object id"));
  const std::string why = t.why(ada + "|x|2026-09-01T08:00Z|south");
  BOOST_TEST(holds(why, "column 'tenant': 'south': is another tenant than 'north' in line 2"));
}

BOOST_AUTO_TEST_CASE(tenants_choose_the_lane) {
  convoke::spec::row_settings s;
  s.tenants = {{"11111111-2222-3333-4444-555555555555", "north"}, {"22222222-2222-3333-4444-555555555555", "south"}};
  table t("organizer|external_id|start|tenant", s);
  BOOST_TEST(t.row(ada + "|x|2026-09-01T08:00Z|south").lane == 1);
  BOOST_TEST(holds(t.why(ada + "|x|2026-09-01T08:00Z|"), "a tenant is required"));
  BOOST_TEST(holds(t.why(ada + "|x|2026-09-01T08:00Z|sooth"), "is 'south' meant?"));
  BOOST_TEST(holds(refusal("organizer|external_id|start", s).message, "no column 'tenant'"));
  s.tenants = {{"11111111-2222-3333-4444-555555555555", "north"}};
  table one("organizer|external_id|start|tenant", s);
  BOOST_TEST(one.why(ada + "|x|2026-09-01T08:00Z|") == "");
  BOOST_TEST(one.why(ada + "|x|2026-09-01T08:00Z|11111111-2222-3333-4444-555555555555") == "");
  BOOST_TEST(holds(one.why(ada + "|x|2026-09-01T08:00Z|south"), "is not the tenant of this run, '11111111-2222-3333-4444-555555555555'"));
  table none("organizer|external_id|start", s);
  BOOST_TEST(none.why(ada + "|x|2026-09-01T08:00Z") == "");
}

BOOST_AUTO_TEST_CASE(an_id_that_several_tables_have_names_none_of_them) {
  convoke::spec::row_settings s;
  s.tenants = {{"11111111-2222-3333-4444-555555555555", "first"},
               {"22222222-2222-3333-4444-555555555555", "other"},
               {"11111111-2222-3333-4444-555555555555", "second"}};
  table t("organizer|external_id|start|tenant", s);
  BOOST_TEST(holds(t.why(ada + "|x|2026-09-01T08:00Z|11111111-2222-3333-4444-555555555555"),
                   "is the id of several tenants of the configuration: write the name of one, 'first' or 'second'"));
  BOOST_TEST(t.row(ada + "|x|2026-09-01T08:00Z|Second").lane == 2);
  BOOST_TEST(t.row(ada + "|x|2026-09-01T08:00Z|22222222-2222-3333-4444-555555555555").lane == 1);
}

BOOST_AUTO_TEST_CASE(in_a_run_of_one_tenant_of_several_only_an_input_without_the_column_is_all_of_that_tenant) {
  convoke::spec::row_settings s;
  s.tenants = {{"11111111-2222-3333-4444-555555555555", "north"}, {"22222222-2222-3333-4444-555555555555", "south"}};
  s.first_tenant_is_default = true;
  table with("organizer|external_id|start|tenant", s);
  BOOST_TEST(with.row(ada + "|x|2026-09-01T08:00Z|south").lane == 1);
  BOOST_TEST(holds(with.why(ada + "|x|2026-09-01T08:00Z|"), "a tenant is required"));
  table without("organizer|external_id|start", s);
  BOOST_TEST(without.row(ada + "|x|2026-09-01T08:00Z").lane == 0);
}

BOOST_AUTO_TEST_CASE(subjects_are_trimmed_and_otherwise_kept_as_they_are) {
  table t("organizer|external_id|start|subject");
  const std::string odd = "=1+1\n\x1b[31m\u202Ex";
  BOOST_TEST(t.row(ada + "|x|2026-09-01T08:00Z| \u00A0" + odd + "\uFEFF \t").wanted.subject.value_or("") == odd);
  BOOST_TEST(!t.row(ada + "|x|2026-09-01T08:00Z|\u00A0 ").wanted.subject.has_value());
}

BOOST_AUTO_TEST_CASE(external_ids_are_limited) {
  table t("organizer|external_id|start");
  BOOST_TEST(t.why(ada + "|" + std::string(128, 'x') + "|2026-09-01T08:00Z") == "");
  BOOST_TEST(holds(t.why(ada + "|" + std::string(129, 'x') + "|2026-09-01T08:00Z"), "1 to 128"));
  BOOST_TEST(holds(t.why(ada + "|Größe|2026-09-01T08:00Z"), "visible ASCII"));
  BOOST_TEST(holds(t.why(ada + "||2026-09-01T08:00Z"), "an external id is required"));
}

BOOST_AUTO_TEST_CASE(the_rows_of_a_user_who_signs_in_are_that_users) {
  convoke::spec::row_settings settings{.tenants = {{.id = "11111111-2222-3333-4444-555555555555", .name = "", .user = ada}}};
  settings.needs_organizer = false;
  settings.first_tenant_is_default = true;
  const std::string rest = "|x|2026-09-01T08:00Z";
  table without("external_id|start", settings);
  BOOST_TEST(without.row("x|2026-09-01T08:00Z").errors.empty());
  BOOST_TEST(without.built.wanted.organizer == ada);
  table t("organizer|external_id|start", settings);
  for (const std::string cell : {"", "me", " ME ", "6F9619FF-8B86-D011-B42D-00C04FC964FF"}) {
    BOOST_TEST(t.why(cell + rest).empty(), cell);
    BOOST_TEST(t.built.wanted.organizer == ada, cell);
  }
  for (const std::string cell : {"7f9619ff-8b86-d011-b42d-00c04fc964ff", "self"})
    BOOST_TEST(holds(t.why(cell + rest), "is not the user who has signed in"), cell);
  // It may well be that user.
  BOOST_TEST(holds(t.why("ada@uni.example" + rest), "is a user principal name, which is not compared"));
  BOOST_TEST(!holds(t.why("ada@uni.example" + rest), "is not the user"));
  BOOST_TEST(holds(t.why("ada@uni.example" + rest), "leave the cell empty, or write me or " + std::string(ada)));
  // A broken row has not vanished.
  t.row("me|x");
  BOOST_TEST(t.built.present == std::vector<std::string>{"x"});

  // As `check` reads it: who will sign in is not known.
  settings.tenants.front().user = "";
  table unknown("organizer|external_id|start", settings);
  for (const std::string cell : {"", "me", "7f9619ff-8b86-d011-b42d-00c04fc964ff"}) BOOST_TEST(unknown.why(cell + rest).empty(), cell);
  BOOST_TEST(holds(unknown.why("ada@uni.example" + rest), "is a user principal name, which is not compared"));
}

BOOST_AUTO_TEST_CASE(of_several_tenants_only_those_with_a_user_need_no_organizer) {
  convoke::spec::row_settings settings{.tenants = {{.id = "11111111-2222-3333-4444-555555555555", .name = "app"},
                                                   {.id = "22222222-2222-3333-4444-555555555555", .name = "own", .user = ada}}};
  table t("organizer|external_id|start|tenant", settings);
  BOOST_TEST(holds(t.why("|x|2026-09-01T08:00Z|app"), "an organizer is required"));
  BOOST_TEST(t.why("|x|2026-09-01T08:00Z|own").empty());
  BOOST_TEST(t.built.wanted.organizer == ada);
  BOOST_TEST(holds(refusal("external_id|start|tenant", settings).message, "no column 'organizer'"));
}

BOOST_AUTO_TEST_SUITE_END()

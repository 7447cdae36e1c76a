// Which rows are about the same key and want the same meeting.

#include <boost/test/unit_test.hpp>

#include <convoke/spec.hpp>

#include "ledger/planning/fingerprint.hpp"
#include "ledger/planning/identity.hpp"
#include "ledger/planning/lanes.hpp"
#include "ledger/planning/memory_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::planning;
using namespace convoke::ledger::planning::testing;

namespace {

row_identity identity(const meeting_spec& spec, lane_name lane = {"https://graph.example/v1.0", "tenant-1", "app-1"}) {
  row_identifier identifier({std::move(lane)}, {});
  auto out = identifier.identify(0, encode_spec(spec));
  BOOST_REQUIRE(out.has_value());
  return std::move(*out);
}

meeting_spec spec_of(const std::string& external_id, unsigned version = 0) {
  return wanted_of({.external_id = external_id, .version = version});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(planning_identity)

BOOST_AUTO_TEST_CASE(the_form_of_an_id_is_no_part_of_what_is_wanted) {
  const auto plain = identity(spec_of("course-1"));
  const auto upper = identity(spec_of("COURSE-1"));
  BOOST_TEST((plain.key == upper.key));
  BOOST_TEST((plain.payload == upper.payload));
  auto spec = spec_of("course-1");
  spec.organizer = "00000000-0000-4000-8000-00000000000A";
  auto lower = spec;
  lower.organizer = "00000000-0000-4000-8000-00000000000a";
  BOOST_TEST((identity(spec).key == identity(lower).key));
  BOOST_TEST((identity(spec).payload == identity(lower).payload));
  BOOST_TEST(identity(spec).organizer == lower.organizer);
}

BOOST_AUTO_TEST_CASE(another_version_is_another_payload_of_the_same_key) {
  BOOST_TEST((identity(spec_of("a")).key == identity(spec_of("a", 1)).key));
  BOOST_TEST((identity(spec_of("a")).payload != identity(spec_of("a", 1)).payload));
  BOOST_TEST((identity(spec_of("a")).key != identity(spec_of("b")).key));
}

BOOST_AUTO_TEST_CASE(root_and_tenant_are_part_of_a_key_and_the_app_is_not) {
  const auto key = identity(spec_of("a")).key;
  BOOST_TEST((identity(spec_of("a"), {"https://localhost:8443/v1.0", "tenant-1", "app-1"}).key != key));
  BOOST_TEST((identity(spec_of("a"), {"https://graph.example/v1.0", "tenant-2", "app-1"}).key != key));
  BOOST_TEST((identity(spec_of("a"), {"https://graph.example/v1.0", "tenant-1", "app-2"}).key == key));
  BOOST_TEST((identity(spec_of("a"), {"https://GRAPH.example/v1.0", "TENANT-1", "app-1"}).key == key));
}

BOOST_AUTO_TEST_CASE(parts_of_a_key_do_not_run_together) {
  BOOST_TEST((identity(spec_of("a"), {"root", "tenant", "app"}).key != identity(spec_of("a"), {"roott", "enant", "app"}).key));
}

BOOST_AUTO_TEST_CASE(a_key_by_its_names_is_the_key_of_a_row_that_wants_it) {
  row_identifier identifier(header_of().lanes, {});
  const auto spec = spec_of("Course-1");
  BOOST_TEST((identifier.key_of(0, spec.organizer, "course-1") == identity(spec).key));
  BOOST_TEST((identifier.key_of(0, spec.organizer, "COURSE-1") == identity(spec).key));
  BOOST_TEST((identity(spec).ends == spec.end));
}

BOOST_AUTO_TEST_CASE(fingerprints_show_which_meeting_and_which_external_id) {
  fingerprinter prints;
  const auto spec = spec_of("Course-1");
  const auto of = prints.of(0, spec);
  const auto with = [&](auto change) {
    auto other = spec;
    change(other);
    return prints.of(0, other);
  };
  const auto other_id = with([](meeting_spec& s) { s.external_id = "b"; });
  BOOST_TEST((other_id.meeting == of.meeting));
  BOOST_TEST((other_id.external_id != of.external_id));
  BOOST_TEST((with([](meeting_spec& s) { s.external_id = "COURSE-1"; }).external_id == of.external_id));
  BOOST_TEST((with([](meeting_spec& s) { s.attendees.clear(); }).meeting == of.meeting));
  BOOST_TEST((with([](meeting_spec& s) { s.start += std::chrono::seconds(1); }).meeting != of.meeting));
  BOOST_TEST((with([](meeting_spec& s) { s.end += std::chrono::seconds(1); }).meeting != of.meeting));
  BOOST_TEST((with([](meeting_spec& s) { s.organizer.back() = 'f'; }).meeting != of.meeting));
  BOOST_TEST((with([](meeting_spec& s) { s.organizer.back() = 'f'; }).external_id == of.external_id));
  const auto none = with([](meeting_spec& s) { s.subject.reset(); }), empty = with([](meeting_spec& s) { s.subject = ""; });
  BOOST_TEST((none.meeting != of.meeting));
  BOOST_TEST((none.meeting != empty.meeting));
  BOOST_TEST((prints.of(1, spec).meeting != of.meeting));
  BOOST_TEST((prints.of(1, spec).external_id != of.external_id));
}

// Ledgers keep these hashes: where they change, hash_version has to change as well, and every known key would be new.
BOOST_AUTO_TEST_CASE(hashes_stay_as_ledgers_have_them) {
  hasher hash;
  const std::string_view nul("\0", 1);
  const auto spec = spec_of("Course-1");
  auto folded = spec;
  folded.external_id = "course-1";
  const auto found = identity(spec);
  BOOST_TEST(
      (found.key == hash({"https://graph.example/v1.0", nul, "tenant-1", nul, "00000000-0000-4000-8000-000000000000", nul, "course-1"})));
  BOOST_TEST((found.payload == hash({encode_spec(folded)})));
  BOOST_TEST(hash_version == 1);
}

BOOST_AUTO_TEST_CASE(keys_are_called_in_the_lane_that_made_them_or_in_another_one_of_their_tenant) {
  const auto lane = [](std::int64_t id, const char* tenant, const char* app, std::optional<lane_id> position = {}) {
    return known_lane{.id = id, .name = {"https://graph.example/v1.0", tenant, app}, .position = position};
  };
  std::vector<known_lane> all{lane(1, "t1", "old"),      lane(2, "t1", "new", 1),  lane(3, "t1", "newer", 2),   lane(4, "t2", "old"),
                              lane(5, "t1", "old/anna"), lane(6, "t1", "old/ben"), lane(7, "t1", "new/anna", 0)};
  auto root = lane(8, "t1", "old");
  root.name.graph_root = "https://graph.elsewhere/v1.0";
  all.push_back(root);
  using lanes = std::vector<std::pair<std::int64_t, lane_id>>;
  BOOST_TEST((lanes_of_keys(all) == lanes{{1, 1}, {2, 1}, {3, 2}, {5, 0}, {7, 0}}));
  BOOST_TEST(lanes_of_keys({}).empty());
}

BOOST_AUTO_TEST_CASE(a_payload_that_cannot_be_read_is_an_error) {
  row_identifier identifier(header_of().lanes, {});
  const auto failed = identifier.identify(0, "damaged");
  BOOST_REQUIRE(!failed.has_value());
  BOOST_TEST((failed.error().code == errc::storage));
}

BOOST_AUTO_TEST_SUITE_END()

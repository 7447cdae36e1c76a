#include "spec/duration.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <ostream>
#include <string_view>

namespace bdata = boost::unit_test::data;
using convoke::spec::parse_duration;
using convoke::spec::why_no_duration;

namespace {

struct good {
  std::string_view text;
  std::int64_t seconds;
};
std::ostream& operator<<(std::ostream& out, const good& g) {
  return out << g.text;
}

constexpr good all_good[] = {
    {"90", 5400},       {"0", 0},          {"1h", 3600},       {"1h30m", 5400},    {"1H 30M", 5400},  {"45m", 2700},
    {"45min", 2700},    {"1h30min", 5400}, {"PT1H30M", 5400},  {"pt90m", 5400},    {"PT5400S", 5400}, {"P1D", 86400},
    {"P1DT2H", 93600},  {"P2W", 1209600},  {"PT0S", 0},        {"P1WT1H", 608400}, {"001", 60},       {"999999999", 59999999940},
    {"01:30:00", 5400}, {"1:30:00", 5400}, {"26:00:30", 93630}};

constexpr good row_25[] = {{"90 min", 5400},        {"90min", 5400},
                           {"1 h 30 min", 5400},    {"90 minutes", 5400},
                           {"2 hours", 7200},       {"1 hour", 3600},
                           {"2 hrs", 7200},         {"1 HOUR 5 MINUTES", 3900},
                           {"90 Min.", 5400},       {"2 Std.", 7200},
                           {"1 Stunde", 3600},      {"2 Stunden 15 Minuten", 8100},
                           {"90\xc2\xa0min", 5400}, {"90 \xe2\x80\xaf min", 5400},
                           {"1.5 h", 5400},         {"1,5 h", 5400},
                           {"1.25 hours", 4500},    {"0,75 Std.", 2700},
                           {"2.0h", 7200},          {"1h30", 5400},
                           {"1 h 05", 3900}};

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_duration)

BOOST_DATA_TEST_CASE(durations_are_read, bdata::make(all_good), one) {
  const auto read = parse_duration(one.text);
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->count() == one.seconds);
}

BOOST_DATA_TEST_CASE(row_25_durations_with_words_are_read, bdata::make(row_25), one) {
  const auto read = parse_duration(one.text);
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->count() == one.seconds);
}

BOOST_DATA_TEST_CASE(texts_that_are_not_durations_are_refused,
                     bdata::make({"",         "-5",       "+5",         "1:30",         "1.5",        "90.0",
                                  "h",        "30m1h",    "1h1h",       "1d",           "P",          "PT",
                                  "P1DT",     "P1M",      "P1Y",        "PT1H30",       "PT30M1H",    "P1H",
                                  "T1H",      "PT1.5H",   "PT1H ",      "1h3",          "1234567890", "PT1234567890S",
                                  "PT-1H",    "in",       "1in",        "1hin5m",       "1hin",       "1.5 min",
                                  "1.555 h",  "1,500 h",  "1. h",       "1.5 h 10 min", "1:60:00",    "1:30:60",
                                  "1:3:00",   "1:30:00h", "1000:00:00", "2 days",       "90 min 5",   "1 h and 5 min",
                                  "90 min..", ".5 h",     "1h60",       "1h030",        "1.5h30",     "1h30.5"}),
                     text) {
  BOOST_TEST(!parse_duration(text).has_value());
  BOOST_TEST(!why_no_duration(text).empty());
}

BOOST_DATA_TEST_CASE(names_that_say_hours_are_known,
                     bdata::make({"length_in_hours", "Duration (hours)", "durationHours", "Dauer [Std.]", "Länge (h)", "HRS"}), name) {
  BOOST_TEST(convoke::spec::counts_hours(name));
}

BOOST_DATA_TEST_CASE(other_names_do_not_say_hours, bdata::make({"duration", "minutes", "Dauer", "length", "hourly", "Thema", ""}), name) {
  BOOST_TEST(!convoke::spec::counts_hours(name));
}

BOOST_AUTO_TEST_CASE(the_reason_names_what_is_ambiguous) {
  BOOST_TEST(why_no_duration("1:30") == "can mean hours and minutes, or minutes and seconds; write it as 1h30m, or as minutes");
  BOOST_TEST(why_no_duration("1.5") == "can mean hours or minutes; write it as 1.5 h, or as whole minutes (90)");
  BOOST_TEST(why_no_duration("1,5") == why_no_duration("1.5"));
  BOOST_TEST(why_no_duration("soon").starts_with("is no duration; write minutes (90)"));
  BOOST_TEST(why_no_duration("").starts_with("is no duration"));
}

BOOST_AUTO_TEST_SUITE_END()

#include "files/zones.hpp"

#include <rapidcheck.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ctime>

#include <convoke/time.hpp>

#include "files/zone_names.hpp"

namespace {

using namespace std::chrono;
using kind = convoke::spec::local_lookup::kind;
using verdict = convoke::spec::zone_verdict::kind;

convoke::spec::zone_source& zones() {
  static const auto made = convoke::files::system_zones();
  BOOST_REQUIRE(made.has_value());
  return **made;
}

local_seconds local(int y, unsigned m, unsigned d, seconds of_day = {}) {
  return local_days{year{y} / month{m} / day{d}} + of_day;
}

std::string utc(sys_seconds t) {
  return convoke::format_utc(convoke::utc_time{t});
}

std::string unique(std::string_view zone, local_seconds t) {
  const auto found = zones().to_utc(zone, t);
  BOOST_TEST((found.what == kind::unique));
  BOOST_TEST((found.earlier == found.later));
  return utc(found.earlier);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(files_zones)

BOOST_AUTO_TEST_CASE(iana_and_windows_names_are_found_in_any_case) {
  for (const char* const name : {"Europe/Berlin", "europe/BERLIN", "W. Europe Standard Time", "w. europe standard time"}) {
    BOOST_TEST(unique(name, local(2026, 9, 1, 10h)) == "2026-09-01T08:00:00Z");
    BOOST_TEST(unique(name, local(2026, 12, 1, 10h)) == "2026-12-01T09:00:00Z");
  }
  BOOST_TEST(unique("Eastern Standard Time", local(2026, 7, 1, 8h)) == "2026-07-01T12:00:00Z");
  BOOST_TEST(unique("India Standard Time", local(2026, 7, 1, 8h)) == "2026-07-01T02:30:00Z");
  BOOST_TEST(unique("UTC", local(2026, 7, 1, 8h)) == "2026-07-01T08:00:00Z");
}

BOOST_AUTO_TEST_CASE(unknown_names_are_not_found) {
  for (const char* const name : {"", "Mars/Olympus", "CEST", "Europe/Berlin ", "../../etc/passwd", "Europe"}) {
    BOOST_TEST((zones().to_utc(name, local(2026, 1, 1)).what == kind::unknown_zone));
    BOOST_TEST(!zones().to_local(name, sys_seconds{}).has_value());
  }
}

BOOST_AUTO_TEST_CASE(every_windows_name_is_known) {
  BOOST_TEST(convoke::files::windows_zones().size() > 130U);
  for (const auto& w : convoke::files::windows_zones()) {
    const auto a = zones().to_utc(w.name, local(2026, 7, 1, 12h));
    const auto b = zones().to_utc(w.iana, local(2026, 7, 1, 12h));
    const auto c = zones().to_utc(w.shown, local(2026, 7, 1, 12h));
    BOOST_TEST((a.what == kind::unique && a.earlier == b.earlier), w.name);
    BOOST_TEST((c.what == kind::unique && c.earlier == b.earlier), w.shown);
  }
}

BOOST_AUTO_TEST_CASE(row_23_names_that_outlook_shows_are_zones) {
  for (const char* const name :
       {"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
        "( utc+01:00 )  amsterdam,  berlin, bern, rome, stockholm,\u00a0vienna ", "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"}) {
    BOOST_TEST(unique(name, local(2026, 9, 1, 10h)) == "2026-09-01T08:00:00Z");
    BOOST_TEST((zones().check_name(name).what == verdict::usable));
  }
  BOOST_TEST(unique("(UTC-05:00) Eastern Time (US & Canada)", local(2026, 7, 1, 8h)) == "2026-07-01T12:00:00Z");
  BOOST_TEST(unique("(UTC) Coordinated Universal Time", local(2026, 7, 1, 8h)) == "2026-07-01T08:00:00Z");
  BOOST_TEST(unique("(UTC) Dublin, Edinburgh, Lisbon, London", local(2026, 7, 1, 8h)) == "2026-07-01T07:00:00Z");
  // An offset that contradicts the cities.
  BOOST_TEST((zones().check_name("(UTC-05:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna").what == verdict::unknown));
}

BOOST_AUTO_TEST_CASE(row_23_the_name_that_is_meant_is_offered) {
  const std::pair<const char*, const char*> cases[] = {
      {"America/New York", "America/New_York"},
      {"New York", "America/New_York"},
      {"Berlin", "Europe/Berlin"},
      {"berln", "Europe/Berlin"},
      {"europe/berln", "Europe/Berlin"},
      {"Indianapolis", "America/Indianapolis"},
      {"Europe-London", "Europe/London"},
      {"W. Europe Standart Time", "W. Europe Standard Time"},
      {"W. Europe Daylight Time", "W. Europe Standard Time"},
      {"eastern time", "Eastern Standard Time"},
      {"(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "Europe/Berlin"},
  };
  for (const auto& [written, meant] : cases) {
    BOOST_TEST(zones().nearest(written).value_or("") == meant, written);
    const auto checked = zones().check_name(written);
    BOOST_TEST((checked.what == verdict::unknown));
    BOOST_TEST(checked.reason == "is no known time zone; is '" + std::string(meant) + "' meant?");
  }
  for (const char* const far : {"", "Room 12", "xx", "2027-03-19"}) {
    BOOST_TEST(!zones().nearest(far).has_value(), far);
    BOOST_TEST(zones().check_name(far).reason.contains("give an IANA name such as Europe/Berlin"), far);
  }
}

BOOST_AUTO_TEST_CASE(row_3_zones_without_summer_time_are_refused) {
  const auto why = [](std::string_view name) {
    BOOST_TEST((zones().to_utc(name, local(2027, 9, 6, 9h)).what == kind::unknown_zone));
    const auto checked = zones().check_name(name);
    BOOST_TEST((checked.what == verdict::refused), name);
    return checked.reason;
  };
  BOOST_TEST(why("EST") == "is -05:00 all year, without summer time; write America/New_York, or end the times with -05:00");
  BOOST_TEST(why("mst") == "is -07:00 all year, without summer time; write America/Denver, or end the times with -07:00");
  BOOST_TEST(why("HST") == "is -10:00 all year, without summer time; write Pacific/Honolulu, or end the times with -10:00");
  BOOST_TEST(why("PST") == "is an abbreviation of several time zones; write the one that is meant: America/Los_Angeles, Asia/Manila");
  BOOST_TEST(why("CEST") == "is an abbreviation and no time zone; write Europe/Berlin");
  for (const char* const name : {"BST", "IST", "CST", "EDT", "MESZ", "ET"}) why(name);
  for (const char* const name : {"UTC+1", "GMT+1", "gmt +01:00", "+0100", "+01", "UTC+0100", "+1:00"})
    BOOST_TEST(why(name) == "is an offset and no time zone; write an IANA name such as Europe/Berlin, or end the times with +01:00");
  BOOST_TEST(why("-0330").ends_with("end the times with -03:30"));
  BOOST_TEST((zones().check_name("UTC+15").what == verdict::unknown));
}

BOOST_AUTO_TEST_CASE(abbreviations_with_summer_time_in_tzdata_are_zones) {
  for (const char* const name : {"CET", "EET", "MET", "WET", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"}) {
    BOOST_TEST((zones().check_name(name).what == verdict::usable), name);
    const auto july = zones().to_utc(name, local(2026, 7, 1, 12h)), january = zones().to_utc(name, local(2026, 1, 1, 12h));
    BOOST_TEST((july.earlier - january.earlier == days{181} - 1h), name);
  }
  for (const char* const name : {"GMT", "UTC", "GMT+0", "Etc/GMT-0", "UTC-11", "UTC+12"})
    BOOST_TEST((zones().check_name(name).what == verdict::usable), name);
}

BOOST_AUTO_TEST_CASE(row_3_zones_with_the_opposite_sign_are_warned_about) {
  const auto checked = zones().check_name("Etc/GMT+5");
  BOOST_TEST((checked.what == verdict::inverted_sign));
  BOOST_TEST(checked.reason == "Etc/GMT+5 is UTC-05:00, without summer time: these names have the opposite of the usual sign");
  BOOST_TEST(unique("Etc/GMT+5", local(2026, 7, 1, 7h)) == "2026-07-01T12:00:00Z");
  BOOST_TEST((zones().check_name("etc/gmt-14").what == verdict::inverted_sign));
}

BOOST_AUTO_TEST_CASE(files_of_tzdata_that_are_no_zones_are_unknown) {
  for (const char* const name : {"localtime", "posixrules", "Factory", "right/Europe/Berlin", "posix/Europe/Berlin"})
    BOOST_TEST((zones().check_name(name).what == verdict::unknown), name);
}

BOOST_AUTO_TEST_CASE(an_unknown_zone_gets_the_same_answer_again) {
  const auto first = zones().check_name("Berlin");
  BOOST_TEST(zones().check_name("Berlin").reason == first.reason);
  BOOST_TEST((zones().check_name("EST").what == verdict::refused));
  BOOST_TEST((zones().check_name("EST").what == verdict::refused));
  BOOST_TEST(zones().check_name("Berlin").reason == first.reason);
}

BOOST_AUTO_TEST_CASE(the_gap_and_the_overlap_of_berlin_are_found) {
  // Looked up before and after the summer around them is cached.
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST((zones().to_utc("Europe/Berlin", local(2026, 3, 29, 2h + 30min)).what == kind::gap));
    BOOST_TEST((zones().to_utc("Europe/Berlin", local(2026, 3, 29, 2h)).what == kind::gap));
    BOOST_TEST(unique("Europe/Berlin", local(2026, 3, 29, 3h)) == "2026-03-29T01:00:00Z");
    BOOST_TEST(unique("Europe/Berlin", local(2026, 3, 29, 2h - 1s)) == "2026-03-29T00:59:59Z");
    const auto twice = zones().to_utc("Europe/Berlin", local(2026, 10, 25, 2h + 30min));
    BOOST_TEST((twice.what == kind::overlap));
    BOOST_TEST(utc(twice.earlier) == "2026-10-25T00:30:00Z");
    BOOST_TEST(utc(twice.later) == "2026-10-25T01:30:00Z");
    BOOST_TEST(unique("Europe/Berlin", local(2026, 10, 25, 3h)) == "2026-10-25T02:00:00Z");
    BOOST_TEST(unique("Europe/Berlin", local(2026, 7, 1)) == "2026-06-30T22:00:00Z");
  }
}

BOOST_AUTO_TEST_CASE(a_day_that_a_zone_skipped_is_a_gap) {
  BOOST_TEST((zones().to_utc("Pacific/Apia", local(2011, 12, 30, 12h)).what == kind::gap));
  BOOST_TEST(unique("Pacific/Apia", local(2011, 12, 31, 12h)) == "2011-12-30T22:00:00Z");
}

BOOST_AUTO_TEST_CASE(the_far_future_of_a_zone_with_summer_time_is_unknown) {
  BOOST_TEST((zones().to_utc("Europe/Berlin", local(2050, 7, 1)).what == kind::beyond_data));
  BOOST_TEST((zones().to_utc("Europe/Berlin", local(9999, 12, 31)).what == kind::beyond_data));
  BOOST_TEST(!zones().to_local("Europe/Berlin", sys_days{year{2050} / 7 / 1}).has_value());
  BOOST_TEST(unique("Europe/Berlin", local(2037, 7, 1)) == "2037-06-30T22:00:00Z");
  BOOST_TEST(unique("Asia/Tokyo", local(9999, 12, 31, 23h)) == "9999-12-31T14:00:00Z");
  BOOST_TEST(unique("Europe/Istanbul", local(2050, 7, 1, 12h)) == "2050-07-01T09:00:00Z");
  BOOST_TEST(unique("UTC", local(9999, 12, 31, 23h)) == "9999-12-31T23:00:00Z");
  BOOST_TEST((zones().to_utc("Asia/Tokyo", local(0, 1, 1)).what == kind::unique));
}

BOOST_AUTO_TEST_CASE(cached_lookups_agree_with_the_c_library) {
  const char* const before = std::getenv("TZ");
  const std::string saved = before != nullptr ? before : "";
  for (const char* const name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"}) {
    ::setenv("TZ", name, 1);
    ::tzset();
    // Every 7 hours and some minutes for twelve years: across all changes, with a full cache.
    for (sys_seconds t = sys_days{year{2024} / 1 / 1}; t < sys_days{year{2036} / 1 / 1}; t += 7h + 13min) {
      const std::time_t seconds_since = t.time_since_epoch().count();
      std::tm parts{};
      ::localtime_r(&seconds_since, &parts);
      const local_seconds expected{t.time_since_epoch() + seconds{parts.tm_gmtoff}};
      const auto wall = zones().to_local(name, t);
      BOOST_REQUIRE((wall == expected));
      const auto back = zones().to_utc(name, expected);
      BOOST_REQUIRE((back.what == kind::unique || back.what == kind::overlap));
      BOOST_REQUIRE((back.earlier == t || back.later == t));
    }
  }
  saved.empty() ? ::unsetenv("TZ") : ::setenv("TZ", saved.c_str(), 1);
  ::tzset();
}

BOOST_AUTO_TEST_CASE(the_version_of_tzdata_is_a_year_and_letters) {
  const auto version = convoke::files::tzdata_version();
  BOOST_TEST_INFO(version);
  BOOST_TEST((version == "unknown" || (version.size() >= 5 && version.starts_with("20"))));
}

BOOST_AUTO_TEST_SUITE_END()

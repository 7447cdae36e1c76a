#include "sim/service/text.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/service/random_source.hpp"

namespace {

using namespace convoke::sim;

BOOST_AUTO_TEST_SUITE(text)

struct text_case {
  std::string first, second;
};
std::ostream& operator<<(std::ostream& out, const text_case& c) {
  return out << c.first;
}

std::string normal(std::string_view given) {
  const auto t = read_instant(given);
  if (!t) return "refused";
  std::string out;
  append_instant(out, *t);
  return out;
}

const std::vector<text_case> instants = {
    {"2026-09-01T08:00:00Z", "2026-09-01T08:00:00Z"},
    {"2026-09-01t08:00:00.0000000z", "2026-09-01T08:00:00Z"},
    {"2026-09-01T08:00:00.31201930+00:00", "2026-09-01T08:00:00.3120193Z"},
    {"2026-09-01T08:00:00.000000199Z", "2026-09-01T08:00:00.0000001Z"},
    {"2026-09-01T00:30:00+02:00", "2026-08-31T22:30:00Z"},
    {"2026-12-31T23:30:00-00:45", "2027-01-01T00:15:00Z"},
    {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
    {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
    {"9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"},
    {"0001-01-01T00:00:00+01:00", "refused"},
    {"2026-02-29T00:00:00Z", "refused"},
    {"2026-09-01T24:00:00Z", "refused"},
    {"2026-09-01T08:00:60Z", "refused"},
    {"2026-09-01T08:00:00", "refused"},
    {"2026-09-01T08:00:00.Z", "refused"},
    {"2026-09-01T08:00:00.1234567890123Z", "refused"},
    {"2026-09-01T08:00Z", "refused"},
    {"2026-09-01 08:00:00Z", "refused"},
    {"2026-09-01T08:00:00+15:00", "refused"},
    {"2026-09-01T08:00:00+0200", "refused"},
    {"2026-09-01T08:00:00Zx", "refused"},
    {"+026-09-01T08:00:00Z", "refused"},
    {"", "refused"},
};
BOOST_DATA_TEST_CASE(instants_are_normalised, boost::unit_test::data::make(instants)) {
  BOOST_TEST(normal(sample.first) == sample.second);
  BOOST_TEST(normal(sample.first.substr(0, sample.first.size() / 2)) == "refused");
}

BOOST_AUTO_TEST_CASE(an_http_date_has_the_form_of_rfc_9110) {
  using namespace std::chrono;
  BOOST_TEST(http_date(convoke::utc_time(sys_days(year(1994) / 11 / 6)) + hours(8) + minutes(49) + seconds(37)) ==
             "Sun, 06 Nov 1994 08:49:37 GMT");
}

const std::vector<text_case> base64 = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                       {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"}};
BOOST_DATA_TEST_CASE(base64_has_the_form_of_rfc_4648, boost::unit_test::data::make(base64)) {
  std::string out;
  append_base64(out, sample.first);
  BOOST_TEST(out == sample.second);
  BOOST_TEST(decode_base64(out).value_or("?") == sample.first);
}

BOOST_AUTO_TEST_CASE(percent_encoding_is_reversible) {
  std::string out;
  append_percent(out, "a b/ü~");
  BOOST_TEST(out == "a%20b%2F%C3%BC~");
  BOOST_TEST(percent_decode(out) == "a b/ü~");
  BOOST_TEST(percent_decode("%4") == "%4");
  BOOST_TEST(percent_decode("%zz%40") == "%zz@");
}

BOOST_AUTO_TEST_CASE(a_random_guid_has_version_4) {
  random_source random(5);
  const auto one = random.guid(), two = random.guid();
  BOOST_TEST(is_guid(one));
  BOOST_TEST(one[14] == '4');
  BOOST_TEST(std::string("89ab").find(one[19]) != std::string::npos);
  BOOST_TEST(one != two);
  BOOST_TEST(!is_guid(one + "0"));
  BOOST_TEST(!is_guid("zzzzzzzz-0000-4000-8000-000000000001"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

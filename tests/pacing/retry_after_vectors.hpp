#pragma once

// Values of Retry-After and the waits that they mean: one table for the parser, for single answers and for items of a batch.

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/time.hpp>

#include "pacing/pacing.hpp"

namespace convoke::test {

struct retry_after_vector {
  std::string name;
  std::vector<std::string> lines;                    // header lines; none: the header is absent
  std::string date;                                  // the answer's own Date; empty: none
  std::optional<std::chrono::nanoseconds> expected;  // the least wait, before jitter; absent: the backoff of the client
};
inline std::ostream& operator<<(std::ostream& out, const retry_after_vector& row) {
  return out << row.name;
}

// The local clock is a day wrong, so that a test sees which clock was used.
inline const utc_time receipt = parse_utc("2026-09-02T08:00:00Z").value();
inline const std::string answer_date = "Tue, 01 Sep 2026 08:00:00 GMT";

using namespace std::chrono_literals;
using pacing::longest_wait;
using std::chrono::nanoseconds;

inline const std::vector<retry_after_vector> retry_after_vectors{
    {"absent", {}, answer_date, std::nullopt},
    {"zero", {"0"}, answer_date, 500ms},
    {"five", {"5"}, answer_date, 5s},
    {"blanks around", {"  5  "}, answer_date, 5s},
    {"tabs around", {"\t5\t"}, answer_date, 5s},
    {"decimal", {"2.128"}, answer_date, 2128ms},
    {"decimal under the floor", {"0.249"}, answer_date, 500ms},
    {"decimal just over the floor", {"0.500000001"}, answer_date, nanoseconds(500'000'001)},
    {"decimal beyond nanoseconds is rounded up", {"1.0000000001"}, answer_date, nanoseconds(1'000'000'001)},
    {"decimal with zeros beyond nanoseconds", {"1.0000000000"}, answer_date, 1s},
    {"decimal that carries", {"1.9999999999"}, answer_date, 2s},
    {"joined", {"0,120"}, answer_date, 120s},
    {"joined, larger first", {"120,0"}, answer_date, 120s},
    {"joined with blank", {"120, 120"}, answer_date, 120s},
    {"joined with an empty part", {"3,,"}, answer_date, 3s},
    {"joined with garbage", {"soon, 7"}, answer_date, 7s},
    {"minutes", {"315"}, answer_date, 315s},
    {"an hour", {"3600"}, answer_date, 3600s},
    {"a week", {"604800"}, answer_date, 604800s},
    {"leading zeros", {"00005"}, answer_date, 5s},
    {"IMF-fixdate", {"Tue, 01 Sep 2026 08:05:00 GMT"}, answer_date, 300s},
    {"RFC 850", {"Tuesday, 01-Sep-26 08:05:00 GMT"}, answer_date, 300s},
    {"asctime", {"Tue Sep  1 08:05:00 2026"}, answer_date, 300s},
    {"date and Date both asctime", {"Tue Sep  1 08:05:00 2026"}, "Tue Sep  1 08:00:00 2026", 300s},
    {"date before Date", {"Tue, 01 Sep 2026 07:00:00 GMT"}, answer_date, 500ms},
    {"date equal to Date", {"Tue, 01 Sep 2026 08:00:00 GMT"}, answer_date, 500ms},
    {"date, no Date", {"Wed, 02 Sep 2026 08:05:00 GMT"}, "", 300s},
    {"date, unreadable Date", {"Wed, 02 Sep 2026 08:05:00 GMT"}, "yesterday", 300s},
    {"date in the year 9999", {"Fri, 31 Dec 9999 23:59:59 GMT"}, answer_date, longest_wait},
    {"date in the year 0000", {"Sat, 01 Jan 0000 00:00:00 GMT"}, answer_date, 500ms},
    {"joined dates", {"Tue, 01 Sep 2026 08:05:00 GMT, Tue, 01 Sep 2026 08:06:00 GMT"}, answer_date, 360s},
    {"joined number and date", {"120, Tue, 01 Sep 2026 08:05:00 GMT"}, answer_date, 300s},
    {"joined date and number", {"Tue, 01 Sep 2026 08:05:00 GMT, 400"}, answer_date, 400s},
    {"joined asctime dates", {"Tue Sep  1 08:05:00 2026,Tue Sep  1 08:07:00 2026"}, answer_date, 420s},
    {"negative", {"-5"}, answer_date, std::nullopt},
    {"word", {"soon"}, answer_date, std::nullopt},
    {"empty", {""}, answer_date, std::nullopt},
    {"blank", {"   "}, answer_date, std::nullopt},
    {"comma", {","}, answer_date, std::nullopt},
    {"exponent", {"1e3"}, answer_date, std::nullopt},
    {"hexadecimal", {"0x10"}, answer_date, std::nullopt},
    {"not a number", {"NaN"}, answer_date, std::nullopt},
    {"infinity", {"inf"}, answer_date, std::nullopt},
    {"plus sign", {"+5"}, answer_date, std::nullopt},
    {"two points", {"1.2.3"}, answer_date, std::nullopt},
    {"no whole part", {".5"}, answer_date, std::nullopt},
    {"no fraction", {"5."}, answer_date, std::nullopt},
    {"unit", {"5s"}, answer_date, std::nullopt},
    {"inner blank", {"1 2"}, answer_date, std::nullopt},
    {"NUL", {std::string("5\0", 2)}, answer_date, std::nullopt},
    {"400 digits", {std::string(400, '9')}, answer_date, std::nullopt},
    {"20 digits", {"99999999999999999999"}, answer_date, longest_wait},
    {"more nanoseconds than 64 bits", {"9223372037"}, answer_date, longest_wait},
    {"a thousand years", {"31536000000"}, answer_date, longest_wait},
    {"two lines", {"3", "9"}, answer_date, 9s},
    {"two lines, larger first", {"9", "3"}, answer_date, 9s},
    {"two lines, one unusable", {"soon", "9"}, answer_date, 9s},
    {"two lines, number and date", {"30", "Tue, 01 Sep 2026 08:05:00 GMT"}, answer_date, 300s},
    {"two unusable lines", {"soon", ""}, answer_date, std::nullopt},
};

}  // namespace convoke::test

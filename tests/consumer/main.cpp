// What another program does with the library; exits with the number of the first thing that went wrong.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#include <convoke/error.hpp>
#include <convoke/job.hpp>
#include <convoke/key.hpp>
#include <convoke/spec.hpp>
#include <convoke/time.hpp>

namespace {

struct listener : convoke::observer {
  void wrong_row(std::uint32_t line, const std::string& why) override {
    std::printf("line %u: %s\n", line, why.c_str());
    lines += std::to_string(line) + ' ';
  }
  std::string lines;
};

// Checks a file of two rows, of which the second is wrong.
bool check_a_file() {
  std::ofstream("classes.csv") << "organizer,external_id,start\n"
                                  "11111111-2222-3333-4444-555555555555,a-1,2026-09-01T10:15:00+02:00\n"
                                  "11111111-2222-3333-4444-555555555555,a-2,01/09/2026\n";
  convoke::job job;
  job.input = "classes.csv";
  job.lanes.front().tenant = "99999999-2222-3333-4444-555555555555";
  listener heard;
  const auto checked = convoke::check(job, heard);
  if (!checked) std::printf("%s\n", checked.error().message.c_str());
  return !checked && checked.error().code == convoke::errc::input && heard.lines == "3 ";
}

}  // namespace

int main() {
  const auto start = convoke::parse_utc("2026-09-01T10:15:00+02:00");
  if (!start || convoke::format_utc(*start) != "2026-09-01T08:15:00Z") return 1;

  convoke::meeting_spec wanted;
  wanted.organizer = convoke::parse_guid("11111111-2222-3333-4444-55555555AAAA").value_or("");
  wanted.external_id = "course-101-1";
  wanted.subject = "Algebra I";
  wanted.start = *start;
  wanted.end = *start + std::chrono::hours(1);
  const std::string bytes = convoke::encode_spec(wanted);
  const auto again = convoke::decode_spec(bytes);
  if (!again || *again != wanted) return 2;

  const auto refused = convoke::decode_spec("no payload");
  if (refused || refused.error().message.empty()) return 3;
  if (!check_a_file()) return 4;
  std::printf("%zu bytes for %s\n", bytes.size(), again->external_id.c_str());
  return 0;
}

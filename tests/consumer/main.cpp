// What another program does with the library; exits with the number of the first thing that went wrong.
#include <cstdio>
#include <string>

#include <convoke/error.hpp>
#include <convoke/key.hpp>
#include <convoke/spec.hpp>
#include <convoke/time.hpp>

int main() {
  const auto start = convoke::parse_utc("2026-09-01T10:15:00+02:00");
  if (!start || convoke::format_utc(*start) != "2026-09-01T08:15:00Z") return 1;

  convoke::spec wanted;
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
  std::printf("%zu bytes for %s\n", bytes.size(), again->external_id.c_str());
  return 0;
}

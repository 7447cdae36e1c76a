#pragma once

#include <string>
#include <utility>

#include <convoke/spec.hpp>
#include <convoke/time.hpp>

namespace convoke::test {

// A meeting as `organizer` wants it, without attendees.
inline meeting_spec monday_class(std::string organizer, std::string subject) {
  meeting_spec s;
  s.organizer = std::move(organizer);
  s.external_id = "CS101-A";
  s.subject = std::move(subject);
  s.start = parse_utc("2026-09-07T08:00:00Z").value();
  s.end = parse_utc("2026-09-07T09:30:00Z").value();
  return s;
}

}  // namespace convoke::test

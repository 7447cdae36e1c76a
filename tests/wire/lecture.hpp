#pragma once

#include <convoke/spec.hpp>

namespace convoke::test {

// A spec without subject and attendees.
inline meeting_spec lecture() {
  meeting_spec s;
  s.organizer = "5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f";
  s.external_id = "BIO-101-03-20260901";
  s.start = parse_utc("2026-09-01T08:00:00Z").value();
  s.end = parse_utc("2026-09-01T09:30:00Z").value();
  return s;
}

}  // namespace convoke::test

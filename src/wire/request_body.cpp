#include <chrono>
#include <string>
#include <string_view>

#include "core/json_string.hpp"
#include "wire/wire.hpp"

namespace convoke::wire {

namespace {

void append_time(std::string& out, utc_time t) {
  out += '"';
  out += format_utc(std::chrono::floor<std::chrono::seconds>(t));
  out += '"';
}

void append_attendee(std::string& out, const attendee& person) {
  if (person.kind == attendee_id::upn) {
    out += R"({"upn":)";
    core::append_json_string(out, person.value);
  } else {
    out += R"({"identity":{"user":{"id":)";
    core::append_json_string(out, person.value);
    out += "}}";
  }
  if (person.role != attendee_role::none) {
    out += R"(,"role":)";
    core::append_json_string(out, to_string(person.role));
  }
  out += '}';
}

}  // namespace

void append_create_or_get(std::string& out, const meeting_spec& wanted) {
  out += R"({"externalId":)";
  core::append_json_string(out, wanted.external_id);
  out += R"(,"startDateTime":)";
  append_time(out, wanted.start);
  out += R"(,"endDateTime":)";
  append_time(out, wanted.end);
  if (wanted.subject) {
    out += R"(,"subject":)";
    core::append_json_string(out, *wanted.subject);
  }
  if (!wanted.attendees.empty()) {
    out += R"(,"participants":{"attendees":[)";
    bool first = true;
    for (const auto& person : wanted.attendees) {
      if (!first) out += ',';
      first = false;
      append_attendee(out, person);
    }
    out += "]}";
  }
  out += '}';
}

}  // namespace convoke::wire

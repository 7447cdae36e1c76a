#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_string.hpp"
#include "core/meeting_options.hpp"
#include "wire/options_body.hpp"
#include "wire/wire.hpp"

namespace convoke::wire {

namespace {

void append_time(std::string& out, utc_time t) {
  out += '"';
  out += format_utc(std::chrono::floor<std::chrono::seconds>(t));
  out += '"';
}

void append_times(std::string& out, const meeting_spec& wanted) {
  out += R"("startDateTime":)";
  append_time(out, wanted.start);
  out += R"(,"endDateTime":)";
  append_time(out, wanted.end);
}

void append_subject(std::string& out, std::string_view subject) {
  out += R"("subject":)";
  core::append_json_string(out, subject);
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

void append_participants(std::string& out, const std::vector<attendee>& attendees) {
  out += R"("participants":{"attendees":[)";
  bool first = true;
  for (const auto& person : attendees) {
    if (!first) out += ',';
    first = false;
    append_attendee(out, person);
  }
  out += "]}";
}

// Which members of a meeting an update sends.
struct members {
  bool subject = false, times = false, attendees = false;
};

members named_in(std::span<const std::string> changed) {
  members out;
  for (const std::string_view field : changed) {
    out.subject = out.subject || field == "subject";
    out.times = out.times || field == "start" || field == "end";
    out.attendees = out.attendees || field == "attendees" || field == "roles";
  }
  return out;
}

}  // namespace

void append_create_or_get(std::string& out, const meeting_spec& wanted) {
  out += R"({"externalId":)";
  core::append_json_string(out, wanted.external_id);
  out += ',';
  append_times(out, wanted);
  if (wanted.subject) {
    out += ',';
    append_subject(out, *wanted.subject);
  }
  if (!wanted.attendees.empty()) {
    out += ',';
    append_participants(out, wanted.attendees);
  }
  if (!wanted.chat_thread_id.empty()) {
    out += R"(,"chatInfo":{"threadId":)";
    core::append_json_string(out, wanted.chat_thread_id);
    out += '}';
  }
  out += '}';
}

void append_update(std::string& out, const meeting_spec& wanted, std::span<const std::string> changed) {
  auto send = named_in(changed);
  send.subject = send.subject && wanted.subject;
  auto options = options_named_in(changed, wanted.options);
  if (!send.subject && !send.times && !send.attendees && options.empty()) {
    send = {.subject = wanted.subject.has_value(), .times = true, .attendees = true};
    options = wanted.options;
  }

  // Each member is written with a comma behind it; the last comma becomes the closing brace.
  out += '{';
  if (send.times) {
    append_times(out, wanted);
    out += ',';
  }
  if (send.subject) {
    append_subject(out, *wanted.subject);
    out += ',';
  }
  if (send.attendees && wanted.keep_roles) {
    out += R"("allowedPresenters":"roleIsPresenter",)";
    // As an option it can have no other value (spec::why_no_presenters), and a member must not come twice.
    std::erase_if(options, [](const option_value& one) { return core::option_numbered(one.option)->name == "allowedPresenters"; });
  }
  if (send.attendees) {
    append_participants(out, wanted.attendees);
    out += ',';
  }
  append_options(out, options);
  out.back() = '}';
}

}  // namespace convoke::wire

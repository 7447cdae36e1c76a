#include <benchmark/benchmark.h>

#include <boost/json.hpp>
#include <string>

#include "../tests/wire/samples.hpp"
#include "wire/wire.hpp"

namespace {

namespace json = boost::json;
using convoke::attendee_id;
using convoke::attendee_role;

// A class with three people: a body of about 450 bytes.
convoke::meeting_spec usual_spec() {
  convoke::meeting_spec s;
  s.organizer = "5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f";
  s.external_id = "bio-101-03-20260901";
  s.subject = "Einführung in die Zoologie, Übung 3 (Gruppe B)";
  s.start = convoke::parse_utc("2026-09-01T08:00:00Z").value();
  s.end = convoke::parse_utc("2026-09-01T09:30:00Z").value();
  s.attendees = {{attendee_id::upn, "tom.berg@students.uni.example", attendee_role::none},
                 {attendee_id::upn, "ute.klein@staff.uni.example", attendee_role::presenter},
                 {attendee_id::object_id, "0f1e2d3c-4b5a-4968-8776-655443322110", attendee_role::coorganizer}};
  return s;
}

void wire_body(benchmark::State& state) {
  const auto wanted = usual_spec();
  std::string out;
  for (auto _ : state) {
    out.clear();
    convoke::wire::append_create_or_get(out, wanted);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(wire_body);

// The same body with Boost.JSON: a value in a reused buffer, and its serializer.
void wire_body_boost_json(benchmark::State& state) {
  const auto wanted = usual_spec();
  std::string out;
  unsigned char memory[8192];
  for (auto _ : state) {
    json::monotonic_resource resource(memory);
    json::object body(&resource);
    body["externalId"] = wanted.external_id;
    body["startDateTime"] = convoke::format_utc(wanted.start);
    body["endDateTime"] = convoke::format_utc(wanted.end);
    body["subject"] = *wanted.subject;
    auto& people = body["participants"].emplace_object()["attendees"].emplace_array();
    for (const auto& person : wanted.attendees) {
      auto& entry = people.emplace_back(json::object_kind).as_object();
      if (person.kind == attendee_id::upn) {
        entry["upn"] = person.value;
      } else {
        entry["identity"].emplace_object()["user"].emplace_object()["id"] = person.value;
      }
      if (person.role != attendee_role::none) entry["role"] = convoke::to_string(person.role);
    }
    json::serializer writer;
    writer.reset(&body);
    out.resize(1024);
    const auto written = writer.read(out.data(), out.size());
    benchmark::DoNotOptimize(written.data());
  }
}
BENCHMARK(wire_body_boost_json);

void wire_parse_meeting(benchmark::State& state, const std::string& body) {
  convoke::wire::parser parser;
  for (auto _ : state) {
    auto got = parser.parse_meeting(body);
    if (!got) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(got);
  }
  state.counters["bytes"] = static_cast<double>(body.size());
}
BENCHMARK_CAPTURE(wire_parse_meeting, small, convoke::wire::samples::small_meeting());
BENCHMARK_CAPTURE(wire_parse_meeting, large, convoke::wire::samples::large_meeting());

void wire_parse_error(benchmark::State& state) {
  convoke::wire::parser parser;
  const std::string body =
      R"({"error":{"code":"TooManyRequests","message":"Please retry again later.","innerError":{"date":"2026-09-01T08:00:00",)"
      R"("request-id":"0f1e2d3c-4b5a-4968-8776-655443322110","client-request-id":"1f1e2d3c-4b5a-4968-8776-655443322110"}}})";
  for (auto _ : state) benchmark::DoNotOptimize(parser.parse_error(body));
}
BENCHMARK(wire_parse_error);

}  // namespace

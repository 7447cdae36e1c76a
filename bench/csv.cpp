#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include <convoke/spec.hpp>

#include "core/utf8.hpp"
#include "csv/csv.hpp"
#include "files/decoder.hpp"
#include "files/zones.hpp"
#include "spec/rows.hpp"

namespace {

namespace csv = convoke::csv;

constexpr int row_count = 10'000;
constexpr std::string_view header = "organizer,external_id,subject,start,end,time_zone,attendees,course,room\r\n";

// The timetable of a university: 200 organizers, two time zones, three people per class.
std::string timetable() {
  std::string out(header);
  for (int i = 0; i < row_count; ++i) {
    const std::string n = std::to_string(i);
    const std::string hour = std::to_string(10 + i % 8);
    const std::string day = "2026-" + std::string(i % 2 == 0 ? "09-1" : "12-0") + std::to_string(1 + i % 9);
    out += "5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5" + std::to_string(100 + i % 200) + ",bio-101-" + n + ",\"Zoologie, Übung " + n + "\"," + day +
           " " + hour + ":00," + day + " " + hour + ":45," + (i % 50 == 0 ? "America/New_York" : "Europe/Berlin") +
           ",tom.berg@students.uni.example;ute.klein@staff.uni.example:presenter;lab" + n + "@uni.example,bio,H 1.02\r\n";
  }
  return out;
}

convoke::result<void> nothing(const csv::record& /*unused*/) {
  return {};
}

void per_row(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * row_count);
  state.counters["s/row"] =
      benchmark::Counter(static_cast<double>(row_count), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void csv_scan(benchmark::State& state) {
  const std::string text = timetable();
  const csv::reader::sink sink = nothing;
  for (auto _ : state) {
    csv::reader reader(',');
    bool ok = true;
    for (std::size_t at = 0; at < text.size(); at += 128 * 1024)
      ok = ok && reader.feed(std::string_view(text).substr(at, 128 * 1024), sink).has_value();
    ok = ok && reader.finish(sink).has_value();
    if (!ok) state.SkipWithError("the timetable is not CSV");
  }
  per_row(state);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(csv_scan);

void csv_decode_utf8(benchmark::State& state) {
  const std::string text = timetable();
  const convoke::files::decoder::sink sink = [](std::string_view utf8) -> convoke::result<void> {
    benchmark::DoNotOptimize(utf8.data());
    return {};
  };
  for (auto _ : state) {
    convoke::files::decoder d({});
    if (!d.feed(text, sink) || !d.finish(sink)) state.SkipWithError("the timetable is not UTF-8");
  }
  per_row(state);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(csv_decode_utf8);

// The records of the timetable, split into fields once.
struct cut_timetable {
  std::string text = timetable();
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::string_view>> views;

  cut_timetable() {
    csv::reader reader(',');
    const auto keep = [this](const csv::record& r) -> convoke::result<void> {
      rows.emplace_back(r.fields.begin(), r.fields.end());
      return {};
    };
    if (!reader.feed(text, keep) || !reader.finish(keep)) rows.clear();
    for (const auto& row : rows) views.emplace_back(row.begin(), row.end());
  }
};

// `encode`: includes the encoding of the spec that the plan keeps.
void build(benchmark::State& state, bool encode) {
  const cut_timetable cut;
  const auto zones = convoke::files::system_zones();
  if (!zones) return state.SkipWithError("no time zones");
  auto builder = convoke::spec::row_builder::create(cut.views.at(0), {}, **zones);
  if (!builder) return state.SkipWithError("the header is refused");
  convoke::spec::built_row built;
  for (auto _ : state) {
    for (std::size_t i = 1; i < cut.views.size(); ++i) {
      builder->build(cut.views[i], 2, built);
      if (!built.errors.empty()) state.SkipWithError("a row is refused");
      if (encode) benchmark::DoNotOptimize(convoke::encode_spec(built.wanted).data());
    }
  }
  per_row(state);
}

void row_build(benchmark::State& state) {
  build(state, false);
}
BENCHMARK(row_build);

void row_build_and_encode(benchmark::State& state) {
  build(state, true);
}
BENCHMARK(row_build_and_encode);

void spec_decode(benchmark::State& state) {
  const cut_timetable cut;
  const auto zones = convoke::files::system_zones();
  if (!zones) return state.SkipWithError("no time zones");
  auto builder = convoke::spec::row_builder::create(cut.views.at(0), {}, **zones);
  if (!builder) return state.SkipWithError("the header is refused");
  convoke::spec::built_row built;
  builder->build(cut.views.at(1), 2, built);
  const std::string bytes = convoke::encode_spec(built.wanted);
  for (auto _ : state) {
    const auto back = convoke::decode_spec(bytes);
    benchmark::DoNotOptimize(back.has_value());
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(spec_decode);

void zone_lookup(benchmark::State& state) {
  const auto zones = convoke::files::system_zones();
  if (!zones) return state.SkipWithError("no time zones");
  const std::chrono::local_seconds from = std::chrono::local_days{std::chrono::year{2026} / 9 / 1};
  std::int64_t i = 0;
  for (auto _ : state) {
    // Dates of two semesters alternate.
    const auto found = (*zones)->to_utc("Europe/Berlin", from + std::chrono::days{(i % 2) * 100} + std::chrono::hours{i % 24});
    benchmark::DoNotOptimize(found.earlier);
    ++i;
  }
}
BENCHMARK(zone_lookup);

void csv_write(benchmark::State& state) {
  const cut_timetable cut;
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const auto& row : cut.views) {
      for (const std::string_view field : row) {
        csv::append_inert_field(out, field, ',');
        out += ',';
      }
      out.back() = '\n';
    }
    benchmark::DoNotOptimize(out.data());
  }
  per_row(state);
}
BENCHMARK(csv_write);

}  // namespace

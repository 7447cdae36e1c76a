#include "ledger/fixture.hpp"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace convoke::ledger::testing {

temp_folder::temp_folder() {
  // In memory if there is such a place: most tests do not need a disk.
  const auto place = std::filesystem::is_directory("/dev/shm") ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
  std::string name = (place / "convoke-ledger-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

temp_folder::~temp_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string organizer_name(unsigned n) {
  auto digits = std::to_string(n);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

meeting_spec wanted(unsigned organizer, const std::string& external_id, unsigned version) {
  meeting_spec s;
  s.organizer = organizer_name(organizer);
  s.external_id = external_id;
  s.subject = "Lecture " + external_id + (version == 0 ? "" : " v" + std::to_string(version));
  s.start = utc_time(std::chrono::seconds(1'790'000'000));
  s.end = s.start + std::chrono::hours(1);
  s.attendees = {{.kind = attendee_id::upn, .value = "student@example.edu", .role = attendee_role::attendee}};
  return s;
}

planned_row row(std::uint32_t line, unsigned organizer, const std::string& external_id, unsigned version) {
  const auto text = organizer_name(organizer) + "," + external_id + "," + std::to_string(version) + "\r\n";
  return {.line = line, .raw = text, .lane = 0, .payload = encode_spec(wanted(organizer, external_id, version)), .error = {}};
}

std::string text_of(const occurrence_date& date) {
  if (!date) return {};
  const std::chrono::year_month_day day(*date);
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(static_cast<int>(day.year())) + "-" + two(static_cast<unsigned>(day.month())) + "-" +
         two(static_cast<unsigned>(day.day()));
}

std::vector<planned_row> weekly(std::uint32_t line, unsigned organizer, const std::string& external_id, unsigned times, unsigned version) {
  std::vector<planned_row> out;
  for (unsigned week = 0; week < times; ++week) {
    const auto day = std::chrono::local_days(std::chrono::year(2026) / 9 / 7) + std::chrono::weeks(week);
    auto id = text_of(day);
    std::erase(id, '-');
    auto one = row(line, organizer, external_id + "-" + id, version);
    one.raw = week == 0 ? organizer_name(organizer) + "," + external_id + "," + std::to_string(version) + ",weekly\r\n" : std::string();
    one.occurrence = day;
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<planned_row> joined(std::vector<std::vector<planned_row>> records) {
  std::vector<planned_row> out;
  for (auto& rows : records) std::ranges::move(rows, std::back_inserter(out));
  return out;
}

planned_row wrong_row(std::uint32_t line, const std::string& why) {
  return {.line = line, .raw = "wrong\n", .lane = 0, .payload = {}, .error = why};
}

run_header header(const std::string& identity, const std::string& input) {
  run_header h;
  h.identity = identity;
  h.input_name = h.feed = input;
  h.input_sha256 = "sha-" + identity;
  h.settings = "{}";
  h.dialect = "{\"delimiter\":\",\"}";
  h.header = "organizer,external_id,version";
  h.tzdata_version = "2026a";
  h.convoke_version = "test";
  h.lanes = {{"https://graph.example/v1.0", "tenant-1", "app-1"}};
  return h;
}

meeting stored(const std::string& id) {
  meeting m;
  m.id = id;
  m.join_web_url = "https://teams.example/" + id;
  m.passcode = "secret";
  return m;
}

bool about(utc_time a, utc_time b) {
  return std::chrono::abs(a - b) < std::chrono::seconds(1);
}

planned_run plan(store& s, const run_header& h, std::vector<planned_row> rows, bool open) {
  auto planning = must(s.begin_plan(h));
  must(planning->add_rows(std::move(rows)));
  planned_run out;
  out.summary = must(planning->classify(before_any_meeting));
  out.id = must(planning->commit(open));
  return out;
}

claimed_page claim(store& s, const opened_run& run, organizer_id organizer, std::uint32_t count, bool stale) {
  const auto found = std::ranges::find(run.organizers, organizer, &organizer_rows::id);
  auto pages = claim(s, run, {{organizer, count}}, stale, found == run.organizers.end() ? lane_id{0} : found->lane).pages;
  BOOST_TEST_REQUIRE(pages.size() == 1u);
  BOOST_TEST(pages[0].organizer == organizer);
  return std::move(pages[0]);
}

claimed_page claim_first(store& s, run_id run, std::uint32_t count, bool stale) {
  const auto opened = must(s.resume(run));
  return claim(s, opened, opened.organizers.at(0).id, count, stale);
}

claim_answer claim(store& s, const opened_run& run, std::vector<page_wanted> pages, bool stale, lane_id lane) {
  // The callback can still be in set_value when the answer is taken: both own the promise.
  const auto answer = std::make_shared<std::promise<result<claim_answer>>>();
  s.claim({.run = run.info.id, .lane = lane, .lease = run.lease, .stale = stale, .pages = std::move(pages)},
          [answer](result<claim_answer> a) { answer->set_value(std::move(a)); });
  return must(answer->get_future().get());
}

finished_row ended(const claimed_row& row, outcome o) {
  finished_row out;
  out.row = row.row;
  out.key = row.key;
  out.organizer = row.organizer;
  out.token = row.token;
  out.result = o;
  out.attempts = 1;
  out.http_status = o == outcome::created ? 201 : o == outcome::failed ? 400 : 200;
  out.request_id = "r" + std::to_string(number_of(row.row));
  out.finished_at = utc_time(std::chrono::seconds(1'780'000'000));
  if (o == outcome::failed) {
    out.error_code = "BadRequest";
    out.error_message = "no";
  } else {
    out.stored = stored("m" + std::to_string(row.key));
  }
  if (o == outcome::drifted) out.drift = "subject;end";
  return out;
}

advanced_row advanced(const claimed_row& row, operation next) {
  return {.row = row.row,
          .key = row.key,
          .organizer = row.organizer,
          .token = row.token,
          .next = next,
          .attempts = 1,
          .drift = "subject",
          .stored = stored("m" + std::to_string(row.key)),
          .finished_at = utc_time(std::chrono::seconds(1'780'000'000))};
}

released_row released(const claimed_row& row, bool strike) {
  return {.row = row.row,
          .key = row.key,
          .organizer = row.organizer,
          .token = row.token,
          .strike = strike,
          .attempts = 5,
          .http_status = 503,
          .error_code = "ServiceUnavailable",
          .error_message = "later",
          .request_id = "r",
          .client_request_id = "c",
          .finished_at = utc_time(std::chrono::seconds(1'780'000'000))};
}

committed_rows write(store& s, row_writes rows) {
  const auto answer = std::make_shared<std::promise<result<committed_rows>>>();
  s.write(std::move(rows), [answer](result<committed_rows> a) { answer->set_value(std::move(a)); });
  return must(answer->get_future().get());
}

std::uint64_t finish(store& s, std::vector<finished_row> rows, std::vector<released_row> released) {
  const auto expected = rows.size() + released.size();
  const auto done = write(s, {.finished = std::move(rows), .advanced = {}, .released = std::move(released)});
  BOOST_TEST(done.calls.size() == expected);
  return done.ended;
}

void carry_out(store& s, run_id run, outcome o) {
  const auto opened = must(s.resume(run));
  for (const auto& organizer : opened.organizers) {
    for (const bool stale : {false, true}) {
      for (bool more = true; more;) {
        const auto page = claim(s, opened, organizer.id, 7, stale);
        std::vector<finished_row> rows;
        for (const auto& r : page.rows) rows.push_back(ended(r, o));
        finish(s, std::move(rows));
        more = !page.exhausted;
      }
    }
  }
  BOOST_TEST((must(s.finish_run(run)) == run_state::finished));
}

std::vector<std::string> results(reader& r, run_id run) {
  std::vector<std::string> out;
  must(r.for_each_result(run, [&](const result_row& row) -> result<void> {
    const auto date = text_of(row.occurrence);
    out.push_back(std::to_string(row.line) + " " + date + (date.empty() ? "" : " ") +
                  std::string(row.result ? to_string(*row.result) : "deferred"));
    return {};
  }));
  return out;
}

void check_counts(reader& r, run_id run) {
  const auto info = must(r.run(run)).value();
  outcome_counts seen;
  std::uint64_t rows = 0, ended = 0;
  must(r.for_each_result(run, [&](const result_row& row) -> result<void> {
    ++rows;
    if (!row.result) return {};
    ++ended;
    switch (*row.result) {
      case outcome::created:
        ++seen.created;
        break;
      case outcome::existing:
        ++seen.existing;
        break;
      case outcome::drifted:
        ++seen.drifted;
        break;
      case outcome::updated:
        ++seen.updated;
        break;
      case outcome::unchanged:
        ++seen.unchanged;
        break;
      case outcome::failed:
        ++seen.failed;
        break;
      case outcome::rejected:
        ++seen.rejected;
        break;
      case outcome::superseded:
        ++seen.superseded;
        break;
      case outcome::lost:
        ++seen.lost;
        break;
      case outcome::removed:
        ++seen.removed;
        break;
    }
    return {};
  }));
  const auto& c = info.counts;
  BOOST_TEST(info.rows == rows);
  BOOST_TEST(c.created == seen.created);
  BOOST_TEST(c.existing == seen.existing);
  BOOST_TEST(c.drifted == seen.drifted);
  BOOST_TEST(c.updated == seen.updated);
  BOOST_TEST(c.unchanged == seen.unchanged);
  BOOST_TEST(c.lost == seen.lost);
  BOOST_TEST(c.removed == seen.removed);
  BOOST_TEST(c.failed == seen.failed);
  BOOST_TEST(c.rejected == seen.rejected);
  BOOST_TEST(c.superseded == seen.superseded);
  if (info.state != run_state::discarded) BOOST_TEST(c.owed == rows - ended);
}

run_id at_work::three_rows() {
  return plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c")}).id;
}

}  // namespace convoke::ledger::testing

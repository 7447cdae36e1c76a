#pragma once

// What the tests of a store need: an empty ledger, rows to plan, and the asynchronous calls as plain functions.
//
// The conformance tests see a store only through `backend`: another store brings its own make_backend and runs the same tests.

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <convoke/spec.hpp>

#include "ledger/ledger.hpp"

namespace convoke::ledger::testing {

// A ledger somewhere, empty at first. One store is open at a time; readers may be many.
class backend {
 public:
  virtual ~backend() = default;
  virtual std::unique_ptr<store> open() = 0;
  virtual std::unique_ptr<reader> read() = 0;
  // After this the sessions of stores that were closed have ended. Where leases run out with time, a backend lets that time pass.
  virtual void end_sessions() {}
  // The owed row of this number becomes a removal that waits for all others of its run, as a plan can make it.
  virtual void make_wait(run_id run, std::uint32_t number) = 0;
};
std::unique_ptr<backend> make_backend();

// A folder that is removed afterwards.
class temp_folder {
 public:
  temp_folder();
  ~temp_folder();
  temp_folder(const temp_folder&) = delete;
  temp_folder& operator=(const temp_folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <class T>
T must(result<T> r) {
  if (!r) BOOST_FAIL("unexpected error: " << r.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

std::string organizer_name(unsigned n);
// A wanted meeting of organizer `organizer`; `version` changes what is wanted.
meeting_spec wanted(unsigned organizer, const std::string& external_id, unsigned version = 0);
planned_row row(std::uint32_t line, unsigned organizer, const std::string& external_id, unsigned version = 0);
// A record that repeats: its rows, a week apart from 2026-09-07 on, with ids `ID-20260907`, …; the first has the record's bytes.
std::vector<planned_row> weekly(std::uint32_t line, unsigned organizer, const std::string& external_id, unsigned times,
                                unsigned version = 0);
// `2026-09-07`; empty for no date.
std::string text_of(const occurrence_date& date);
std::vector<planned_row> joined(std::vector<std::vector<planned_row>> records);
planned_row wrong_row(std::uint32_t line, const std::string& why);
run_header header(const std::string& identity = "one", const std::string& input = "classes.csv");
meeting stored(const std::string& id);
// The meetings of these rows begin later, whatever the clock shows.
inline constexpr utc_time before_any_meeting{std::chrono::seconds(1'780'000'000)};

// Whether two times are as good as equal: a store may keep the end of a cooldown by another clock than this machine's.
bool about(utc_time a, utc_time b);

struct planned_run {
  run_id id = 0;
  plan_summary summary;
};
planned_run plan(store& s, const run_header& h, std::vector<planned_row> rows, bool open = true);

claim_answer claim(store& s, const opened_run& run, std::vector<page_wanted> pages, bool stale = false, lane_id lane = 0);
claimed_page claim(store& s, const opened_run& run, organizer_id organizer, std::uint32_t count = 100, bool stale = false);
// Resumes the run, and claims rows of the first organizer that owes anything.
claimed_page claim_first(store& s, run_id run, std::uint32_t count = 100, bool stale = false);
// Ends a claimed row.
finished_row ended(const claimed_row& row, outcome o = outcome::created);
advanced_row advanced(const claimed_row& row, operation next = operation::update);
released_row released(const claimed_row& row, bool strike = false);
committed_rows write(store& s, row_writes rows);
// As write, where every row is still held under its token. Returns how many rows of the input ended by it.
std::uint64_t finish(store& s, std::vector<finished_row> rows, std::vector<released_row> released = {});
// Claims and ends everything that this run owes, and finishes it.
void carry_out(store& s, run_id run, outcome o = outcome::created);

// `line outcome`, or `line date outcome` of an occurrence, for every row, as text that is easy to compare.
std::vector<std::string> results(reader& r, run_id run);
// Counts add up, and agree with the rows.
void check_counts(reader& r, run_id run);

// A ledger with its one writer and a reader.
struct at_work {
  std::unique_ptr<backend> at = make_backend();
  std::unique_ptr<store> s = at->open();
  std::unique_ptr<reader> r = s->read();

  // As if the process had ended: what it claimed stays claimed.
  void restart() {
    r.reset();
    s.reset();
    at->end_sessions();
    s = at->open();
    r = s->read();
  }
  run_id three_rows();
  [[nodiscard]] opened_run resume(run_id run) { return must(s->resume(run)); }
};

}  // namespace convoke::ledger::testing

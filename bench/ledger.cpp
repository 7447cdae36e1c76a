// The ledger on a real disk: plans, the run phase, results. CONVOKE_BENCH_ROWS sets the rows of each (default 20,000); the figures
// that the documentation names are those of a million.

#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <convoke/spec.hpp>

#include "ledger/ledger.hpp"

namespace {

using namespace convoke;
using namespace convoke::ledger;

constexpr unsigned organizers = 1000;
constexpr std::size_t batch = 1024;
constexpr std::size_t group = 600;  // answers of 10 ms at 60,000 calls/s

std::int64_t rows_wanted() {
  const char* text = std::getenv("CONVOKE_BENCH_ROWS");
  return text != nullptr ? std::max(1000L, std::atol(text)) : 20'000;
}

template <class T>
T must(result<T> r) {
  if (!r) throw std::runtime_error(r.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

class scratch {
 public:
  scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "convoke-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  [[nodiscard]] std::unique_ptr<store> open() const {
    return must(open_sqlite({.path = path_ + "/ledger.db", .program_version = "bench"}));
  }

 private:
  std::string path_;
};

run_header header(const std::string& identity) {
  run_header h;
  h.identity = identity;
  h.input_name = "bench.csv";
  h.header = "organizer,external_id,subject,start,end,attendees";
  h.lanes = {{"https://graph.example/v1.0", "tenant", "app"}};
  return h;
}

// How a file lists its organizers: in turns, as a timetable sorted by hour; one after the other; or in no order at all.
enum class order : std::int64_t { turns, sorted, shuffled };

unsigned organizer_of(std::uint32_t line, order o) {
  if (o == order::turns) return line % organizers;
  if (o == order::sorted) return static_cast<unsigned>(line / std::max<std::int64_t>(rows_wanted() / organizers, 1));
  return static_cast<unsigned>((line * std::uint64_t{0x9e3779b97f4a7c15}) >> 40) % organizers;
}

// A class with two people: a record of some 180 bytes.
planned_row make_row(std::uint32_t line, order o) {
  const auto number = std::to_string(organizer_of(line, o));
  meeting_spec s;
  s.organizer = "00000000-0000-4000-8000-" + std::string(12 - number.size(), '0') + number;
  s.external_id = "course-" + std::to_string(line) + "-20260901";
  s.subject = "Introduction to subject " + std::to_string(line % 977);
  s.start = utc_time(std::chrono::seconds(1'790'000'000 + line % 100'000));
  s.end = s.start + std::chrono::minutes(90);
  s.attendees = {{attendee_id::upn, "someone.long@students.example.edu", attendee_role::attendee},
                 {attendee_id::upn, "teacher@staff.example.edu", attendee_role::presenter}};
  planned_row row;
  row.line = line;
  row.raw = s.organizer + "," + s.external_id + "," + *s.subject + ",2026-09-01T08:00:00Z,2026-09-01T09:30:00Z," + s.attendees[0].value +
            ";" + s.attendees[1].value + ":presenter\n";
  row.payload = encode_spec(s);
  return row;
}

run_id plan(store& s, const std::string& identity, std::int64_t rows, order o) {
  auto planning = must(s.begin_plan(header(identity)));
  std::vector<planned_row> some;
  for (std::int64_t i = 0; i < rows; ++i) {
    some.push_back(make_row(static_cast<std::uint32_t>(i + 2), o));
    if (some.size() == batch || i + 1 == rows) {
      must(planning->add_rows(std::exchange(some, {})));
      some.reserve(batch);
    }
  }
  must(planning->classify());
  return must(planning->commit(true));
}

// Carries a run out as the driver does at full speed: claims of 96 rows each of some 16 organizers, whose rows take turns; outcomes in
// groups, at most two of which are under way.
class runner {
 public:
  runner(store& s, run_id run) : store_(s), run_(run) {
    const auto opened = must(s.resume(run));
    lease_ = opened.lease;
    for (const auto& o : opened.organizers) waiting_.push_back({.organizer = o.id, .left = o.fresh});
  }

  void carry_out() {
    for (;;) {
      if (!waiting_.empty() && ready_ + requested_ < 1500) claim_more();
      while (ready_ > 0 && answers_.size() < group) answer_next();
      if (finishing_ < 2 && (answers_.size() == group || (requested_ == 0 && !answers_.empty()))) {
        finish();
        continue;
      }
      if (ready_ == 0 && requested_ == 0 && answers_.empty() && finishing_ == 0 && waiting_.empty()) break;
      take_events();
    }
    must(store_.finish_run(run_));
  }

 private:
  struct owing {
    organizer_id organizer;
    std::uint32_t left;
  };

  void claim_more() {
    std::vector<page_wanted> claim;
    while (!waiting_.empty() && ready_ + requested_ < 3000) {
      auto& next = waiting_.front();
      const auto count = std::min(next.left, 96U);
      claim.push_back({.organizer = next.organizer, .count = count});
      requested_ += count;
      next.left -= count;
      if (next.left > 0) waiting_.push_back(next);
      waiting_.pop_front();
    }
    store_.claim({.run = run_, .lane = 0, .lease = lease_, .pages = std::move(claim)}, [this](result<claim_answer> answer) {
      post([this, moved = must(std::move(answer))]() mutable {
        for (auto& page : moved.pages) {
          requested_ -= page.rows.size();
          ready_ += page.rows.size();
          std::ranges::reverse(page.rows);
          if (!page.rows.empty()) pages_.push_back(std::move(page.rows));
        }
      });
    });
  }

  void answer_next() {
    auto page = std::move(pages_.front());
    pages_.pop_front();
    answers_.push_back(answer(page.back()));
    page.pop_back();
    --ready_;
    if (!page.empty()) pages_.push_back(std::move(page));
  }

  void finish() {
    ++finishing_;
    store_.write({.finished = std::exchange(answers_, {}), .advanced = {}, .released = {}}, [this](result<committed_rows> done) {
      must(std::move(done));
      post([this] { --finishing_; });
    });
    answers_.reserve(group);
  }

  void post(std::move_only_function<void()> event) {
    const std::scoped_lock lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_one();
  }

  void take_events() {
    std::vector<std::move_only_function<void()>> events;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !events_.empty(); });
      events.swap(events_);
    }
    for (auto& event : events) event();
  }

  static finished_row answer(const claimed_row& row) {
    finished_row out;
    out.row = row.row;
    out.key = row.key;
    out.organizer = row.organizer;
    out.token = row.token;
    out.result = outcome::created;
    out.attempts = 1;
    out.http_status = 201;
    out.request_id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
    out.client_request_id = "3f2504e0-4f89-41d3-9a0c-0305e82c3302";
    out.finished_at = utc_time(ticks(17'900'000'000'000'000));
    meeting m;
    m.id = "MSoxMjM0NTY3OC0xMjM0LTEyMzQtMTIzNC0xMjM0NTY3ODkwYWIqMCoqMTk6bWVldGluZ19" + std::to_string(row.row);
    m.join_web_url = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_" + std::to_string(row.row) +
                     "%40thread.v2/0?context=%7b%22Tid%22%3a%2212345678-1234-1234-1234-1234567890ab%22%7d";
    m.join_meeting_id = "123456789012";
    m.passcode = "aB3dE6";
    out.stored = std::move(m);
    return out;
  }

  store& store_;
  run_id run_;
  lease_token lease_ = 0;
  std::deque<owing> waiting_;
  std::deque<std::vector<claimed_row>> pages_;
  std::vector<finished_row> answers_;
  std::size_t ready_ = 0, requested_ = 0, finishing_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::move_only_function<void()>> events_;
};

void say_memory(benchmark::State& state) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  state.counters["peak_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024;
}

void ledger_make_rows(benchmark::State& state) {
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) benchmark::DoNotOptimize(make_row(static_cast<std::uint32_t>(i + 2), order::turns));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void ledger_plan_new(benchmark::State& state) {
  for (auto _ : state) {
    const scratch at;
    auto s = at.open();
    plan(*s, "one", state.range(0), order{state.range(1)});
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  say_memory(state);
}

void ledger_plan_known(benchmark::State& state) {
  const scratch at;
  auto s = at.open();
  const auto first = plan(*s, "one", state.range(0), order{state.range(1)});
  runner(*s, first).carry_out();
  int night = 0;
  for (auto _ : state) plan(*s, "night" + std::to_string(++night), state.range(0), order{state.range(1)});
  state.SetItemsProcessed(state.iterations() * state.range(0));
  say_memory(state);
}

void ledger_claim_and_finish(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    const scratch at;
    auto s = at.open();
    const auto run = plan(*s, "one", state.range(0), order{state.range(1)});
    state.ResumeTiming();
    runner(*s, run).carry_out();
    state.PauseTiming();
    s.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  say_memory(state);
}

void ledger_results(benchmark::State& state) {
  const scratch at;
  auto s = at.open();
  const auto run = plan(*s, "one", state.range(0), order{state.range(1)});
  runner(*s, run).carry_out();
  const auto reader = s->read();
  for (auto _ : state) {
    std::size_t bytes = 0;
    must(reader->for_each_result(run, [&](const result_row& row) -> result<void> {
      bytes += row.raw.size() + row.join_web_url.size() + row.request_id.size();
      return {};
    }));
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  say_memory(state);
}

void sized(benchmark::internal::Benchmark* b) {
  for (const auto o : {order::turns, order::sorted, order::shuffled}) b->Args({rows_wanted(), static_cast<std::int64_t>(o)});

  b->Iterations(1)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(ledger_make_rows)->Apply(sized);
BENCHMARK(ledger_plan_new)->Apply(sized);
BENCHMARK(ledger_plan_known)->Apply(sized);
BENCHMARK(ledger_claim_and_finish)->Apply(sized);
BENCHMARK(ledger_results)->Apply(sized);

}  // namespace

#pragma once

// A probe as a state machine: which call comes next, and when; what follows from its answer; what has to be removed. Pure: answers and the
// time are arguments. Its `record` is what has to be written down before each call, so that a probe which was killed at any time can be
// continued and removes whatever it made.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <convoke/time.hpp>

#include "experiments/experiments.hpp"

namespace convoke::experiments {

inline constexpr unsigned most_calls = 60;

// An external id that was sent, until nothing of it can be left.
struct made_key {
  std::string external_id;
  std::vector<std::string> ids;      // of its meetings that were not removed yet
  std::vector<std::string> removed;  // and of those that were
  unsigned uncertain = 0;            // calls that may have made a meeting, and whose answer is not known

  [[nodiscard]] bool open() const noexcept { return !ids.empty() || uncertain > 0; }
  friend bool operator==(const made_key&, const made_key&) = default;
};

struct record {
  std::string run;                // letters and digits, of this probe only
  unsigned calls = 0;             // that were begun
  unsigned removed = 0;           // meetings
  std::vector<finding> findings;  // of the experiments that are over, and of a throttle
  std::string experiment;         // that is under way; empty: none
  unsigned attempts = 0;          // that were begun of it
  std::vector<made_key> made;
  // What answers showed of a meeting that was made without these members; empty: nothing yet.
  std::string usual_presenters{}, usual_chat{};

  friend bool operator==(const record&, const record&) = default;
};

struct terms {
  std::string organizer, attendee;
  utc_time start{};                     // of the meetings that are made
  std::chrono::nanoseconds interval{};  // between the beginnings of two calls
  std::chrono::nanoseconds patience{};  // the longest wait that is worth it; a longer Retry-After ends the probe
};

enum class probe_end : std::uint8_t {
  done,         // every experiment is over, and nothing is left
  denied,       // 401 or 403
  unavailable,  // throttled for too long, or no useful answers
  left_over,    // everything is over, but a meeting could not be removed
};

class session {
 public:
  struct action {
    enum class kind : std::uint8_t { send, wait, finished } what = kind::finished;
    call send{};        // the record is to be written first
    mono_time until{};  // wait
  };

  // `from`: the record of a probe that was begun before, else one with a new `run` and nothing else.
  // `not_before`: no call is made earlier, because a Retry-After that an earlier process got has not passed.
  session(record from, terms how, mono_time not_before = mono_time::min());

  [[nodiscard]] action next(mono_time now);
  // The answers to the call that next() gave, one for each copy.
  void take(std::vector<seen> answers, mono_time now);

  [[nodiscard]] const record& state() const noexcept { return state_; }
  // Of a finished one.
  [[nodiscard]] probe_end end() const noexcept { return end_; }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  // How long the service says to wait; absent where it does not.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> come_back() const noexcept { return come_back_; }
  // No call is made before. It changes with take().
  [[nodiscard]] mono_time not_before() const noexcept { return not_before_; }
  // All findings, in the order of the questions. Those that are missing are unsettled.
  [[nodiscard]] std::vector<finding> findings() const;
  // Keys with meetings that may still exist.
  [[nodiscard]] std::vector<std::string> left() const;

 private:
  static constexpr unsigned most_attempts = 3, most_failures = 5, most_doubts = 2;
  enum class phase : std::uint8_t { choosing, experimenting, removing, over };

  void choose();
  void conclude(std::vector<finding> found);
  void abandon(std::string why);
  void stop(probe_end end, std::string why);
  void begin(call c);
  [[nodiscard]] std::optional<call> next_removal();
  void take_removal(const seen& answer, mono_time now);
  void take_busy_removal(const call& made, const seen& answer, mono_time now);
  void take_found(const call& made, const seen& answer);
  void take_delete(const call& made, const seen& answer, mono_time now);
  void take_experiment(std::vector<seen> answers, mono_time now);
  // Whether these answers say that no experiment can succeed. Then the probe is over.
  [[nodiscard]] bool ends_all(const call& made, std::span<const seen> answers);
  void keep_ids(const call& c, const std::vector<seen>& answers);
  void keep_id(made_key& of, const std::string& id);
  void forget_id(const std::string& id);
  // Of a meeting that was made without members that only some experiments send.
  void keep_usual(const std::vector<seen>& answers);
  // This organizer exists and the app may make meetings: a refusal is one of what was sent.
  [[nodiscard]] bool has_succeeded() const;
  // A throttle or a fault: when the next call may be made, which is after the longest wait of these answers. False: it is not waited for.
  [[nodiscard]] bool wait_after(std::span<const seen> answers, mono_time now);
  // How long a call without an answer may still be carried out: five intervals, and 5 s where the interval is 1 s or more.
  [[nodiscard]] std::chrono::nanoseconds rest() const noexcept;
  // What the answers say of the time of the next call, whatever else they say.
  void obey(std::span<const seen> answers, mono_time now);
  void note_throttle(const seen& answer);
  [[nodiscard]] made_key& key_of_call(const std::string& external_id);
  [[nodiscard]] bool has_finding(std::string_view name) const;
  [[nodiscard]] const experiment* current() const;

  record state_;
  terms how_;
  phase phase_ = phase::removing;  // what an earlier process left
  std::vector<exchange> so_far_;
  std::optional<call> sent_;
  mono_time not_before_;
  std::string last_failure_;           // of the experiment that is under way
  unsigned failed_attempts_ = 0;       // the same
  unsigned failures_ = 0;              // in a row
  std::vector<std::string> given_up_;  // keys of which it cannot be found out whether they have a meeting
  std::vector<std::string> kept_;      // ids of meetings that the service does not delete
  std::vector<std::string> fresh_;     // ids that an answer showed to this process, and whose deletion was not sent without an answer
  std::vector<std::string> doubted_;   // keys of such an id that DELETE did not find, once for each time
  bool succeeded_ = false;             // a createOrGet
  bool rests_first_ = false;           // what an earlier process sent may still be carried out
  probe_end end_ = probe_end::done;
  std::string why_;
  std::optional<std::chrono::nanoseconds> come_back_;
};

}  // namespace convoke::experiments

#pragma once

// What an experiment looks at in an answer, and what it sends. Plain data: whoever makes the calls reads the answers.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <convoke/time.hpp>

namespace convoke::experiments {

enum class verb : std::uint8_t {
  create_or_get,
  get,
  update,
  remove,
  batch,  // a createOrGet as the one item of a $batch
};

struct call {
  verb what = verb::create_or_get;
  std::string external_id{};     // create_or_get, batch: as it is sent
  std::string meeting_id{};      // get, update, remove
  std::string body{};            // create_or_get, update, batch: JSON
  unsigned copies = 1;           // 2: twice at the same time, on two connections
  bool refusal_is_fine = false;  // 403 answers the question
};

// The form of a Retry-After.
enum class retry_form : std::uint8_t { absent, integer, decimal, date, joined, other };

struct seen {
  int status = 0;         // 0: no answer
  std::string failure{};  // why there is none, for people
  bool of_item = false;   // of a batch: the answer of the item, else of the envelope
  bool body = false;      // it has one
  std::string code{};     // of an error, fit to be shown
  // A throttle. `wait` is what Retry-After says, where it can be read.
  retry_form form = retry_form::absent;
  std::optional<std::chrono::nanoseconds> wait{};
  // Of a meeting:
  std::string id{};
  std::optional<std::string> external_id{}, subject{};
  std::optional<utc_time> start{}, end{};
  std::vector<std::string> roles{};  // of the attendees; empty where one has none
  std::optional<std::string> allowed_presenters{}, chat{};
  bool has_expiry = false, has_invitation = false;

  [[nodiscard]] bool success() const noexcept { return status >= 200 && status < 300; }
  [[nodiscard]] bool throttled() const noexcept { return status == 429 || status == 509 || (status == 503 && form != retry_form::absent); }
  // It answers no question: the call may or may not have been carried out.
  [[nodiscard]] bool inconclusive() const noexcept {
    return status == 0 || status == 401 || status == 408 || status == 425 || status == 429 || (status >= 500 && status != 501);
  }
  // Neither a success nor an error, such as a redirect: whoever answered did not carry the call out as it was meant.
  [[nodiscard]] bool strange() const noexcept { return status > 0 && !success() && status < 400; }
  // Another call, or something else, is in the way: the same call may succeed later.
  [[nodiscard]] bool busy() const noexcept { return status == 409 || status == 423 || status == 424; }
  // What the call says is not accepted, so nothing was made of it, now or earlier.
  [[nodiscard]] bool malformed() const noexcept { return status == 400 || status == 413 || status == 414 || status == 422; }
};

// A call that was answered; one answer for each copy.
struct exchange {
  call made;
  std::vector<seen> answers;

  [[nodiscard]] const seen& answer() const { return answers.front(); }
};

}  // namespace convoke::experiments

#pragma once

// How long the checks of a lane wait for its service, and when they give up. A caller makes the calls and passes on what they met; the
// present time is an argument.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <convoke/time.hpp>

#include "diagnosis/observations.hpp"

namespace convoke::diagnosis {

// The reads of a lane's organizers, one after the other. What is no object id is looked up first; look-ups and reads together are ten a
// second at most. A throttled call is made again once the time has passed that the service asks for, as long as there is patience, which is
// for all these waits together. A throttle beyond that ends the reads; so do a refused token, and two failures of the network one after the
// other: the next read would meet the same.
class lane_reads {
 public:
  struct call {
    enum class kind : std::uint8_t { look_up, read } what = kind::read;
    std::string user;                  // look_up: as it was given; read: the object id
    std::chrono::nanoseconds wait{0};  // before it
  };

  lane_reads(std::vector<std::string> organizers, std::chrono::milliseconds patience);

  // The call to make now; none: the reads are over.
  [[nodiscard]] const std::optional<call>& next() const noexcept { return next_; }
  // What the call of next() met; the object id, where a look-up found the user. The members `organizer`, `look_up` and `waited` are set
  // here. Returns what is to be reported about the organizer, valid until the next take(); null: another call for the organizer follows.
  // Precondition: there was a call to make.
  const read_seen* take(read_seen met);

  // One for each organizer that was read, in their order.
  [[nodiscard]] std::span<const read_seen> seen() const noexcept { return seen_; }
  [[nodiscard]] std::span<const std::string> unread() const noexcept { return std::span(organizers_).subspan(seen_.size()); }

 private:
  // After a throttle; none: the patience does not last for it.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> wait_after(const read_seen& throttled) const noexcept;
  [[nodiscard]] call first_call(std::chrono::nanoseconds wait) const;
  [[nodiscard]] bool ends_the_reads(const read_seen& last) const;

  std::vector<std::string> organizers_;
  std::chrono::nanoseconds patience_;  // what is left of it
  std::vector<read_seen> seen_;
  std::optional<call> next_;
  std::string object_id_;  // of the organizer that is read now, where it was looked up
  bool waited_ = false;    // for a throttle of that organizer
  unsigned failures_ = 0;  // of the network, one after the other
};

// How long the token of a lane is waited for: as long as two requests may take, and while a person is asked to sign in as long as the code
// is valid besides. A request that failed is waited for once more where the endpoint is to be asked again soon, as a run does.
class token_wait {
 public:
  explicit token_wait(std::chrono::milliseconds attempt_timeout) noexcept;

  void begin(mono_time now) noexcept;
  void asked_to_sign_in(std::chrono::seconds valid_for, mono_time now) noexcept;
  // False: the token is not waited for any more. `again`: when the next request is made; none: never.
  [[nodiscard]] bool goes_on_after_failure(bool fatal, std::optional<mono_time> again, mono_time now) noexcept;
  [[nodiscard]] mono_time until() const noexcept { return until_; }

 private:
  std::chrono::nanoseconds two_requests_;
  mono_time until_{};
  bool failed_ = false;
};

}  // namespace convoke::diagnosis

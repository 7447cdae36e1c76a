#pragma once

// When a client that waits for a person to sign in may ask the token endpoint (RFC 8628, section 3.5). Pure: time is an argument.

#include <chrono>
#include <optional>

#include <convoke/time.hpp>

namespace convoke::token {

// Between two requests lies the interval, counted from the answer to the first: 5 s longer after each `slow_down`, for good; doubled for
// the next request after one without a usable answer, up to a minute, or as long as a Retry-After says. There is no request after the code
// has expired.
class device_polling {
 public:
  // `offered`: when the answer with the code came.
  device_polling(std::chrono::seconds interval, std::chrono::seconds valid_for, mono_time offered) noexcept;
  // When the next request is due; nullopt: the code has expired by then.
  [[nodiscard]] std::optional<mono_time> next() const noexcept;
  // What the request that was made brought, at the time of its answer.
  void pending(mono_time now) noexcept;
  void slow_down(mono_time now) noexcept;
  void failed(std::optional<std::chrono::nanoseconds> retry_after, mono_time now) noexcept;

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds after_failure_;
  mono_time next_, expires_;
};

}  // namespace convoke::token

#pragma once

// People who sign in: the codes of the device authorization grant (RFC 8628), and the refresh tokens that were issued for them. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <convoke/time.hpp>

#include "sim/service/behaviour.hpp"
#include "sim/service/meetings.hpp"
#include "sim/service/message.hpp"
#include "sim/service/random_source.hpp"

namespace convoke::sim {

class sign_ins {
 public:
  sign_ins(const device_options& how, std::uint64_t entropy);

  struct offer {
    std::string device_code, user_code;
  };
  // A new code, which is valid from `now` on.
  [[nodiscard]] offer make_offer(mono_time now);

  enum class verdict : std::uint8_t { granted, pending, slow_down, denied, expired, unknown };
  // What a request for a token with this code gets. Granted: `user` has signed in, and the code is used up.
  [[nodiscard]] verdict poll(std::string_view device_code, mono_time now, std::string& user);

  [[nodiscard]] std::string make_refresh_token(const std::string& user);
  // Whether a refresh token is accepted: `user` is the one that it was issued for.
  [[nodiscard]] bool refresh(std::string_view token, std::string& user);

  // /_sim/device: GET shows the codes; POST decides about them. `{"action": "approve" or "deny", "user_code": …, "user": …}`, both of the
  // latter may be missing: every code, the configured user. `{"action": "revoke"}` makes all refresh tokens invalid.
  void control(const request& q, reply& into);

  struct counters {
    std::uint64_t codes = 0, polls = 0, early = 0, slow_downs = 0, granted = 0, refreshes = 0, refused_refreshes = 0;
  };
  [[nodiscard]] const counters& counts() const noexcept { return counts_; }

 private:
  enum class state : std::uint8_t { waiting, approved, denied, used };
  struct code {
    std::string user_code, user;
    state decided = state::waiting;
    mono_time expires{}, last{};
    std::chrono::nanoseconds interval{};
    std::uint64_t polls = 0;
    std::string gaps{};  // between one request and the next, in ms
  };
  [[nodiscard]] verdict decide(code& of);
  [[nodiscard]] std::string random_text(std::string_view alphabet, std::size_t size);
  [[nodiscard]] std::string json() const;

  const device_options& how_;
  random_source random_;
  std::map<std::string, code, std::less<>> codes_;           // by device code
  std::map<std::string, std::string, std::less<>> refresh_;  // to the user
  counters counts_;
};

}  // namespace convoke::sim

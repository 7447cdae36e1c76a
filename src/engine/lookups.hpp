#pragma once

// Which users of one tenant are looked up when, and what becomes of the answers. Look-ups go to Graph's directory, whose limits are not
// those of online meetings: they have a pace and a cooldown of their own. Pure: time and randomness are arguments.
//
// Users go in envelopes of at most 20. A throttle closes the directory for the whole Retry-After (the longest of the envelope's items) and
// costs no attempt; a fault is repeated after a backoff and costs one; a refused token is renewed. A permission that is missing, and
// whatever is not over in time, ends all look-ups of the tenant: nothing can be planned then.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/time.hpp>

#include "engine/retries.hpp"
#include "pacing/pacing.hpp"

namespace convoke::engine {

// What an answer says of one user, or, of an envelope without items, of all of them.
struct lookup_item {
  enum class kind : std::uint8_t {
    found,
    unknown,       // the tenant has no such user
    refused,       // the service does not take the name: a repetition is of no use
    throttled,     // come back later
    fault,         // the same look-up may succeed
    unauthorized,  // 401
    denied,        // 403: the app may not look up users
    broken,        // the service, or what stands in its place, does not speak this protocol
  } what = kind::fault;
  std::string object_id{};  // found: lower case
  std::string text{};       // otherwise: what was answered, for people
  std::optional<std::chrono::nanoseconds> retry_after{};
};

struct lookup_answer {
  std::vector<lookup_item> items;  // one for each user, in the order of the envelope; empty: `envelope` is of all of them
  lookup_item envelope{};
  bool sent = true;         // false: nothing was given to the network
  std::uint32_t token = 0;  // number of the token that was sent
};

struct lookup_settings {
  // Envelopes per second: 100 users per second. Graph allows an app in a small tenant 350 (3,500 resource units in 10 s, of which a look-up
  // takes one: "Identity and access service limits"), and a tenant's apps share more.
  double rate = 5;
  unsigned most_in_flight = 4;
  unsigned max_attempts = 5;
  std::chrono::nanoseconds max_cooldown = std::chrono::hours(24);    // a longer Retry-After is cut to this
  std::chrono::nanoseconds max_outage = std::chrono::minutes(30);    // without any result
  std::chrono::nanoseconds longest_wait = std::chrono::minutes(10);  // a cooldown or a wait for a token that lasts longer ends the look-ups
  std::chrono::nanoseconds closed_for{0};                            // the rest of a cooldown that was saved
  std::uint64_t seed = 0;
};

class user_lookups {
 public:
  static constexpr std::size_t most_users = 20;  // of an envelope: what Graph documents of `$batch`

  struct step {
    enum class kind : std::uint8_t {
      send,  // an envelope with `users`
      wait,  // until this time, an answer or a change of the token
      over,  // all users are known, or stopped()
    } what = kind::over;
    std::vector<std::uint32_t> users{};
    mono_time until{};
  };
  struct user {
    enum class state : std::uint8_t { pending, in_flight, found, unknown, refused } is = state::pending;
    unsigned attempts = 0;
    std::string text{};  // the object id, or why the name was refused
  };
  struct end {
    errc code = errc::network;
    std::string why;                                      // a sentence for people
    std::optional<std::chrono::nanoseconds> come_back{};  // when another attempt is of use; never inside an announced cooldown
  };

  user_lookups(const lookup_settings& how, std::size_t users, mono_time now);

  // What to do now. `token`: one can be used. A step to send is granted against a connection and a token that are ready; its answer
  // follows.
  [[nodiscard]] step next(mono_time now, bool token);
  // Until when it is worth waiting for something other than an answer, such as a connection. Afterwards the look-ups are over().
  [[nodiscard]] mono_time patience(mono_time now);
  [[nodiscard]] bool over() const noexcept { return ended_.has_value() || left_ == 0; }
  void answered(std::span<const std::uint32_t> users, lookup_answer&& a, mono_time now);
  // No connection could be made. The next attempt is made at may_connect_at(). `refused_login`: a proxy does not accept the user name and
  // password, or requires them, which is final.
  void connect_failed(std::string why, bool refused_login, mono_time now);
  [[nodiscard]] mono_time may_connect_at() const noexcept { return connect_at_; }
  // No token is usable. `fatal`: none ever will be. Otherwise the next one is requested at `again`, where that is known. Where that is
  // further off than longest_wait the look-ups end with the next step, once all answers are there.
  void token_failed(std::string why, bool fatal, std::optional<mono_time> again);
  // The number of a token that the service refused and that is to be renewed; reported once.
  [[nodiscard]] std::optional<std::uint32_t> take_refused_token() noexcept;

  [[nodiscard]] const std::vector<user>& users() const noexcept { return users_; }
  // How many are pending or in flight no more.
  [[nodiscard]] std::size_t known() const noexcept { return users_.size() - left_; }
  [[nodiscard]] const std::optional<end>& ended() const noexcept { return ended_; }
  // The rest of the cooldown that the service announced; zero: none.
  [[nodiscard]] std::chrono::nanoseconds closed_for(mono_time now) const noexcept;
  [[nodiscard]] std::uint64_t throttles() const noexcept { return throttles_; }

 private:
  void stop(errc code, std::string why, std::optional<std::chrono::nanoseconds> come_back = std::nullopt);
  void take(std::uint32_t index, lookup_item&& item, mono_time now);
  void know(user& of, user::state as, std::string text, mono_time now);
  void take_fault(std::uint32_t index, const lookup_item& item, mono_time now);
  void take_throttles(const lookup_answer& a, mono_time now);
  void take_refusal(const lookup_answer& a, std::uint32_t token, mono_time now);
  bool give_up(mono_time now);
  [[nodiscard]] std::chrono::nanoseconds announced_for(mono_time now) const noexcept;
  [[nodiscard]] static step wait(mono_time until);

  lookup_settings how_;
  pacing::random_engine random_;
  pacing::gcra pace_;
  pacing::cooldown closed_;
  mono_time announced_until_;  // as the service said, without jitter
  std::vector<user> users_;
  std::deque<std::uint32_t> ready_;
  retry_queue waiting_;
  std::size_t left_;
  unsigned in_flight_ = 0;
  mono_time progress_;  // the last result
  mono_time connect_at_ = mono_time::min();
  unsigned failed_connects_ = 0, throttles_in_row_ = 0, unsent_in_row_ = 0;
  std::uint64_t throttles_ = 0;
  std::optional<mono_time> token_again_;  // there is none, and none is requested before this time
  std::string trouble_;                   // the last one, for people
  std::uint32_t refused_token_ = 0;
  bool report_refusal_ = false;
  unsigned refused_in_row_ = 0;
  std::optional<end> ended_;
};

}  // namespace convoke::engine

#pragma once

// The token endpoint, and the tokens that it issued.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "sim/service/behaviour.hpp"
#include "sim/service/meetings.hpp"
#include "sim/service/message.hpp"
#include "sim/service/random_source.hpp"

namespace convoke::sim {

enum class token_state : std::uint8_t { valid, expired, unknown };

class token_endpoint {
 public:
  // `entropy` must not be guessable where tokens must not be.
  token_endpoint(const identity& who, const token_options& how, std::uint64_t entropy);

  // POST /{tenant}/oauth2/v2.0/token. `tenant` is the path's.
  void handle(std::string_view tenant, const request& q, moment now, reply& into);
  // Whether a bearer token is accepted at `now`.
  [[nodiscard]] token_state check(std::string_view token, mono_time now) const;

  [[nodiscard]] std::uint64_t issued() const noexcept { return issued_; }
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }

 private:
  struct form {
    std::string grant_type, client_id, client_secret, scope;
  };
  struct problem {
    int status;
    int number;                    // AADSTSnnnn
    std::string_view error, text;  // `{}` in the text: the tenant of the path for 90002, else the application of the form
  };
  [[nodiscard]] static form read_form(const request& q);
  [[nodiscard]] bool known_scope(std::string_view scope) const;
  // Why the request is refused; nullptr where a token is issued.
  [[nodiscard]] const problem* refusal_of(std::string_view tenant, const request& q, const form& sent) const;
  bool fault(reply& into);
  // `about`: the value of the request that the text names.
  void refuse(const problem& why, std::string_view about, moment now, reply& into);
  // `audience`: the Graph root of the requested scope.
  [[nodiscard]] std::string make_token(std::string_view audience, moment now);
  void forget(mono_time now);

  const identity& who_;
  token_options how_;
  random_source random_;
  text_map<mono_time> expiry_;
  std::deque<std::pair<mono_time, std::string>> by_age_;
  std::uint64_t issued_ = 0, requests_ = 0;
};

}  // namespace convoke::sim

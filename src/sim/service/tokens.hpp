#pragma once

// The token endpoint, and the tokens that it issued.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "sim/service/assertions.hpp"
#include "sim/service/behaviour.hpp"
#include "sim/service/meetings.hpp"
#include "sim/service/message.hpp"
#include "sim/service/random_source.hpp"
#include "sim/service/sign_ins.hpp"

namespace convoke::sim {

enum class token_state : std::uint8_t { valid, expired, unknown };

class token_endpoint {
 public:
  // `entropy` must not be guessable where tokens must not be. `assertions`: of the certificates and providers of `who`.
  token_endpoint(const identity& who, const token_options& how, std::uint64_t entropy, assertion_checker assertions);

  // From now on it behaves so. What was issued stays as it is.
  void change(const token_options& how) { how_ = how; }

  // POST /{tenant}/oauth2/v2.0/token. `tenant` is the path's.
  void handle(std::string_view tenant, const request& q, moment now, reply& into);
  // A request for a token of the managed identity.
  void handle_metadata(const request& q, moment now, reply& into);
  // POST /{tenant}/oauth2/v2.0/devicecode.
  void handle_device_code(std::string_view tenant, const request& q, moment now, reply& into);
  // GET /{tenant}/v2.0/.well-known/openid-configuration, and the keys that it refers to.
  void handle_configuration(std::string_view tenant, moment now, reply& into);
  void handle_keys(reply& into);
  // Whether a bearer token is accepted at `now`.
  [[nodiscard]] token_state check(std::string_view token, mono_time now) const;

  // For whom it was issued: an object id, or empty for a token of the app.
  [[nodiscard]] std::string_view user_of(std::string_view token) const;
  // Whose it is: the client id of the app, or of the managed identity.
  [[nodiscard]] std::string_view app_of(std::string_view token) const;
  [[nodiscard]] sign_ins& people() noexcept { return people_; }
  [[nodiscard]] const sign_ins& people() const noexcept { return people_; }

  [[nodiscard]] std::uint64_t issued() const noexcept { return issued_; }
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }

 private:
  struct form {
    std::string grant_type, client_id, client_secret, scope, assertion_type, assertion, device_code, refresh_token;
    [[nodiscard]] bool for_user() const {
      return grant_type == "refresh_token" || grant_type == "urn:ietf:params:oauth:grant-type:device_code";
    }
  };
  struct problem {
    int status;
    int number;  // AADSTSnnnn
    std::string_view error;
    std::string text;
  };
  [[nodiscard]] static form read_form(const request& q);
  [[nodiscard]] bool known_scope(std::string_view scope) const;
  // Why the request is refused; nullopt where a token is issued.
  [[nodiscard]] std::optional<problem> refusal_of(std::string_view tenant, const request& q, const form& sent, utc_time now);
  [[nodiscard]] std::optional<problem> refusal_of_credential(const form& sent, utc_time now);
  bool fault(reply& into);
  void refuse(const problem& why, moment now, reply& into);
  // `audience`: the Graph root of the requested scope, or what else the token is for.
  // `user`: empty for the app's own.
  [[nodiscard]] std::string make_token(std::string_view audience, std::string_view client_id, moment now, std::string_view user = {});
  [[nodiscard]] std::string make_id_token(const std::string& user, bool with_profile, moment now);
  [[nodiscard]] std::string root_of_scope(std::string_view scope) const;
  [[nodiscard]] std::optional<problem> refusal_of_poll(const form& sent, moment now, std::string& user);
  void grant_to_user(const form& sent, moment now, reply& into);
  void issue_managed(const std::string& resource, bool imds, moment now, reply& into);
  // Remembers an issued token: for Graph, or for the exchange into a token of the app.
  void keep(std::string token, bool for_exchange, std::string app, moment now, std::string user = {});
  void forget(mono_time now);

  const identity& who_;
  token_options how_;
  assertion_checker assertions_;
  random_source random_;
  struct issued_token {
    mono_time expires;
    std::string user, app;
  };
  sign_ins people_;
  text_map<std::string> offered_scopes_;  // by device code
  text_map<issued_token> expiry_;
  text_map<mono_time> exchangeable_;
  std::deque<std::pair<mono_time, std::string>> by_age_;
  std::uint64_t issued_ = 0, requests_ = 0;
};

}  // namespace convoke::sim

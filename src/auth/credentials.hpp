#pragma once

// The kinds of credentials, by what an operator has.

#include <functional>
#include <memory>
#include <string>

#include <convoke/lane.hpp>
#include <convoke/secret.hpp>

#include "auth/credential.hpp"
#include "auth/signing_key.hpp"
#include "token/assertion.hpp"
#include "token/managed_identity.hpp"

namespace convoke::auth {

[[nodiscard]] std::unique_ptr<credential> by_client_secret(app_identity app, secret value);

// A certificate that is registered with the app. Every request has an assertion of its own.
[[nodiscard]] std::unique_ptr<credential> by_certificate(app_identity app, signing_key key, token::signature_algorithm algorithm);

// A JWT of another identity provider, such as a Kubernetes cluster. The file is read anew for every request, because the provider replaces
// it: a file that cannot be read is an error of that request only.
[[nodiscard]] std::unique_ptr<credential> by_federated_token(app_identity app, std::string file);
// Whether the file holds a JWT now. errc::credentials, with the name of the file and never its content.
[[nodiscard]] result<void> check_federated_token(const std::string& file);

// Where managed identities get their tokens.
struct managed_identity_service {
  enum class protocol : std::uint8_t {
    imds,         // of a virtual machine
    app_service,  // App Service, Functions, Container Apps
  };
  protocol speaks = protocol::imds;
  net::endpoint at;                // a plain link-local or loopback address: never through a proxy
  secret header;                   // X-IDENTITY-HEADER, for app_service
  token::identity_choice which{};  // empty: the only one
};
// `resource`: the Graph root.
[[nodiscard]] std::unique_ptr<credential> by_managed_identity(managed_identity_service service, std::string resource);

// A token of a managed identity in place of the app's own credential. `exchange_audience`: the resource of that token, such as
// `api://AzureADTokenExchange`.
[[nodiscard]] std::unique_ptr<credential> by_managed_federation(app_identity app, managed_identity_service service,
                                                                std::string exchange_audience);

// A person. The refresh token in `session` is used where there is one. Where there is none, or it is not accepted any more, `show` reports
// what the person has to do, and the request waits for the sign-in; without `show` the request fails for good. What was granted with `show`
// is also kept for the first request of the next credential with this session. `may_ask` is called when a person has become necessary, and
// before a code is requested: its error ends the request for good, and no person is asked.
[[nodiscard]] std::unique_ptr<credential> by_device_code(std::shared_ptr<user_session> session,
                                                         std::function<void(const sign_in_prompt&)> show,
                                                         std::function<result<void>()> may_ask = {});

}  // namespace convoke::auth

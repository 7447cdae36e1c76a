#pragma once

// The JWTs that stand in for a client secret: assertions signed with a registered certificate, and tokens of another identity provider that
// a federated credential admits. Written from Microsoft's documentation ("Certificate credentials", "Workload identity federation"),
// without the client's code.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/time.hpp>

#include "sim/service/behaviour.hpp"
#include "sim/service/meetings.hpp"

namespace convoke::sim {

// Why an assertion is refused.
struct assertion_problem {
  int number = 0;  // AADSTSnnnn
  std::string text;
};

// A public key. The service itself uses no cryptography: who makes it brings the keys (sim/server/public_keys.hpp).
class public_key {
 public:
  virtual ~public_key() = default;
  // Whether this is the SHA-256 signature of `text` by the private key. `pss`: with RSA-PSS, else with PKCS #1 v1.5.
  [[nodiscard]] virtual bool verifies(std::string_view text, std::string_view signature, bool pss) const = 0;
};

// A certificate that is registered with the app. The digests are those of its DER form.
struct trusted_certificate {
  std::unique_ptr<public_key> key;
  std::string sha256, sha1;
  utc_time from{}, to{};  // its validity
};
struct trusted_provider {
  federated_credential terms;
  std::unique_ptr<public_key> key;
};
struct trusted_keys {
  std::vector<trusted_certificate> certificates;
  std::vector<trusted_provider> providers;
};

class assertion_checker {
 public:
  explicit assertion_checker(trusted_keys keys);
  assertion_checker(assertion_checker&&) noexcept;
  assertion_checker& operator=(assertion_checker&&) noexcept;
  ~assertion_checker();

  // `audience`: of the token endpoint that it was sent to. Each assertion of a certificate is taken once.
  [[nodiscard]] std::optional<assertion_problem> check(std::string_view jwt, std::string_view client_id,
                                                       const std::vector<std::string>& audiences, utc_time now);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::sim

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/secret.hpp>

namespace convoke::core {

// Finds a secret in text from outside: the whole of it, or any 12 consecutive bytes. It finds them as they are, percent-encoded,
// JSON-escaped, in base64 of either alphabet, and in hexadecimal, also where the encoded text begins with something else. A secret of less
// than 12 bytes is found only as a whole and as it is.
class secret_finder {
 public:
  secret_finder() = default;
  // Sets the secret to look for and keeps a copy of it. Cheap where it is the same as before.
  void look_for(std::string_view hidden);

  // Always false for a secret of less than 12 bytes, which a text may contain by chance.
  [[nodiscard]] bool found_in(std::string_view text) const;
  // Replaces everything that is found by `***`.
  [[nodiscard]] std::string redact(std::string_view text) const;

 private:
  [[nodiscard]] bool perhaps(std::uint64_t eight) const noexcept;
  [[nodiscard]] bool knows(std::uint64_t eight) const noexcept;
  [[nodiscard]] bool is_piece(std::string_view enough) const noexcept;
  [[nodiscard]] bool in_plain(std::string_view plain) const noexcept;
  [[nodiscard]] bool perhaps_in_base64(std::string_view run) const;
  [[nodiscard]] bool perhaps_encoded_in(std::string_view text) const;

  secret hidden_;
  std::uint64_t never_ = 0;  // bits that no 8 bytes of the secret have: the highest of each byte where it is ASCII, as tokens are
  // A Bloom filter with one hash: a bit for each 8 consecutive bytes of the secret. It excludes most texts without a look at places_.
  std::vector<std::uint64_t> marks_;
  // An open hash table of each 8 consecutive bytes of the secret: 0 for an empty bucket, else their place in hidden_ plus one.
  std::vector<std::uint32_t> places_;
};

// Redacts one secret in one text.
[[nodiscard]] std::string redact(std::string_view text, std::string_view hidden);

}  // namespace convoke::core

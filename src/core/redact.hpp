#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/secret.hpp>

namespace convoke::core {

// Finds a secret in text from outside: in full, or any 12 bytes of it in a row. As it stands, percent-encoded, JSON-escaped, in base64 of
// either alphabet, or in hexadecimal; the encoded text may begin with something else. A secret of less than 12 bytes is found in full and
// as it stands only.
class secret_finder {
 public:
  secret_finder() = default;
  // What to look for from now on. Cheap where it is the same as before; keeps a copy.
  void look_for(std::string_view hidden);

  // Never true of a secret shorter than 12 bytes: it could stand anywhere by chance.
  [[nodiscard]] bool found_in(std::string_view text) const;
  // `text` with `***` in place of what was found.
  [[nodiscard]] std::string redact(std::string_view text) const;

 private:
  [[nodiscard]] bool perhaps(std::uint64_t eight) const noexcept;
  [[nodiscard]] bool knows(std::uint64_t eight) const noexcept;
  [[nodiscard]] bool is_piece(std::string_view enough) const noexcept;
  [[nodiscard]] bool in_plain(std::string_view plain) const noexcept;
  [[nodiscard]] bool perhaps_in_base64(std::string_view run) const;
  [[nodiscard]] bool perhaps_encoded_in(std::string_view text) const;

  secret hidden_;
  std::uint64_t never_ = 0;  // bits that no 8 bytes of it have: the highest of each byte where it is ASCII, as tokens are
  // A bit for the hash of each piece of 8 bytes: it excludes most text that is no piece.
  std::vector<std::uint64_t> marks_;
  std::vector<std::uint32_t> places_;  // of the pieces of 8 bytes, by their hash; 0: none, else the place in hidden_ plus one
};

// The same for one text and one secret.
[[nodiscard]] std::string redact(std::string_view text, std::string_view hidden);

}  // namespace convoke::core

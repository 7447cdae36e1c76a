#pragma once

// SHA-256 (FIPS 180-4), as 64 lower-case hexadecimal digits.

#include <memory>
#include <string>
#include <string_view>

namespace convoke::files {

// Of bytes that come in pieces. Throws std::bad_alloc where OpenSSL has no memory.
class sha256_stream {
 public:
  sha256_stream();
  ~sha256_stream();
  sha256_stream(const sha256_stream&) = delete;
  sha256_stream& operator=(const sha256_stream&) = delete;

  void add(std::string_view bytes);
  // The digest of all that was added. Call it once, last.
  [[nodiscard]] std::string hex();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace convoke::files

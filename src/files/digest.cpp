#include "files/digest.hpp"

#include <array>
#include <new>

#include <openssl/evp.h>

namespace convoke::files {

struct sha256_stream::state {
  ~state() { EVP_MD_CTX_free(context); }
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

sha256_stream::sha256_stream() : state_(std::make_unique<state>()) {
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
}

sha256_stream::~sha256_stream() = default;

void sha256_stream::add(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string sha256_stream::hex() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(state_->context, digest.data(), &length);
  std::string out;
  out.reserve(2 * std::size_t{length});
  for (unsigned i = 0; i < length; ++i) {
    out += digits[digest[i] >> 4U];
    out += digits[digest[i] & 0xFU];
  }
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  sha256_stream digest;
  digest.add(bytes);
  return digest.hex();
}

}  // namespace convoke::files

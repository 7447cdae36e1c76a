#include "ledger/digest.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace convoke::ledger {

// The algorithm is fetched once: looking it up costs more than hashing a key.
struct hasher::state {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~state() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
};

hasher::hasher() : state_(std::make_unique<state>()) {
  if (state_->algorithm == nullptr || state_->context == nullptr) throw std::runtime_error("OpenSSL offers no SHA-256");
}

hasher::~hasher() = default;

digest hasher::operator()(std::initializer_list<std::string_view> parts) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  bool good = EVP_DigestInit_ex2(state_->context, state_->algorithm, nullptr) == 1;
  for (const auto part : parts) good = good && EVP_DigestUpdate(state_->context, part.data(), part.size()) == 1;
  good = good && EVP_DigestFinal_ex(state_->context, out.data(), nullptr) == 1;
  if (!good) throw std::runtime_error("SHA-256 failed");
  return read_digest({reinterpret_cast<const char*>(out.data()), 16});
}

}  // namespace convoke::ledger

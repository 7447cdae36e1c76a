#include <convoke/secret.hpp>

#include <string.h>  // <cstring> does not promise explicit_bzero

namespace convoke {

namespace {

// Overwrites the whole capacity of the string, because its spare part may hold bytes of an earlier, longer value.
void overwrite(std::string& text) noexcept {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace

// A move from a short string copies its bytes and leaves them in the source, so the source is overwritten after every move.
secret::secret(std::string value) noexcept : value_(std::move(value)) {
  overwrite(value);
}

secret::secret(secret&& other) noexcept : value_(std::move(other.value_)) {
  other.wipe();
}

secret& secret::operator=(secret&& other) noexcept {
  if (this != &other) {
    wipe();
    value_ = std::move(other.value_);
    other.wipe();
  }
  return *this;
}

secret::~secret() {
  wipe();
}

void secret::wipe() noexcept {
  overwrite(value_);
}

}  // namespace convoke

#include <convoke/secret.hpp>

#include <string.h>  // explicit_bzero is no part of <cstring>

namespace convoke {

namespace {

// A string's spare capacity, its small buffer too, may still hold bytes of an earlier, longer value: all of it goes.
void overwrite(std::string& text) noexcept {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace

// Moving from a short string copies it and leaves the bytes behind, so the source is overwritten after every move.
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

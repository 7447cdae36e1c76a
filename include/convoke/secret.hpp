#pragma once

/// \file
/// A string that is not printed by accident.

#include <string>
#include <string_view>
#include <utility>

namespace convoke {

/// Holds a client secret or a bearer token. There is no stream operator, no formatter and no implicit conversion: `reveal()` is the only
/// access, and is easy to find in the source. The bytes are overwritten when the object is destroyed. Move-only.
class secret {
 public:
  secret() = default;
  /// Takes the bytes. Move the string in; otherwise the caller's string keeps a copy.
  explicit secret(std::string value) noexcept;
  secret(secret&& other) noexcept;
  secret& operator=(secret&& other) noexcept;
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;
  ~secret();

  /// The bytes. The view is valid until this object is moved from, assigned to or destroyed.
  [[nodiscard]] std::string_view reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  /// A copy. It has a name so that no copy is made by accident.
  [[nodiscard]] secret clone() const { return secret(value_); }

 private:
  void wipe() noexcept;
  std::string value_;
};

}  // namespace convoke

#pragma once

/// \file
/// A string that cannot be printed by accident.

#include <string>
#include <string_view>
#include <utility>

namespace convoke {

/// Holds a client secret or a bearer token. There is no stream operator, no formatter and no implicit conversion; `reveal()`
/// is the only way in and is easy to search for. The bytes are overwritten when it dies. Move-only.
class secret {
 public:
  secret() = default;
  /// Takes the bytes over; move them in, or the caller's string keeps a copy.
  explicit secret(std::string value) noexcept;
  secret(secret&& other) noexcept;
  secret& operator=(secret&& other) noexcept;
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;
  ~secret();

  /// The bytes. The view is valid until this object is moved from or dies.
  [[nodiscard]] std::string_view reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  /// A copy, asked for by name.
  [[nodiscard]] secret clone() const { return secret(value_); }

 private:
  void wipe() noexcept;
  std::string value_;
};

}  // namespace convoke

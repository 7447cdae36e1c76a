#pragma once

// A temporary file without a name: no other process can open it, and the system removes it when this process ends.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <convoke/error.hpp>

namespace convoke::ledger {

class temp_file {
 public:
  [[nodiscard]] static result<temp_file> create(const std::string& directory);
  temp_file(temp_file&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  temp_file& operator=(temp_file&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~temp_file();

  [[nodiscard]] result<void> write(std::uint64_t offset, std::span<const std::byte> bytes);
  // Fills all of `bytes`; a shorter read is an error.
  [[nodiscard]] result<void> read(std::uint64_t offset, std::span<std::byte> bytes) const;

 private:
  explicit temp_file(int fd) noexcept : fd_(fd) {}
  int fd_ = -1;
};

// The folder for such files that TMPDIR names, or /tmp: one in which they can be made.
[[nodiscard]] result<std::string> scratch_folder();

}  // namespace convoke::ledger

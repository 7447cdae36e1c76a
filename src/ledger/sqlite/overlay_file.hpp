#pragma once

// A file as it is, and over it what was written since: the file itself is only read. What is written goes into an unnamed file, at the
// same places.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <convoke/error.hpp>

#include "ledger/temp_file.hpp"

namespace convoke::ledger::sqlite {

class overlay_file {
 public:
  // A file that is not there is an empty one. `folder`: where the unnamed file lies.
  [[nodiscard]] static result<overlay_file> open(const std::string& path, const std::string& folder);
  overlay_file(overlay_file&& other) noexcept;
  overlay_file& operator=(overlay_file&&) = delete;
  ~overlay_file();

  // How many bytes there were; what is missing of `bytes` is filled with zeros.
  [[nodiscard]] result<std::size_t> read(std::uint64_t offset, std::span<std::byte> bytes) const;
  [[nodiscard]] result<void> write(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] result<void> truncate(std::uint64_t size);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  static constexpr std::uint64_t block = 4096;

  overlay_file(int below, std::uint64_t size, temp_file over) noexcept;
  [[nodiscard]] bool is_over(std::uint64_t number) const noexcept { return number < over_there_.size() && over_there_[number]; }
  [[nodiscard]] result<void> read_below(std::uint64_t offset, std::span<std::byte> bytes) const;
  [[nodiscard]] result<void> write_in_block(std::uint64_t offset, std::span<const std::byte> bytes);

  int below_ = -1;
  std::uint64_t size_ = 0, below_size_ = 0;  // below_size_: how much of the file below still shows
  temp_file over_;
  std::vector<bool> over_there_;  // by block: it was written, whole
};

}  // namespace convoke::ledger::sqlite

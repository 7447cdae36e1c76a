#pragma once

// A file that is only read, and over it what was written since. Writes go into an unnamed file, at the same offsets.

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
  // A missing file counts as an empty one. `folder`: for the unnamed file.
  [[nodiscard]] static result<overlay_file> open(const std::string& path, const std::string& folder);
  overlay_file(overlay_file&& other) noexcept;
  overlay_file& operator=(overlay_file&&) = delete;
  ~overlay_file();

  // Returns how many bytes were read; the rest of `bytes` is filled with zeros.
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
  std::uint64_t size_ = 0, below_size_ = 0;  // below_size_: how much of the file below is still visible
  temp_file over_;
  std::vector<bool> over_there_;  // by block: true if `over_` has the whole block
};

}  // namespace convoke::ledger::sqlite

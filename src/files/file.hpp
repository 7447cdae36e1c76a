#pragma once

// A file descriptor that closes itself, reading and writing through interruptions, temporary files, and the messages of the system.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace convoke::files {

// Owns a descriptor, or none.
class file {
 public:
  file() = default;
  explicit file(int descriptor) noexcept : descriptor_(descriptor) {}
  file(file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  file& operator=(file&& other) noexcept;
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file();

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool open() const noexcept { return descriptor_ >= 0; }
  // Closes the descriptor. False, with errno, where the system reports that something was not written.
  [[nodiscard]] bool close() noexcept;

 private:
  int descriptor_ = -1;
};

// Writes all of `bytes`, through interruptions and full pipes. False, with errno, where that fails.
[[nodiscard]] bool write_all(int descriptor, std::string_view bytes) noexcept;
// Waits until something can be read, or until the end of the file. False where `interrupted`, which is called ten times a second, returned
// true before.
[[nodiscard]] bool wait_to_read(int descriptor, const std::function<bool()>& interrupted);
// Reads what has come, as much as the buffer holds. Returns the number of bytes; 0 at the end, -1 with errno.
[[nodiscard]] std::ptrdiff_t read_some(int descriptor, std::span<char> buffer) noexcept;
// As read_some, from `offset`.
[[nodiscard]] std::ptrdiff_t read_at(int descriptor, std::span<char> buffer, std::size_t offset) noexcept;

// A file without a name in `directory` (O_TMPFILE), mode 0600, that can be linked to a name later. Not open, with errno, where the file
// system has none.
[[nodiscard]] file nameless_file(const std::string& directory);

// A file in `directory`, mode 0600, that no other process can open and that vanishes with its descriptor: nameless, or unlinked at once
// where the file system has no nameless files. Not open, with errno, where it cannot be made.
[[nodiscard]] file temporary_file(const std::string& directory);

// The system's message for an errno, such as `No such file or directory`.
[[nodiscard]] std::string system_message(int error_number);

}  // namespace convoke::files

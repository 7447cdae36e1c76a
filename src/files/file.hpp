#pragma once

// A file descriptor that closes itself, and the system's words for what failed.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace convoke::files {

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
  // Closes; false, with errno, where the system says that something was lost.
  [[nodiscard]] bool close() noexcept;

 private:
  int descriptor_ = -1;
};

// All of it, through interruptions and full pipes; false with errno.
[[nodiscard]] bool write_all(int descriptor, std::string_view bytes) noexcept;
// Waits until there is something to read, or the end. False where `interrupted` said so first: it is asked ten times a second.
[[nodiscard]] bool wait_to_read(int descriptor, const std::function<bool()>& interrupted);
// What is there, at most the buffer; 0 at the end, -1 with errno.
[[nodiscard]] std::ptrdiff_t read_some(int descriptor, std::span<char> buffer) noexcept;
// As read_some, from `offset`.
[[nodiscard]] std::ptrdiff_t read_at(int descriptor, std::span<char> buffer, std::size_t offset) noexcept;

// A file without a name in `directory` (O_TMPFILE), mode 0600; not open where the file system has none.
[[nodiscard]] file nameless_file(const std::string& directory);

// `No such file or directory`.
[[nodiscard]] std::string system_message(int error_number);

}  // namespace convoke::files

#pragma once

// Output files that appear whole: temporary file beside the target, fsync, rename, fsync of the directory. Mode 0600.

#include <memory>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

namespace convoke::files {

class output {
 public:
  // `-` writes to standard output (no temporary file). Fails with errc::output, naming the file.
  [[nodiscard]] static result<output> create(const std::string& path);
  output(output&&) noexcept;
  output& operator=(output&&) noexcept;
  ~output();  // without commit() the temporary file is removed

  [[nodiscard]] result<void> write(std::string_view bytes);  // buffered
  [[nodiscard]] result<void> commit();
  // True where people see what is written as it comes.
  [[nodiscard]] bool terminal() const noexcept;

 private:
  struct impl;
  explicit output(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::files

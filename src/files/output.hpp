#pragma once

// Output files that appear whole: temporary file beside the target, fsync, rename, fsync of the directory. Mode 0600. What a killed
// process left behind, `.NAME.convoke-N.tmp`, is removed by the next one that writes the same file.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

namespace convoke::files {

// Who chose the name of an output. Behind a name that was given, a link is followed, and a device or a pipe is written to. A name that
// was derived from the input's may be known to others: a link is replaced by a file, and what is not a file is refused.
enum class naming : std::uint8_t { given, derived };

class output {
 public:
  // `-` writes to standard output (no temporary file). Fails with errc::output, naming the file.
  [[nodiscard]] static result<output> create(const std::string& path, naming by = naming::given);
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

#pragma once

// Output files that appear as a whole: a temporary file beside the target, fsync, rename, fsync of the directory. Mode 0600. A temporary
// file that a killed process leaves, `.NAME.convoke-N.tmp`, is removed by the next process that writes the same target.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

namespace convoke::files {

// Where the name of an output comes from. At a name that the user gave, a link is followed, and a device or a pipe is written to. A name
// that is derived from the input's can be guessed by other users: a link is replaced by a file, and what is not a file is refused.
enum class naming : std::uint8_t { given, derived };

// Whether an output can be made at this name, as far as that is known beforehand: errc::usage where it is a directory, where its folder is
// missing or cannot be written, or where a device or a pipe cannot be written. Nothing is created or changed. `-` is possible.
[[nodiscard]] result<void> check_output(const std::string& path);

// Removes a regular file whose content begins with these bytes, and says whether there was one. A link, a device and a file with another
// beginning stay. errc::output where the file could not be removed.
[[nodiscard]] result<bool> remove_file_that_begins(const std::string& path, std::string_view bytes);

class output {
 public:
  // `-` is standard output, without a temporary file. Errors of this class are errc::output and name the file.
  [[nodiscard]] static result<output> create(const std::string& path, naming by = naming::given);
  output(output&&) noexcept;
  output& operator=(output&&) noexcept;
  ~output();  // without commit() the temporary file is removed

  // Buffered, so an error may be reported by a later call.
  [[nodiscard]] result<void> write(std::string_view bytes);
  // Makes the file durable and gives it its name.
  [[nodiscard]] result<void> commit();
  // True where the output is a terminal.
  [[nodiscard]] bool terminal() const noexcept;

 private:
  struct impl;
  explicit output(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::files

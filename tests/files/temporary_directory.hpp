#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "temporary_folder.hpp"

namespace files_test {

// A temporary folder, with functions for the files in it.
class temporary_directory {
 public:
  [[nodiscard]] std::string path(std::string_view name = {}) const { return folder_ / name; }
  [[nodiscard]] std::string file(std::string_view name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }
  [[nodiscard]] std::ptrdiff_t count() const {
    return std::distance(std::filesystem::directory_iterator(folder_.path), std::filesystem::directory_iterator{});
  }

 private:
  convoke_test::temporary_folder folder_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace files_test

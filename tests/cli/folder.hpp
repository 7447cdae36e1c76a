#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

namespace cli_test {

namespace fs = std::filesystem;
using names = std::map<std::string, std::string, std::less<>>;

struct folder {
  folder() {
    auto name = (fs::temp_directory_path() / "convoke-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = name;
  }
  ~folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text,
                    fs::perms mode = fs::perms::owner_read | fs::perms::owner_write) const {
    std::ofstream(path / name) << text;
    fs::permissions(path / name, mode);
    return (path / name).string();
  }
  fs::path path;
};

}  // namespace cli_test

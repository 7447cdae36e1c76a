#pragma once

#include <cstdlib>
#include <ctime>
#include <string>

// While an object of this class exists, the local time of this process is that of another zone.
class zone {
 public:
  explicit zone(const char* name) {
    const char* before = std::getenv("TZ");
    had_ = before != nullptr;
    if (had_) before_ = before;
    set(name);
  }
  ~zone() { set(had_ ? before_.c_str() : nullptr); }
  zone(const zone&) = delete;
  zone& operator=(const zone&) = delete;

 private:
  static void set(const char* name) {
    if (name != nullptr)
      ::setenv("TZ", name, 1);
    else
      ::unsetenv("TZ");
    ::tzset();
  }
  bool had_ = false;
  std::string before_;
};

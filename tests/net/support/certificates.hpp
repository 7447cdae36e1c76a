#pragma once

// Certificates made for one test, with OpenSSL.

#include <string>
#include <vector>

namespace convoke::test {

struct identity {
  std::string certificate;  // PEM, the leaf first
  std::string key;          // PEM
};

struct leaf {
  std::vector<std::string> names;  // subjectAltName entries as OpenSSL writes them: "DNS:a.example", "IP:127.0.0.1"
  std::string common_name = "test server";
  long from_hours = -1;  // validity, relative to now
  long to_hours = 24;
  std::string usage = "serverAuth";
  unsigned rsa_bits = 0;  // 0: an elliptic key
  bool sha1 = false;
};

// A certificate authority with a key of its own.
class authority {
 public:
  explicit authority(const std::string& name = "test authority");
  [[nodiscard]] const std::string& certificate() const noexcept { return own_.certificate; }
  [[nodiscard]] identity issue(const leaf& wanted) const;
  [[nodiscard]] static identity self_signed(const leaf& wanted);

 private:
  identity own_;
};

// A file that goes away with the object.
class temporary_file {
 public:
  explicit temporary_file(const std::string& content);
  ~temporary_file();
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace convoke::test

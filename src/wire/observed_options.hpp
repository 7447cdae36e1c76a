#pragma once

// Reads the wanted options from the members of a meeting in an answer.

#include <simdjson.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/spec.hpp>

namespace convoke::wire {

class option_reader {
 public:
  // The options of `wanted` are looked for; what is found is added to `into`. Both must outlive the reader.
  option_reader(std::span<const option_value> wanted, std::vector<option_value>& into) noexcept : wanted_(wanted), into_(into) {}

  // A member that may be an option, or an object whose parts are some. errc::protocol for one that is read and occurs twice: of two values
  // neither is believed. null, and a value that is none of the option's, count as not there.
  [[nodiscard]] result<> read(std::string_view name, simdjson::dom::element value) {
    return wanted_.empty() ? result<>{} : read_member(name, value);
  }
  // After the last member.
  void finish();

 private:
  [[nodiscard]] result<> read_member(std::string_view name, simdjson::dom::element value);
  [[nodiscard]] result<> read_option(const option_value& wanted, std::string_view name, simdjson::dom::element value);

  std::span<const option_value> wanted_;
  std::vector<option_value>& into_;
  std::vector<std::string> seen_;  // the members and parts that were read
};

}  // namespace convoke::wire

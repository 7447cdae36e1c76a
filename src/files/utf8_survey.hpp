#pragma once

// What a file with bytes that are not UTF-8 has besides them.

#include <cstdint>
#include <string>
#include <string_view>

#include "files/text_place.hpp"

namespace convoke::files {

// Counts characters of more than one byte, and places that are not UTF-8. The bytes come in chunks.
class utf8_survey {
 public:
  struct places {
    std::uint64_t count = 0;
    std::uint64_t lines = 0;
    std::uint64_t last_line = 0;
    std::uint64_t second_line = 0;  // of the second place
  };

  void add(std::string_view bytes);
  void finish();  // nothing more comes

  [[nodiscard]] const places& characters() const noexcept { return characters_; }
  [[nodiscard]] const places& bad() const noexcept { return bad_; }  // neighbouring bytes are one place

 private:
  void look(std::string_view bytes, bool last);
  void count(places& at) const noexcept;

  places characters_, bad_;
  bool after_bad_ = false;
  text_place place_;
  std::string rest_;  // a part of a character
};

// What to do about the first bad place. `whole`: the survey has seen the whole file.
[[nodiscard]] std::string remedy_of(const utf8_survey& survey, bool whole);

}  // namespace convoke::files

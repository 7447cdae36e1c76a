#include <utility>

#include <convoke/summary.hpp>

namespace convoke {

std::string_view to_string(input_warning_kind kind) noexcept {
  switch (kind) {
    case input_warning_kind::id_null_word:
      return "id_null_word";
    case input_warning_kind::id_scientific:
      return "id_scientific";
    case input_warning_kind::id_apostrophe:
      return "id_apostrophe";
    case input_warning_kind::id_decimal:
      return "id_decimal";
    case input_warning_kind::long_meeting:
      return "long_meeting";
    case input_warning_kind::short_meeting:
      return "short_meeting";
    case input_warning_kind::past_meeting:
      return "past_meeting";
    case input_warning_kind::far_meeting:
      return "far_meeting";
    case input_warning_kind::fixed_offset_zone:
      return "fixed_offset_zone";
    case input_warning_kind::utf8_in_windows_1252:
      return "utf8_in_windows_1252";
    case input_warning_kind::unnamed_column:
      return "unnamed_column";
    case input_warning_kind::role_not_kept:
      return "role_not_kept";
    case input_warning_kind::lasting_option:
      return "lasting_option";
    case input_warning_kind::beta_endpoint:
      return "beta_endpoint";
  }
  std::unreachable();
}

}  // namespace convoke

#pragma once

// The names by which columns have roles, and the names that are probably meant to be such.

#include <string>
#include <string_view>
#include <vector>

#include "spec/header.hpp"

namespace convoke::spec {

// The role of a name in its folded form (core::fold_name); `carried` for a name without a role.
[[nodiscard]] column_role role_named(std::string_view folded) noexcept;

// `external_id`, …: the name of a role, which may be `option` or one before it.
[[nodiscard]] std::string_view name_of(column_role role) noexcept;

// The names of all roles before `option`, and their other names, as people write them.
[[nodiscard]] std::vector<std::string_view> role_names();

// True for a folded name that a column of convoke's results has and that has no role: results may be fed back as input.
[[nodiscard]] bool named_as_in_results(std::string_view folded) noexcept;

// The roles before `option` to which the name of a column without a role is near, nearest first: the folded name is one edit away from a
// name of the role of 3 to 5 letters, two from a longer one, or the name has a word of the role in it. Words are separated by everything
// that is neither a letter nor a digit, and by a change of case: `meeting_end`, `EndTime2`, `Duration (min)`; but not `calendar`.
[[nodiscard]] std::vector<column_role> near_roles(std::string_view name);

// The words of the name of a column, in lower case.
[[nodiscard]] std::vector<std::string> words_of_name(std::string_view name);

}  // namespace convoke::spec

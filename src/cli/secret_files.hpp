#pragma once

// Settings that name the file of a secret, where the secret itself is often given by mistake.

#include <string>
#include <string_view>

#include <convoke/error.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// Whether the value looks like the secret itself: no file has this name, and as it was written it has no `/`, and no `.` or a `~` with it,
// as secrets of Entra have. Such a value is shown nowhere.
[[nodiscard]] bool may_be_a_secret(std::string_view option, const setting& value);

// errc::credentials, without the value, where it may be a secret. `option`: one that is set, or not.
[[nodiscard]] result<void> check_secret_file(const settings& from, std::string_view option);

// The value for people: without a password, and a few words in place of what may be a secret.
[[nodiscard]] std::string shown_value(std::string_view option, const setting& value);

// To be added to a question such as "Did you mean 'client_secret_file'?": that the option takes the name of a file. Empty for others.
[[nodiscard]] std::string_view secret_file_note(std::string_view option);

}  // namespace convoke::cli

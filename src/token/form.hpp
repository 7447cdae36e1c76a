#pragma once

#include <string>
#include <string_view>

namespace convoke::token {

// Percent-encodes all but unreserved characters (RFC 3986), which application/x-www-form-urlencoded reads alike.
void append_form_value(std::string& out, std::string_view text);

}  // namespace convoke::token

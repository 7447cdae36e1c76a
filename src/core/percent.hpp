#pragma once

#include <string>
#include <string_view>

namespace convoke::core {

// Appends `text` with every byte percent-encoded that is not unreserved (RFC 3986, section 2.3: letters, digits, `-._~`). The result may
// stand as one segment of a path and as a value of application/x-www-form-urlencoded.
void append_percent_encoded(std::string& out, std::string_view text);

}  // namespace convoke::core

#pragma once

#include <cstddef>

#include "spec/rows.hpp"

namespace convoke::spec {

// Makes a row wrong that has an external id of more than `most` bytes, because the service was seen to refuse longer ones.
void refuse_long_id(built_row& row, std::size_t most);

}  // namespace convoke::spec

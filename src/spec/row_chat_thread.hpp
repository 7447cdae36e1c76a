#pragma once

// The channel of a row.

#include <string>

#include "spec/row_view.hpp"

namespace convoke::spec {

// Fills `into` with the thread id of a channel meeting; it is empty where the cell is, or where it is wrong, which is reported. True where
// the row is a channel meeting.
bool read_chat_thread(const row_view& row, std::string& into);

}  // namespace convoke::spec

#include "spec/row_chat_thread.hpp"

#include "core/chat_thread.hpp"

namespace convoke::spec {

bool read_chat_thread(const row_view& row, std::string& into) {
  into.clear();
  const auto text = row.cell(column_role::chat_thread_id);
  if (text.empty()) return false;
  if (const char* const reason = core::why_no_chat_thread(text)) {
    row.wrong(column_role::chat_thread_id, text, reason);
    return false;
  }
  into.assign(text);
  return true;
}

}  // namespace convoke::spec

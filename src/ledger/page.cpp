#include "ledger/page.hpp"

#include <algorithm>
#include <cstring>

namespace convoke::ledger {

std::string_view page_bytes::keep(std::string_view text) {
  if (text.empty()) return {};
  while (at_ < chunks_.size() && chunks_[at_].size - chunks_[at_].used < text.size()) ++at_;
  if (at_ == chunks_.size()) {
    const auto size = std::max(chunk_bytes, text.size());
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(size), size, 0});
  }
  auto& into = chunks_[at_];
  char* const to = into.bytes.get() + into.used;
  std::memcpy(to, text.data(), text.size());
  into.used += text.size();
  size_ += text.size();
  return {to, text.size()};
}

void page_bytes::clear() noexcept {
  // Memory for a text of unusual size is freed.
  std::erase_if(chunks_, [](const chunk& c) { return c.size > chunk_bytes; });
  for (auto& c : chunks_) c.used = 0;
  at_ = 0;
  size_ = 0;
}

}  // namespace convoke::ledger

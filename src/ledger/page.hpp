#pragma once

// Long reads go page by page. A page is copied out of the ledger in one short snapshot, which has ended when the caller sees its rows. A
// caller that waits keeps no snapshot open, so that the log of a run under way can be checkpointed and restarted.

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace convoke::ledger {

// A page ends at the first of these. `scanned` includes rows that are skipped, or only counted.
struct page_limits {
  std::size_t rows = 1024;
  std::size_t scanned = 16'384;
  std::size_t bytes = 512u << 10;
};

// Copies of the texts in the rows of a page. The memory is reused for the next page.
class page_bytes {
 public:
  [[nodiscard]] std::string_view keep(std::string_view text);
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void clear() noexcept;

 private:
  static constexpr std::size_t chunk_bytes = 64u << 10;
  struct chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0, used = 0;
  };
  std::vector<chunk> chunks_;
  std::size_t at_ = 0;  // the chunk that is being filled
  std::size_t size_ = 0;
};

}  // namespace convoke::ledger

#pragma once

// Long reads go page by page. A page is copied out of the ledger in one short snapshot, which has ended when its rows are looked at: a
// reader that stands still keeps no snapshot open, and the log of a run under way can be copied back and begun again.

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace convoke::ledger::sqlite {

// A page ends with the first of these. Scanned: also rows that are passed over, or only counted.
struct page_limits {
  std::size_t rows = 1024;
  std::size_t scanned = 16'384;
  std::size_t bytes = 512u << 10;
};

// Copies of what the rows of a page show. The memory is used again for the next page.
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

}  // namespace convoke::ledger::sqlite

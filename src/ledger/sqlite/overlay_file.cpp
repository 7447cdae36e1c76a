#include "ledger/sqlite/overlay_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "ledger/sqlite/ledger_file.hpp"

namespace convoke::ledger::sqlite {
namespace {

std::unexpected<error> failed(const std::string& path) {
  return fail(errc::storage, "cannot read " + shown(path) + ": " + std::generic_category().message(errno));
}

}  // namespace

result<overlay_file> overlay_file::open(const std::string& path, const std::string& folder) {
  auto over = temp_file::create(folder);
  if (!over) return std::unexpected(over.error());
  const int below = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (below < 0 && errno != ENOENT) return failed(path);
  struct stat there{};
  if (below >= 0 && ::fstat(below, &there) != 0) {
    ::close(below);
    return failed(path);
  }
  return overlay_file(below, static_cast<std::uint64_t>(there.st_size), std::move(*over));
}

overlay_file::overlay_file(int below, std::uint64_t size, temp_file over) noexcept
    : below_(below), size_(size), below_size_(size), over_(std::move(over)) {}

overlay_file::overlay_file(overlay_file&& other) noexcept
    : below_(std::exchange(other.below_, -1)),
      size_(other.size_),
      below_size_(other.below_size_),
      over_(std::move(other.over_)),
      over_there_(std::move(other.over_there_)) {}

overlay_file::~overlay_file() {
  if (below_ >= 0) ::close(below_);
}

result<void> overlay_file::read_below(std::uint64_t offset, std::span<std::byte> bytes) const {
  const auto there = offset < below_size_ ? std::min<std::uint64_t>(bytes.size(), below_size_ - offset) : 0;
  auto rest = bytes.first(static_cast<std::size_t>(there));
  while (!rest.empty()) {
    const auto got = ::pread(below_, rest.data(), rest.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(errc::storage, std::generic_category().message(errno));
    if (got == 0) break;  // it became shorter
    offset += static_cast<std::uint64_t>(got);
    rest = rest.subspan(static_cast<std::size_t>(got));
  }
  std::ranges::fill(bytes.subspan(static_cast<std::size_t>(there) - rest.size()), std::byte{});
  return {};
}

result<std::size_t> overlay_file::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  const auto there = static_cast<std::size_t>(offset < size_ ? std::min<std::uint64_t>(bytes.size(), size_ - offset) : 0);
  std::ranges::fill(bytes.subspan(there), std::byte{});
  for (std::size_t done = 0; done < there;) {
    const auto at = offset + done;
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(there - done, block - at % block));
    const auto part = bytes.subspan(done, length);
    const auto read = is_over(at / block) ? over_.read(at, part) : read_below(at, part);
    if (!read) return std::unexpected(read.error());
    done += length;
  }
  return there;
}

result<void> overlay_file::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), block - offset % block));
    if (auto written = write_in_block(offset, bytes.first(length)); !written) return written;
    offset += length;
    bytes = bytes.subspan(length);
    size_ = std::max(size_, offset);
  }
  return {};
}

result<void> overlay_file::write_in_block(std::uint64_t offset, std::span<const std::byte> bytes) {
  const auto number = offset / block;
  if (is_over(number)) return over_.write(offset, bytes);
  std::array<std::byte, block> whole;
  if (bytes.size() < block) {
    if (auto read = read_below(number * block, whole); !read) return read;
  }
  std::ranges::copy(bytes, whole.begin() + static_cast<std::ptrdiff_t>(offset % block));
  if (auto written = over_.write(number * block, whole); !written) return written;
  if (over_there_.size() <= number) over_there_.resize(std::max<std::size_t>(number + 1, over_there_.size() * 2));
  over_there_[number] = true;
  return {};
}

result<void> overlay_file::truncate(std::uint64_t size) {
  if (size < size_ && size % block != 0 && is_over(size / block)) {
    // What is cut off is zero where the file grows again.
    const std::array<std::byte, block> zeros{};
    const auto length = static_cast<std::size_t>(block - size % block);
    if (auto cleared = over_.write(size, std::span(zeros).first(length)); !cleared) return cleared;
  }
  below_size_ = std::min(below_size_, size);
  for (auto number = (size + block - 1) / block; number < over_there_.size(); ++number) over_there_[number] = false;
  size_ = size;
  return {};
}

}  // namespace convoke::ledger::sqlite

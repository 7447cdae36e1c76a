#pragma once

// Sorts any number of small records within a fixed memory budget: full buffers are sorted, written as runs to an unnamed temporary file and
// merged. Records that fit into the budget are never written to a file.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <convoke/error.hpp>

#include "ledger/temp_file.hpp"

namespace convoke::ledger::planning {

// Call push() for every record, then finish(), then next() until it returns false. After the first error nothing is returned any more, and
// status() returns that error.
template <class T, class Less = std::less<T>>
  requires std::is_trivially_copyable_v<T>
class external_sorter {
 public:
  external_sorter(std::string directory, std::size_t budget) : directory_(std::move(directory)), budget_(budget) {
    capacity_ = std::max<std::size_t>(budget / sizeof(T), 2);
  }

  void push(const T& item) {
    if (buffer_.capacity() == 0) buffer_.reserve(capacity_);
    if (buffer_.size() == capacity_) spill();
    buffer_.push_back(item);
  }

  void finish() {
    if (runs_.empty()) {
      std::sort(buffer_.begin(), buffer_.end(), Less{});
      return;
    }
    spill();
    buffer_ = {};
    const std::size_t share = std::max<std::size_t>(budget_ / runs_.size() / sizeof(T), 16);
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      runs_[i].share = share;
      if (refill(runs_[i])) heap_.push_back(i);
    }
    std::make_heap(heap_.begin(), heap_.end(), later_);
  }

  // Takes the next item in order. False: there are no more, or reading failed.
  [[nodiscard]] bool next(T& out) {
    if (runs_.empty()) {
      if (position_ == buffer_.size()) return false;
      out = buffer_[position_++];
      return true;
    }
    if (heap_.empty() || failure_) return false;
    std::pop_heap(heap_.begin(), heap_.end(), later_);
    run& smallest = runs_[heap_.back()];
    out = smallest.window[smallest.position++];
    if (smallest.position < smallest.window.size() || refill(smallest)) {
      std::push_heap(heap_.begin(), heap_.end(), later_);
    } else {
      heap_.pop_back();
    }
    return !failure_;
  }

  // Replaces `page` by the next items in order, at most `count`. False: there are none left, or reading failed.
  [[nodiscard]] bool next_page(std::vector<T>& page, std::size_t count) {
    page.clear();
    for (T item; page.size() < count && next(item);) page.push_back(item);
    return !page.empty();
  }

  [[nodiscard]] result<void> status() const {
    if (failure_) return std::unexpected(*failure_);
    return {};
  }
  [[nodiscard]] std::size_t spilled_runs() const noexcept { return runs_.size(); }

 private:
  struct run {
    std::uint64_t offset = 0, left = 0;  // of the part that is still in the file, in items
    std::vector<T> window;
    std::size_t position = 0, share = 0;
  };

  void spill() {
    if (buffer_.empty() || failure_) return buffer_.clear();
    std::sort(buffer_.begin(), buffer_.end(), Less{});
    if (!file_) {
      auto made = temp_file::create(directory_);
      if (!made) return note(made.error());
      file_ = std::move(*made);
    }
    if (auto written = file_->write(spilled_ * sizeof(T), std::as_bytes(std::span(buffer_))); !written) return note(written.error());
    runs_.push_back({.offset = spilled_, .left = buffer_.size(), .window = {}});
    spilled_ += buffer_.size();
    buffer_.clear();
  }

  bool refill(run& r) {
    r.position = 0;
    r.window.resize(std::min<std::uint64_t>(r.share, r.left));
    if (r.window.empty() || failure_) return false;
    if (auto got = file_->read(r.offset * sizeof(T), std::as_writable_bytes(std::span(r.window))); !got) {
      note(got.error());
      return false;
    }
    r.offset += r.window.size();
    r.left -= r.window.size();
    return true;
  }

  void note(const error& e) {
    if (!failure_) failure_ = e;
    buffer_.clear();
  }

  std::string directory_;
  std::size_t budget_, capacity_ = 0, position_ = 0;
  std::uint64_t spilled_ = 0;
  std::vector<T> buffer_;
  std::vector<run> runs_;
  std::vector<std::size_t> heap_;
  std::function<bool(std::size_t, std::size_t)> later_ = [this](std::size_t a, std::size_t b) {
    return Less{}(runs_[b].window[runs_[b].position], runs_[a].window[runs_[a].position]);
  };
  std::optional<temp_file> file_;
  std::optional<error> failure_;
};

}  // namespace convoke::ledger::planning

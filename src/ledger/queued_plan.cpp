#include "ledger/queued_plan.hpp"

#include <utility>

namespace convoke::ledger {
namespace {

constexpr std::size_t queue_bytes = 4u << 20;
constexpr std::size_t page_bytes = 64u << 10;

std::size_t size_of(const std::vector<planned_row>& rows) {
  std::size_t size = 0;
  for (const auto& row : rows) size += sizeof row + row.raw.size() + row.payload.size() + row.error.size();
  return size;
}

}  // namespace

queued_plan_builder::~queued_plan_builder() {
  thread_.call([this] {
    core_.reset();
    end();
  });
}

void queued_plan_builder::end() {
  if (over_) std::exchange(over_, nullptr)();
}

result<void> queued_plan_builder::add_rows(std::vector<planned_row> rows) {
  const auto size = size_of(rows);
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return queued_ < queue_bytes || failure_; });
    if (failure_) return std::unexpected(*failure_);
    queued_ += size;
  }
  thread_.post([this, size, moved = std::move(rows)] { take(moved, size); });
  return {};
}

// On the ledger's thread.
void queued_plan_builder::take(const std::vector<planned_row>& rows, std::size_t size) {
  std::optional<error> failed;
  for (auto row = rows.begin(); row != rows.end() && !failed && !failure_; ++row) {
    if (auto added = core_->add(*row); !added) failed = added.error();
  }
  const std::scoped_lock lock(mutex_);
  queued_ -= size;
  if (failed) failure_ = std::move(failed);
  room_.notify_one();
}

template <class T>
result<T> queued_plan_builder::on_thread(const std::function<result<T>()>& f) {
  result<T> answer;
  thread_.call([&] {
    if (failure_) {
      answer = std::unexpected(*failure_);
      return;
    }
    answer = f();
    if (answer) return;
    const std::scoped_lock lock(mutex_);
    failure_ = answer.error();
  });
  return answer;
}

result<std::uint64_t> queued_plan_builder::add_inventory(utc_time now) {
  return on_thread<std::uint64_t>([this, now] { return core_->add_inventory(now); });
}

result<plan_summary> queued_plan_builder::classify(utc_time now) {
  return on_thread<plan_summary>([this, now] { return core_->classify(now); });
}

// `f` runs on the caller's thread, page by page: it may take long, or throw.
result<void> queued_plan_builder::for_each_rejected(const std::function<void(std::uint32_t, std::string_view, std::string_view)>& f) {
  using page_of_rows = std::vector<rejected_row>;
  for (std::uint32_t last = 0;;) {
    const auto page = on_thread<page_of_rows>([&]() -> result<page_of_rows> {
      page_of_rows rows;
      std::size_t size = 0;
      const auto keep = [&](const plan_core::rejected_row& row) {
        rows.push_back({row.number, row.line, std::string(row.raw), std::string(row.why)});
        size += row.raw.size() + row.why.size();
        return size < page_bytes;
      };
      if (auto read = core_->for_each_rejected(last, keep); !read) return std::unexpected(read.error());
      return rows;
    });
    if (!page) return std::unexpected(page.error());
    if (page->empty()) return {};
    for (const auto& row : *page) f(row.line, row.raw, row.why);
    last = page->back().number;
  }
}

result<run_id> queued_plan_builder::commit(bool open) {
  return on_thread<run_id>([&]() -> result<run_id> {
    auto done = core_->commit(open);
    if (done) end();
    return done;
  });
}

}  // namespace convoke::ledger

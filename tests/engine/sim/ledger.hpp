#pragma once

// A ledger in virtual time: what is committed survives a crash, what is queued does not, and no row ends twice unnoticed.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/sim/service.hpp"
#include "engine/types.hpp"

namespace convoke::engine::sim {

class ledger {
 public:
  void add(row_id id, const wanted& w) { rows_[id] = entry{w, 0, 0, 0, 0, false, std::nullopt, {}}; }

  // A new process: what others had claimed is stale to it.
  void begin_process() noexcept { ++process_; }
  [[nodiscard]] lane_setup setup() const;

  std::vector<owed_row> claim(const fetch_rows& f, bool& exhausted);
  void record(const record_outcome& r);
  void release(const release_row& r);
  std::uint32_t close(const close_organizer& c);
  void save(const save_fence& f);

  [[nodiscard]] bool done() const noexcept;
  [[nodiscard]] std::size_t claimed() const noexcept;
  [[nodiscard]] const wanted& what(row_id r) const { return rows_.at(r).what; }
  [[nodiscard]] mono_time saved_fence(std::optional<organizer_id> o) const;
  // Rows whose end is not what their nature asks for; and everything that must not have been tried.
  [[nodiscard]] std::vector<std::string> wrong(const service& s) const;

 private:
  struct entry {
    wanted what;
    std::uint32_t epoch;
    unsigned claimed_by;   // process, 0: nobody
    unsigned released_by;  // process that gave it back: gets it no more
    std::uint8_t strikes;
    bool fresh_claim;
    std::optional<outcome> result;
    std::string code;
  };
  std::map<row_id, entry> rows_;
  std::map<std::optional<organizer_id>, mono_time> fences_;
  unsigned process_ = 0;
  std::vector<std::string> complaints_;
};

}  // namespace convoke::engine::sim

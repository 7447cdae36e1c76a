#pragma once

#include <mutex>
#include <vector>

#include "ledger/types.hpp"

namespace convoke::ledger {

// Paces that were learnt and wait for a commit to be written with. On any thread.
class unsaved_paces {
 public:
  struct pace {
    run_id run;
    lane_id lane;
    lane_pace pace;
    utc_time when;
  };

  // The latest pace of a lane counts; one that is not worth saving is left out.
  void add(run_id run, lane_id lane, const lane_pace& learnt, utc_time when);
  [[nodiscard]] bool empty();
  // All of them; none is left.
  [[nodiscard]] std::vector<pace> take();
  // They were not written. Where a newer one of the lane came meanwhile, that one counts.
  void put_back(std::vector<pace> taken);

 private:
  std::mutex mutex_;
  std::vector<pace> paces_;
};

}  // namespace convoke::ledger

#pragma once

// What the checker asks about the rows of a job: as a ledger has them, or as one worker of a fleet was given them.

#include <cstddef>
#include <cstdint>

#include "engine/types.hpp"

namespace convoke::simulation {

struct row_facts {
  engine::key_id key = 0;
  engine::organizer_id organizer = 0;
  engine::lane_id lane = 0;
  operation op = operation::create_or_get;  // that it owes now
  engine::update_rule update = engine::update_rule::never;
  std::uint8_t advances = 0;  // operations that were completed and led to another one
  bool taken_over = false;    // another process has claimed it since this one did
  bool repairs = false;       // see engine::owed_row
};

class row_book {
 public:
  virtual ~row_book() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual row_facts at(std::size_t index) const = 0;
  [[nodiscard]] virtual engine::lane_id lane_of(engine::organizer_id o) const = 0;
  // Rows of the organizer that the process could still claim, as far as it knows.
  [[nodiscard]] virtual std::uint32_t fresh_left(engine::organizer_id o) const = 0;
  [[nodiscard]] virtual std::uint32_t stale_left(engine::organizer_id o) const = 0;
  // Rows of the lane without an outcome, except those that another process has claimed meanwhile.
  [[nodiscard]] virtual std::size_t owed_here(engine::lane_id lane) const = 0;
  [[nodiscard]] virtual bool any_taken_over() const = 0;

 protected:
  row_book() = default;
  row_book(const row_book&) = default;
  row_book& operator=(const row_book&) = default;
};

}  // namespace convoke::simulation

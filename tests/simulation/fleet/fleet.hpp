#pragma once

// Several workers in virtual time on one thread: they share one simulated database and one simulated service, and are killed, stopped, cut
// off and started again, until a quiet phase in which everything must come to its end.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "simulation/fleet/worker.hpp"
#include "simulation/safety.hpp"

namespace convoke::simulation::fleet {

class fleet {
 public:
  explicit fleet(scenario s, event_log log = {});

  struct result {
    std::vector<std::string> violations;
    std::uint64_t calls = 0, digest = 0;
    unsigned processes = 0;
    double quiet_for = 0;  // seconds from the last failure until everything had ended
  };
  [[nodiscard]] result run();

 private:
  void make_services();
  void make_rows();
  void add_row(unsigned number, run_id run, std::optional<std::size_t> like);
  void make_known(std::size_t index, bool different);
  void schedule_trouble();
  void schedule_late_runs();
  void sometime(std::function<void()> what);
  void remember();
  void fail_over();
  void heal();
  void check_often();
  void start_those_wanted();
  [[nodiscard]] bool done() const;
  void check_the_end();
  void log(const std::string& who, const std::string& what) const;
  [[nodiscard]] worker& any() { return *workers_[random_.below(workers_.size())]; }

  scenario scenario_;
  event_log log_;
  random_source random_;
  mono_time start_;
  agenda agenda_;
  boost::asio::io_context io_;
  std::vector<std::unique_ptr<sim::service>> services_;
  std::vector<meeting_spec> specs_;
  fleet_checker checker_;
  database database_;
  std::vector<std::pair<mono_time, database::state>> copies_;
  std::vector<std::unique_ptr<worker>> workers_;
  key_id keys_ = 0;
  run_id last_run_ = 1;
  bool quiet_ = false, finished_ = false, draining_ = false;
  unsigned processes_ = 0;
};

[[nodiscard]] safety_result simulate_fleet(std::uint64_t seed, const event_log& log = {});
// Like check_rules, with the seeds of the fleet.
[[nodiscard]] bool check_fleet_rules(unsigned seeds, unsigned jobs);

}  // namespace convoke::simulation::fleet

#pragma once

// Watches one job from outside: what is sent, what came back, what the ledger was asked for. It keeps its own count of everything the
// invariants speak of, so that it need not believe the engine.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "simulation/ledger.hpp"
#include "simulation/plot.hpp"

namespace convoke::simulation {

// A throttled answer that reached us: what the service closed by it, and how long it said.
struct throttle {
  sim::scope_kind scope;
  std::optional<nanoseconds> announced;  // absent: nothing usable was said
  bool labelled;
};

class referee {
 public:
  referee(const plot& p, const ledger& l, mono_time now);

  enum class stop_kind : std::uint8_t { clean, crash, rollback };
  // The end of the process before: what it had been told longer ago than a commit takes is known to the next one, unless the ledger or the
  // wall clock was set back.
  void process_ends(stop_kind how, mono_time now);
  void process_starts(mono_time now);
  void wall_jumped(mono_time now) { wall_jumped_ = now; }

  void fetching(const engine::fetch_rows& f, mono_time now);
  void arrived(const claim& c);
  void sent(const engine::send_call& c, std::uint32_t token, bool reused, mono_time now, const engine::counters& numbers);
  void answered(row_id row, const engine::answer& a, const std::optional<throttle>& closed, mono_time now);
  void asked(const engine::record_outcome& r);
  void asked(const engine::release_row& r);
  void made_durable(const committed& c);
  void ended(const engine::finished& f, mono_time now, const engine::counters& numbers);
  void complain(std::string what);

  void asked_to_stop() noexcept { asked_to_stop_ = true; }
  [[nodiscard]] const std::vector<std::string>& complaints() const noexcept { return wrong_; }
  [[nodiscard]] std::uint64_t early_by_inference() const noexcept { return all_inferred_; }
  [[nodiscard]] std::uint64_t sends() const noexcept { return sends_; }
  [[nodiscard]] std::size_t unacknowledged() const noexcept { return unacknowledged_; }

 private:
  enum class row_state : std::uint8_t { elsewhere, here, in_flight, ending };
  struct row {
    row_state state = row_state::elsewhere;
    bool stale = false;
    bool settled = false;  // its last answer was a success or permanent: it must not be sent again
    unsigned charged = 0, conflicts = 0, stales = 0, doubted = 0, sends = 0;
    std::size_t bytes = 0;  // of the answer it ended with, until that is durable
    mono_time first_sent{}, last_sent{};
  };
  struct closure {
    mono_time until = mono_time::min();
    bool cut = false;  // to --max-cooldown: one call alone comes next
    void close(mono_time end, bool cut_now) noexcept {
      if (end <= until) return;
      until = end;
      cut = cut_now;
    }
    [[nodiscard]] bool on_trial(mono_time now) const noexcept { return cut && now >= until; }
  };
  struct organizer {
    unsigned held = 0, in_flight = 0, fetching = 0;
    std::uint32_t fresh = 0, stale = 0;  // rows announced to this process that have not arrived yet
    bool judged = false;
    closure closed;
    mono_time due = mono_time::min();  // its next call, by --organizer-rate
  };
  struct told_cooldown {
    std::optional<organizer_id> organizer;
    mono_time heard, until, said;
    bool kept_over_restart, cut;
  };

  void check_permission(std::uint32_t token, const std::string& name, mono_time now);
  void check_cooldowns(organizer_id who, const std::string& name, mono_time now);
  void check_organizer_rate(organizer& o, const std::string& name, mono_time now);
  void check_speed(mono_time now);
  void check_outage(mono_time now);
  void check_stale(mono_time now);
  void check_dead_connections(const engine::counters& numbers, mono_time now);
  void note_throttle(organizer_id who, const throttle& t, mono_time sent, mono_time now);
  void note_taken(organizer_id who, mono_time sent);
  void forget_cut(std::optional<organizer_id> who);
  void note_health(const engine::answer& a, mono_time now);
  void leaves(row& r, organizer& o, const engine::answer& last);

  const plot& plot_;
  const ledger& ledger_;
  mono_time started_, wall_jumped_ = mono_time::min();
  std::vector<row> rows_;
  std::vector<organizer> organizers_;
  std::vector<bool> ever_throttled_;  // by organizer, in any process
  std::vector<bool> key_in_flight_;
  std::vector<mono_time> key_rests_;
  std::vector<told_cooldown> told_cooldowns_;
  closure lane_closed_;
  unsigned in_flight_ = 0;
  mono_time lane_closed_unlabelled_ = mono_time::min();
  std::uint64_t inferred_ = 0, all_inferred_ = 0, sends_ = 0, process_sends_ = 0;
  std::size_t held_ = 0, unacknowledged_ = 0, unacknowledged_bytes_ = 0;
  std::optional<mono_time> trouble_since_;
  bool last_was_probe_ = false;
  mono_time trouble_latest_ = mono_time::min(), last_sent_ = mono_time::min();
  std::set<std::uint32_t> refused_;  // tokens
  unsigned refused_tokens_ = 0, same_permanent_ = 0;
  bool asked_to_stop_ = false;
  std::vector<std::string> wrong_;
};

}  // namespace convoke::simulation

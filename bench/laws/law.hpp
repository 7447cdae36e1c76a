#pragma once

// The interface of a control law, and the three laws that are compared.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <convoke/time.hpp>

#include "engine/types.hpp"

namespace convoke::bench {

class law {
 public:
  law() = default;
  law(const law&) = delete;
  law& operator=(const law&) = delete;
  virtual ~law() = default;

  [[nodiscard]] virtual mono_time next(mono_time now) const = 0;  // the earliest time of the next call
  virtual void advance(mono_time now, std::uint64_t work) = 0;
  virtual void take(mono_time now) = 0;
  virtual void on_success(mono_time sent, mono_time now) = 0;
  // The first throttle of a cooldown that ends at `until`.
  virtual void on_throttle(mono_time sent, mono_time now, mono_time until) = 0;
  // Any further throttle of that cooldown.
  virtual void on_echo() = 0;
  [[nodiscard]] virtual std::optional<engine::learnt_pace> learnt() const = 0;
};

enum class law_kind : std::uint8_t { convoke, cubic, aimd };

[[nodiscard]] std::string_view name_of(law_kind kind);

struct tuning {
  double cubic_seconds = 10;  // K of RFC 9438: from a throttle back to the last good rate
};

// A law at the start of a run. `learnt`: what it saved in an earlier run, if there was one.
[[nodiscard]] std::unique_ptr<law> make_law(law_kind kind, const tuning& how, const engine::settings& s,
                                            const std::optional<engine::learnt_pace>& learnt, mono_time now);

}  // namespace convoke::bench

#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "spec/rows.hpp"

namespace spec_test {

// Three zones: UTC; "East", two hours ahead; and "Odd", one hour ahead, with a gap at 02:00-03:00 on 2026-03-29, an overlap at 02:00-03:00
// on 2026-10-25 (02:30 is 00:30Z and 01:30Z), two hours ahead between them, and no data after 2037.
class three_zones final : public convoke::spec::zone_source {
 public:
  int lookups = 0;

  convoke::spec::local_lookup to_utc(std::string_view zone, std::chrono::local_seconds local) override {
    using namespace std::chrono;
    using kind = convoke::spec::local_lookup::kind;
    ++lookups;
    const auto minus = [local](seconds offset) { return sys_seconds{local.time_since_epoch() - offset}; };
    const auto unique = [&](seconds offset) { return convoke::spec::local_lookup{kind::unique, minus(offset), minus(offset)}; };
    if (zone == "UTC") return unique(0s);
    if (zone == "East") return unique(2h);
    if (zone != "Odd") return {};
    if (local >= local_days{year{2038} / 1 / 1}) return {kind::beyond_data};
    if (local >= spring() && local < spring() + 1h) return {kind::gap};
    if (local >= autumn() && local < autumn() + 1h) return {kind::overlap, minus(2h), minus(1h)};
    return unique(local > spring() && local < autumn() ? seconds{2h} : seconds{1h});
  }

  std::optional<std::chrono::local_seconds> to_local(std::string_view zone, std::chrono::sys_seconds instant) override {
    using namespace std::chrono;
    const auto plus = [instant](seconds offset) { return local_seconds{instant.time_since_epoch() + offset}; };
    if (zone == "UTC") return plus(0s);
    if (zone == "East") return plus(2h);
    if (zone != "Odd" || instant >= sys_days{year{2038} / 1 / 1}) return std::nullopt;
    return plus(plus(1h) >= spring() && plus(2h) < autumn() + 1h ? seconds{2h} : seconds{1h});
  }

 private:
  static std::chrono::local_seconds spring() { return std::chrono::local_days{std::chrono::year{2026} / 3 / 29} + std::chrono::hours{2}; }
  static std::chrono::local_seconds autumn() { return std::chrono::local_days{std::chrono::year{2026} / 10 / 25} + std::chrono::hours{2}; }
};

}  // namespace spec_test

#include <utility>

#include <convoke/ledger.hpp>
#include <convoke/version.hpp>

#include "ledger/copy.hpp"
#include "ledger/inventory.hpp"
#include "run/setting_ranges.hpp"

namespace convoke {

result<ledger_copy> copy_ledger(const std::string& from, const std::string& to, const copy_options& options, std::stop_token stop) {
  if (!run::contains(run::any_time, options.wait_lock)) return fail(errc::usage, "wait_lock is not " + run::describe(run::any_time) + ".");
  if (from == to) return fail(errc::usage, "A ledger cannot be copied into itself: name another one.");
  const auto interrupted = [&stop] { return stop.stop_requested(); };
  ledger::open_options how{.program_version = version, .wait_lock = options.wait_lock, .interrupted = interrupted, .create = false};
  const auto source = ledger::open_inventory(from, how);
  if (!source) return std::unexpected(source.error());
  how.create = true;
  const auto target = ledger::open_inventory(to, how);
  if (!target) return std::unexpected(target.error());
  const auto after_page = [&](const ledger::copy_progress& done) -> result<void> {
    if (options.progress) options.progress({.keys = done.keys, .of = done.of, .verifying = done.verifying});
    if (!interrupted()) return {};
    return fail(errc::interrupted, "Interrupted. What is copied is kept: the same command again completes the copy.");
  };
  auto copied = ledger::copy_inventory(**source, **target, after_page);
  if (!copied) return std::unexpected(std::move(copied.error()));
  return ledger_copy{.meetings = copied->keys,
                     .added = copied->added,
                     .cooldowns = copied->cooldowns,
                     .learnt_rates = copied->paces,
                     .month_counts = copied->counts,
                     .source_digest = std::move(copied->source_digest),
                     .target_digest = std::move(copied->target_digest)};
}

}  // namespace convoke

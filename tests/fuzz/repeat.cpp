// The first two bytes choose a start, the rest is a `repeat` cell, and after a form feed a `skip_dates` cell or file. The dates of a rule
// are those that looking at every day finds, and a rule costs a bounded amount of work.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "../spec/repeat_oracle.hpp"
#include "core/text.hpp"
#include "spec/repeat.hpp"
#include "spec/skip_dates.hpp"

namespace {

using namespace convoke::spec;
using namespace std::chrono;

const auto year_first = reader_of({});

void check_reason(std::string_view reason) {
  if (reason.empty()) std::abort();
}

// Of a rule that was parsed. This sentence would leave a person without a hint; where the input has it, a reason may quote it.
void check_reason_of_rule(std::string_view reason) {
  check_reason(reason);
  if (reason.starts_with("the calendar library cannot carry this rule out")) std::abort();
}

void check_rule(const repeat_rule& rule, local_days start) {
  // The nearest start that the rule has, so that most inputs get further.
  for (int tries = 0; tries < 400 && !why_not_on(rule, start).empty(); ++tries) start += days{1};
  repeat_bounds bounds{.start = start, .last = last_day_of_repeats(start)};
  if (const auto* count = std::get_if<int>(&rule.end)) {
    bounds.count = *count;
    bounds.by_count = true;
  } else if (const auto* day = std::get_if<local_days>(&rule.end)) {
    bounds.last = *day;
  } else {
    bounds.last = start + days{300};
  }
  const auto found = expand(rule, bounds);
  if (!found) return check_reason_of_rule(found.error());
  if (found->empty() || std::ssize(*found) > max_occurrences || found->front() != start) std::abort();
  if (!std::ranges::is_sorted(*found, std::less_equal<>())) std::abort();
  const auto wanted = spec_test::naive_dates(rule, start).until(found->back());
  if (*found != wanted) std::abort();
}

void check_ranges(const std::expected<std::vector<date_range>, skip_fault>& ranges) {
  if (!ranges) return check_reason(ranges.error().reason);
  const skip_set set(*ranges);
  for (const date_range& r : *ranges)
    if (r.last < r.first || !set.contains(r.first) || !set.contains(r.last)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const local_days start = local_days{year{2024} / 1 / 1} + days{data[0] + 256 * (data[1] % 8)};
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t feed = text.find('\f');
  const auto rule = parse_repeat(convoke::core::trim(text.substr(0, feed)), year_first);
  if (rule) {
    check_rule(*rule, start);
  } else {
    check_reason(rule.error());
  }
  if (feed == std::string_view::npos) return 0;
  check_ranges(parse_skip_cell(text.substr(feed + 1), year_first));
  check_ranges(parse_skip_file(text.substr(feed + 1), year_first));
  return 0;
}

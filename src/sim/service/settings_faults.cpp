// Settings: faults by probability and by script.

#include <fmt/format.h>

#include "sim/service/setting_values.hpp"

namespace convoke::sim {
namespace {

// A total in equal parts over these kinds; none: over all that are neither throttles nor false 401s.
setting shared_rate(setting_head head, std::vector<fault> kinds) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .form = value_form::number,
          .set = [kinds = std::move(kinds)](behaviour& b, std::string_view given) -> result<void> {
            const auto total = read_real(given, 0, 1);
            if (!total) return std::unexpected(total.error());
            if (kinds.empty()) {
              b.faults.spread(*total);
            } else {
              b.faults.spread(*total, kinds);
            }
            return {};
          }};
}

void add_batches(std::vector<setting>& to) {
  to.push_back(yes_no_setting(
      {"no_batch", "faults", "", "There is no $batch: every envelope is answered with 400."},
      [](auto& b) -> auto& { return b.batch.offered; }, false));
  to.push_back(real_setting(
      {"batch_missing", "faults", "P", "The probability that a request of a batch is carried out and then left out of the answer."},
      [](auto& b) -> auto& { return b.batch.missing; }, 0, 1));
  to.push_back(real_setting(
      {"batch_extra", "faults", "P",
       "The probability that the answer to a batch has one response more: of an unknown id, or one of them twice."},
      [](auto& b) -> auto& { return b.batch.extra; }, 0, 1));
}

}  // namespace

void add_fault_settings(std::vector<setting>& to) {
  to.push_back(
      shared_rate({"faults", "faults", "P",
                   "The probability of all faults below together, except throttles and false 401s, each kind in equal parts. Later "
                   "switches change single kinds."},
                  {}));
  to.push_back(shared_rate({"cut", "faults", "P", "The probability of all kinds of cut answers together."},
                           {fault::cut_length, fault::cut_chunked, fault::cut_close}));
  to.push_back(shared_rate({"malformed", "faults", "P", "The probability of all kinds of malformed successes together."},
                           {fault::html_200, fault::empty_200, fault::wrong_type, fault::other_external_id, fault::missing_id}));
  for (std::size_t i = 1; i < fault_count; ++i) {
    const auto kind = static_cast<fault>(i);
    to.push_back(real_setting(
        {to_string(kind), "faults", "P", std::string(describe(kind))}, [i](auto& b) -> auto& { return b.faults.rate[i]; }, 0, 1));
  }
  to.push_back(
      {.name = "script",
       .topic = "faults",
       .value = "FILE",
       .sentence = "Faults at given calls, from a file with a JSON list: [{\"key\": \"class-7\", \"operation\": \"update\", \"call\": 2, "
                   "\"fault\": \"lost_reply\"}]. A call is counted from 1, of the key or, without a key, of the service. The operation "
                   "`batch` is an envelope of $batch. In place of a fault, \"error\": \"policy_general\" answers with an error of Graph by "
                   "its name.",
       .form = value_form::document,
       .set = [](behaviour& b, std::string_view given) -> result<void> {
         auto script = parse_script(given);
         if (!script) return std::unexpected(std::move(script.error()));
         b.script = std::move(*script);
         return {};
       },
       .get = [](const behaviour& b) { return write_script(b.script); },
       .from_file = true});
  add_batches(to);
}

}  // namespace convoke::sim

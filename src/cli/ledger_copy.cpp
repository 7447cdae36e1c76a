#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include <convoke/ledger.hpp>

#include "cli/job_builder.hpp"
#include "cli/ledger_commands.hpp"
#include "core/text.hpp"
#include "report/json_text.hpp"
#include "report/wording.hpp"

namespace convoke::cli {
namespace {

std::string copy_text(const ledger_copy& copied) {
  using report::count_of;
  return fmt::format("{} in the inventory: {} copied, {} there already\n", count_of(copied.meetings, "meeting", "meetings"),
                     report::grouped(copied.added), report::grouped(copied.meetings - copied.added)) +
         fmt::format("{}, {}, {}\n", count_of(copied.learnt_rates, "learnt rate", "learnt rates"),
                     count_of(copied.cooldowns, "cooldown", "cooldowns"),
                     count_of(copied.month_counts, "count of meetings in a month", "counts of meetings in a month")) +
         fmt::format("digest of the source {}\ndigest of the copy   {}\n", copied.source_digest, copied.target_digest);
}

std::string copy_json(const ledger_copy& copied, const report::reported& said) {
  boost::json::object out{{"meetings", copied.meetings},         {"added", copied.added},
                          {"learnt_rates", copied.learnt_rates}, {"cooldowns", copied.cooldowns},
                          {"month_counts", copied.month_counts}, {"source_digest", copied.source_digest},
                          {"copy_digest", copied.target_digest}};
  boost::json::array warnings;
  for (const auto& note : said.notes) warnings.emplace_back(report::json_text(note));
  out["warnings"] = std::move(warnings);
  return report::json_line(out);
}

}  // namespace

result<void> ledger_command(console& out, const settings& from, const std::vector<std::string>& words, std::stop_token stop) {
  if (words.empty() || words.front() != "copy" || words.size() != 3)
    return fail(errc::usage,
                "ledger copy needs two ledgers: convoke ledger copy FROM TO, such as sqlite:ledger.db postgresql://HOST/DATABASE");
  const auto wait = wait_lock(from);
  if (!wait) return std::unexpected(wait.error());
  const auto copied = copy_ledger(words[1], words[2], {.wait_lock = *wait}, std::move(stop));
  for (const auto& url : {words[1], words[2]}) {
    for (const auto& warning : ledger_warnings(url)) out.caution(warning);
  }
  if (!copied) return std::unexpected(copied.error());
  out.print(out.json() ? copy_json(*copied, out.reported()) : copy_text(*copied));
  out.say("The inventory is copied and verified. Runs and their results stay in the source.");
  return {};
}

}  // namespace convoke::cli

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "report/summary.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

constexpr std::size_t most_named = 3;

std::string key_text(const named_key& key) {
  return fmt::format("{} of {}", core::escape_for_people(key.external_id), core::escape_for_people(key.organizer));
}

// The first few of a sample of `all`, each as `text` writes it, and how many more there are.
template <class T>
std::string sample_text(const std::vector<T>& sample, std::uint64_t all, auto text) {
  std::string out;
  const auto named = std::min(sample.size(), most_named);
  for (std::size_t i = 0; i < named; ++i) out += (i == 0 ? "" : ", ") + text(sample[i]);
  return all > named ? out + fmt::format(" and {} more", grouped(all - named)) : out;
}

// What becomes of the old meetings of `all` keys that new ones replace.
std::string old_ones(std::uint64_t all, std::uint64_t removed) {
  if (removed == 0) return std::string(form(all, "the old one stays", "the old ones stay"));
  const std::string_view when = " once every other row of the run has succeeded";
  if (removed >= all) return fmt::format("{}{}", form(all, "the old one is removed", "the old ones are removed"), when);
  return fmt::format("{} of the old ones {} removed{}, and {}", grouped(removed), form(removed, "is", "are"), when,
                     form(all - removed, "the other one stays", "the others stay"));
}

// What a warning says of its rows: the beginning of the sentence in both numbers, and what to do.
struct wording {
  std::string_view one, several, advice;
};

wording wording_of(input_warning_kind kind) noexcept {
  switch (kind) {
    case input_warning_kind::id_null_word:
      return {
          "row has a word for nothing as its external id", "rows have a word for nothing as their external id",
          "Such an id can come from an empty cell or a formula: rows that share it share a meeting. Correct the cells, or make the ids by "
          "--external-id."};
    case input_warning_kind::id_scientific:
      return {"row has a number in E-notation as its external id", "rows have a number in E-notation as their external id",
              "A spreadsheet has shortened it, and digits are lost. Format the column as text in the spreadsheet and export it again."};
    case input_warning_kind::id_apostrophe:
      return {"external id begins with an apostrophe", "external ids begin with an apostrophe",
              "A spreadsheet marks text so, and the apostrophe is sent as a part of the id. Take it out unless it belongs there."};
    case input_warning_kind::id_decimal:
      return {"external id, the only one, ends in .0", "external ids, which are all of them, end in .0",
              "A program has read them as numbers. Export the column as text: the same ids without .0 would be other meetings."};
    case input_warning_kind::long_meeting:
      return {
          "meeting is longer than 30 h", "meetings are longer than 30 h",
          "Teams ends a meeting after 30 h. Is the end the last day of a term? Then the row needs an end on its own day, and `repeat`."};
    case input_warning_kind::short_meeting:
      return {"meeting is shorter than 5 min", "meetings are shorter than 5 min",
              "A number alone in a duration is minutes. If hours are meant, write them as in 2 h."};
    case input_warning_kind::past_meeting:
      return {"meeting has ended already", "meetings have ended already", "That is allowed. Is this the file of an earlier term?"};
    case input_warning_kind::far_meeting:
      return {"meeting begins more than two years ahead", "meetings begin more than two years ahead", "Is the year right?"};
    case input_warning_kind::fixed_offset_zone:
      return {
          "row has a zone of the form Etc/GMT±n", "rows have a zone of the form Etc/GMT±n",
          "Its sign is the opposite of the usual one: Etc/GMT+5 is five hours behind UTC. Name a place, such as America/New_York, or write "
          "the offset into the time."};
    case input_warning_kind::utf8_in_windows_1252:
      return {"row was read as windows-1252, but its bytes are valid UTF-8",
              "rows were read as windows-1252, but their bytes are valid UTF-8",
              "The letters would be wrong in Teams. Leave --encoding windows-1252 out if the file is UTF-8."};
    case input_warning_kind::unnamed_column:
      return {"row has a value in a column without a name", "rows have a value in a column without a name",
              "Such values are ignored. Give the column a name to carry it to the results."};
    case input_warning_kind::role_not_kept:
      return {
          "row has a presenter or a coorganizer", "rows have a presenter or a coorganizer",
          "Graph does not reliably keep these roles when a meeting is made. --roles enforce sets them by a second call for each meeting. "
          "They need people of Microsoft Entra ID."};
    case input_warning_kind::lasting_option:
      return {"row sets an option that cannot be taken back", "rows set an option that cannot be taken back",
              "Once the service has it, a later run does not unset it: only a new meeting is without it."};
    case input_warning_kind::beta_endpoint:
      return {"row is a channel meeting", "rows are channel meetings",
              "Graph makes them by its beta endpoint, which may change without notice and which Microsoft does not support for production; "
              "national clouds do not have it. The chat of a meeting cannot be changed later."};
  }
  std::unreachable();
}

std::string input_warning_text(const input_warning& w) {
  const auto words = wording_of(w.kind);
  auto out = fmt::format("{}, {} line {}", count_of(w.rows, words.one, words.several), w.rows == 1 ? "in" : "first in", w.first_line);
  if (!w.example.empty()) out += fmt::format(" ({})", w.example);
  return out + ". " + std::string(words.advice);
}

// `run 3`, `runs 3 and 5`, `runs 3, 5 and 7`.
std::string runs_text(const std::vector<std::uint32_t>& runs) {
  std::string out = runs.size() == 1 ? "run" : "runs";
  for (std::size_t i = 0; i < runs.size(); ++i) out += fmt::format("{} {}", i == 0 ? "" : i + 1 == runs.size() ? " and" : ",", runs[i]);
  return out;
}

void add_other_runs(const plan_summary& s, std::vector<std::string>& out) {
  if (s.left_out > 0)
    out.push_back(fmt::format(
        "{} {} left out, because {} still {} a call for {}: {} not read, and nothing is attested of {}. Carry out what is owed by its own "
        "command, or `convoke discard` it, then run the same command again.",
        count_of(s.left_out, "meeting", "meetings"), form(s.left_out, "is", "are"), runs_text(s.left_out_runs),
        s.left_out_runs.size() == 1 ? "owes" : "owe", form(s.left_out, "it", "them"), form(s.left_out, "it is", "they are"),
        form(s.left_out, "it", "them")));
  if (s.superseded > 0)
    out.push_back(fmt::format("{} that older runs still owe {} taken over by this run.", count_of(s.superseded, "row", "rows"),
                              form(s.superseded, "is", "are")));
  if (s.owed_elsewhere > 0 && s.other_tenants > 0)
    out.push_back(fmt::format(
        "{} that older runs still owe {} not planned here and {} owed there: {}. --tenant leaves the rows of other tenants out, and {} can "
        "be among these: the same command without --tenant plans them too. `convoke runs` lists the older runs; discard one only where "
        "nothing of it is wanted any more.",
        count_of(s.owed_elsewhere, "key", "keys"), form(s.owed_elsewhere, "is", "are"), form(s.owed_elsewhere, "stays", "stay"),
        sample_text(s.owed_elsewhere_sample, s.owed_elsewhere, key_text), form(s.owed_elsewhere, "it", "they")));
  else if (s.owed_elsewhere > 0)
    out.push_back(
        fmt::format("{} that older runs still owe {} not in this input and {} owed there: {}. Run that run's own command to send {}, "
                    "or `convoke discard` it.",
                    count_of(s.owed_elsewhere, "key", "keys"), form(s.owed_elsewhere, "is", "are"), form(s.owed_elsewhere, "stays", "stay"),
                    sample_text(s.owed_elsewhere_sample, s.owed_elsewhere, key_text), form(s.owed_elsewhere, "it", "them")));
}

std::string of_feed(const plan_summary& s) {
  return s.feed.empty() ? std::string() : fmt::format(" of the feed '{}'", core::escape_for_people(s.feed));
}

// Why nothing happens to the meetings of keys that vanished.
std::string kept_because(const plan_summary& s) {
  switch (s.barred) {
    case removal_bar::not_wanted:
      return "--on-vanished remove would delete " + std::string(form(s.vanished, "it", "them"));
    case removal_bar::wrong_rows:
      return fmt::format("{} of this input {} wrong, and meetings are removed only where every row succeeds",
                         count_of(s.rejected, "row", "rows"), form(s.rejected, "is", "are"));
    case removal_bar::no_rows:
      return "this input has no rows";
    case removal_bar::other_tenants:
      return fmt::format(
          "{} of other tenants {} left out, and a row that moved could be among them; the same command without --tenant deletes {}",
          s.other_tenants > 0 ? count_of(s.other_tenants, "row", "rows") : std::string("rows"), form(s.other_tenants, "is", "are"),
          form(s.vanished, "it", "them"));
    case removal_bar::drifted_rows:
      return fmt::format(
          "{} known to differ, which --on-drift fail counts as a failure, and meetings are removed only where every row succeeds",
          count_of(s.drifted, "meeting is", "meetings are"));
    default:
      return s.vanished == 1 ? "this ledger has seen no meeting of it" : "this ledger has seen no meetings of them";
  }
}

void add_removals(const plan_summary& s, bool carried_out, std::vector<std::string>& out) {
  if (s.barred == removal_bar::no_feed)
    out.emplace_back("Nothing is removed, although --on-vanished remove is set: this input belongs to no feed. --feed NAME names one.");
  if (s.barred == removal_bar::part_of_input)
    out.emplace_back(
        "Nothing is removed, although --on-vanished remove is set: --limit, --only and failed files leave out rows of the feed, and so "
        "does --tenant where another table of the configuration has the same tenant.");
  if (removals_of(s) == 0) return;
  if (carried_out)
    return out.push_back(fmt::format("{}{} {} removed, because this input does not have {} any more: {}.",
                                     count_of(s.remove_keys, "meeting", "meetings"), of_feed(s), form(s.remove_keys, "was", "were"),
                                     form(s.remove_keys, "it", "them"), removals_text(s)));
  out.push_back(fmt::format(
      "{}{} {} to be removed, because this input does not have {} any more: {}. {} deleted only once every other row of the run has "
      "succeeded.",
      count_of(s.remove_keys, "meeting", "meetings"), of_feed(s), form(s.remove_keys, "is", "are"), form(s.remove_keys, "it", "them"),
      removals_text(s), form(s.remove_keys, "It is", "They are")));
}

void add_vanished(const plan_summary& s, bool carried_out, std::vector<std::string>& out) {
  add_removals(s, carried_out, out);
  const auto kept = s.vanished - removals_of(s);
  if (kept == 0) return;
  // Keys of which no meeting is known are not named apart from the others.
  if (removals_of(s) > 0)
    return out.push_back(
        fmt::format("{} more that {} not in this input any more {} no meeting that this ledger knows: nothing is removed of {}.",
                    count_of(kept, "key", "keys"), form(kept, "is", "are"), form(kept, "has", "have"), form(kept, "it", "them")));
  out.push_back(fmt::format("{}{} whose {} not ended {} not in this input any more: {}. Nothing happens to {}: {}.",
                            count_of(s.vanished, "key", "keys"), of_feed(s), form(s.vanished, "meeting has", "meetings have"),
                            form(s.vanished, "is", "are"), sample_text(s.vanished_sample, s.vanished, key_text),
                            form(s.vanished, "its meeting", "their meetings"), kept_because(s)));
}

void add_inventory(const plan_summary& s, bool carried_out, std::vector<std::string>& out) {
  const auto known_as = [](const replaced_key& k) { return fmt::format("{} (known as {})", key_text(k.now), key_text(k.before)); };
  const auto moved_from = [](const replaced_key& k) {
    return fmt::format("{} to {}, known under {}", core::escape_for_people(k.now.external_id), core::escape_for_people(k.now.organizer),
                       core::escape_for_people(k.before.organizer));
  };
  if (s.changed_ids > 0)
    out.push_back(fmt::format(
        "{} {} that this ledger knows under {}: {}; {}{}. If that is wrong, put the old ids back; --max-new N refuses such a plan.",
        count_of(s.changed_ids, "new id", "new ids"), form(s.changed_ids, "wants a meeting", "want meetings"),
        form(s.changed_ids, "another id", "other ids"), sample_text(s.changed_ids_sample, s.changed_ids, known_as),
        form(s.changed_ids, "it would become a second meeting", "they would become second meetings"),
        s.changed_ids_removed > 0 ? ", and " + old_ones(s.changed_ids, s.changed_ids_removed) : std::string()));
  if (s.moved > 0)
    out.push_back(fmt::format(
        "{} moved to another organizer: {}. A meeting cannot change its organizer, so {}, and {}. --max-new N refuses a plan with more new "
        "meetings than expected.",
        count_of(s.moved, "external id has", "external ids have"), sample_text(s.moved_sample, s.moved, moved_from),
        form(s.moved, "a second one is made", "second ones are made"), old_ones(s.moved, s.moved_removed)));
  add_vanished(s, carried_out, out);
}

void add_expiry(const plan_summary& s, std::vector<std::string>& out) {
  if (s.expire_early == 0) return;
  out.push_back(fmt::format(
      "{} before {} end: {}. Then the join {} may stop working. --keep-alive D extends meetings that expire within D, such as 30d.",
      count_of(s.expire_early, "known meeting expires", "known meetings expire"), form(s.expire_early, "its", "their"),
      sample_text(s.expire_early_sample, s.expire_early, key_text), form(s.expire_early, "link", "links")));
}

void add_full_months(const plan_summary& s, std::vector<std::string>& out) {
  using organizer = plan_summary::per_organizer;
  std::vector<organizer> full;
  std::uint64_t all = 0;
  for (const auto& o : s.organizers) {
    if (o.new_keys == 0 || o.new_keys + o.made_this_month <= meetings_per_organizer_and_month) continue;
    ++all;
    if (full.size() < most_named) full.push_back(o);
  }
  if (all == 0) return;
  const auto text = [](const organizer& o) {
    return fmt::format("{}: {}{}", core::escape_for_people(o.organizer), count_of(o.new_keys, "new meeting", "new meetings"),
                       o.made_this_month > 0 ? fmt::format(", {} made this month already", grouped(o.made_this_month)) : "");
  };
  const auto limit = grouped(meetings_per_organizer_and_month);
  if (all == 1)
    return out.push_back(
        fmt::format("Organizer {}; Graph documents {} per user, app and month, and may refuse the others.", text(full.front()), limit));
  std::string named;
  for (const auto& o : full) named += (named.empty() ? "" : "; ") + text(o);
  if (all > full.size()) named += fmt::format("; and {} more", grouped(all - full.size()));
  out.push_back(
      fmt::format("{} organizers get more meetings than the {} that Graph documents per user, app and month, and it may refuse the "
                  "others. {}.",
                  grouped(all), limit, named));
}

}  // namespace

std::uint64_t removals_of(const plan_summary& s) noexcept {
  return s.barred == removal_bar::none ? s.remove_keys : 0;
}

std::string removals_text(const plan_summary& s) {
  return sample_text(s.remove_sample, s.remove_keys, key_text);
}

std::vector<std::string> plan_warnings(const plan_summary& s, bool carried_out) {
  std::vector<std::string> out;
  for (const auto& w : s.warnings) out.push_back(input_warning_text(w));
  add_other_runs(s, out);
  add_inventory(s, carried_out, out);
  add_expiry(s, out);
  add_full_months(s, out);
  return out;
}

}  // namespace convoke::report

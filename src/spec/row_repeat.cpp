#include "spec/row_repeat.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include <convoke/key.hpp>

#include "core/text.hpp"

namespace convoke::spec {

using namespace std::chrono;

namespace {

std::string clock_text(local_seconds at) {
  const hh_mm_ss time{at - floor<days>(at)};
  std::string out;
  for (const auto part : {time.hours().count(), std::int64_t{time.minutes().count()}}) {
    if (!out.empty()) out += ':';
    out += static_cast<char>('0' + part / 10);
    out += static_cast<char>('0' + part % 10);
  }
  return out;
}

// Dates that are wrong for one reason.
struct wrong_dates {
  std::string reason;
  std::vector<std::string> dates;
};

void note(std::vector<wrong_dates>& all, std::string reason, local_days day) {
  auto found = std::ranges::find(all, reason, &wrong_dates::reason);
  if (found == all.end()) found = all.insert(all.end(), {std::move(reason), {}});
  found->dates.push_back(date_text(day));
}

// The last date before a day and the first one after it.
std::string nearest_dates(const std::vector<local_days>& dates, local_days day) {
  const auto after = std::ranges::upper_bound(dates, day);
  std::vector<std::string> near;
  for (auto it = after == dates.begin() ? after : std::prev(after); it != dates.end() && near.size() < 2; ++it)
    near.push_back(date_text(*it));
  return joined(near);
}

bool has_end_cell(const row_view& row) noexcept {
  constexpr std::array roles{column_role::end, column_role::end_time, column_role::end_date};
  return std::ranges::any_of(roles, [&row](column_role r) { return !row.cell(r).empty(); });
}

}  // namespace

row_repeat::row_repeat(const row_settings& settings, zone_source& zones)
    : skipped_(settings.skip_dates), zones_(zones), read_date_(reader_of(settings.date_format)) {}

void row_repeat::read(const row_view& row, const meeting_times& times, const id_template* dated, built_row& out) {
  const auto cell = row.cell(column_role::repeat);
  const auto skip_cell = row.cell(column_role::skip_dates);
  if (cell.empty()) {
    if (!skip_cell.empty())
      row.wrong(column_role::skip_dates, skip_cell, "leaves dates out of a row that does not repeat; empty the cell, or fill 'repeat'");
    return;
  }
  row_ = &row;
  times_ = &times;
  out_ = &out;
  dates_.clear();
  if (cell != known_rule_) {
    auto rule = parse_repeat(cell, read_date_);
    if (!rule) return row.wrong(column_role::repeat, cell, std::move(rule.error()));
    rule_ = std::move(*rule);
    known_rule_.assign(cell);
  }
  if (!times.start || !times.end || !times.walls.start) return;  // what is wrong with them has been reported
  if (times.zone.empty())
    return row.wrong(column_role::repeat, cell,
                     "a row that repeats needs a time zone, because an offset does not say when summer time begins and ends; give it a "
                     "time_zone or use --time-zone (UTC where the times are meant so)");
  expand_rule(rule_, cell);
  drop_after_end(rule_);
  if (dates_.empty()) return;
  skip(skip_cell);
  make_ids(dated);
  resolve_all(!has_end_cell(row));
}

std::optional<repeat_bounds> row_repeat::bounds_of(const repeat_rule& rule, local_days start) {
  repeat_bounds out{.start = start, .last = last_day_of_repeats(start)};
  if (const auto* count = std::get_if<int>(&rule.end)) {
    out.count = *count;
    out.by_count = true;
  } else if (const auto* day = std::get_if<local_days>(&rule.end)) {
    out.last = *day;
  } else if (const auto* wall = std::get_if<local_seconds>(&rule.end)) {
    out.last = floor<days>(*wall);
  } else {
    const auto in_zone = zones_.to_local(times_->zone, std::get<sys_seconds>(rule.end));
    if (!in_zone) return std::nullopt;
    out.last = floor<days>(*in_zone);
  }
  return out;
}

// Finds the dates among the known ones, else lets the library find them.
void row_repeat::expand_rule(const repeat_rule& rule, std::string_view cell) {
  const auto bounds = bounds_of(rule, floor<days>(*times_->walls.start));
  if (!bounds)
    return row_->wrong(column_role::repeat, cell, "the rule's end lies beyond what this machine's time zone data says of the row's zone");
  const auto same = [&](const known_dates& k) {
    return k.bounds.start == bounds->start && k.bounds.last == bounds->last && k.rule == cell;
  };
  if (const auto found = std::ranges::find_if(known_, same); found != known_.end()) {
    dates_ = found->dates;
    return;
  }
  auto dates = expand(rule, *bounds);
  if (!dates) return row_->wrong(column_role::repeat, cell, std::move(dates.error()));
  dates_ = *dates;
  known_dates learnt{std::string(cell), *bounds, std::move(*dates)};
  if (known_.size() < most_known) {
    known_.push_back(std::move(learnt));
  } else {
    known_[std::exchange(oldest_, (oldest_ + 1) % most_known)] = std::move(learnt);
  }
}

// A rule that ends at a time of day may have ended before the start of its last day.
void row_repeat::drop_after_end(const repeat_rule& rule) {
  if (dates_.empty()) return;
  const auto time = *times_->walls.start - floor<days>(*times_->walls.start);
  if (const auto* wall = std::get_if<local_seconds>(&rule.end)) {
    while (!dates_.empty() && dates_.back() + time > *wall) dates_.pop_back();
  } else if (const auto* instant = std::get_if<sys_seconds>(&rule.end)) {
    const auto late = [&](local_days day) {
      const auto start = instant_of(day + time);
      return start && *start > *instant;
    };
    while (!dates_.empty() && late(dates_.back())) dates_.pop_back();
  }
  if (dates_.empty())
    row_->wrong(column_role::repeat, row_->cell(column_role::repeat), "the rule ends before the start, so that there is no meeting");
}

void row_repeat::skip(std::string_view cell) {
  skip_set of_row;
  if (!cell.empty()) {
    const auto ranges = parse_skip_cell(cell, read_date_);
    if (!ranges) {
      row_->wrong(column_role::skip_dates, ranges.error().value, ranges.error().reason);
    } else {
      report_unused(*ranges);
      of_row = skip_set(*ranges);
    }
  }
  std::erase_if(dates_, [&](local_days day) { return skipped_.contains(day) || of_row.contains(day); });
  if (dates_.empty())
    row_->wrong(column_role::repeat, row_->cell(column_role::repeat),
                "every date of the rule is left out by skip_dates, so that there is no meeting");
}

// A single date that the rule does not have is probably mistyped: the meeting that it should leave out would take place.
void row_repeat::report_unused(const std::vector<date_range>& of_cell) {
  for (const date_range& r : of_cell) {
    if (r.first != r.last || std::ranges::binary_search(dates_, r.first)) continue;
    row_->wrong(column_role::skip_dates, date_text(r.first),
                "the row has no meeting on this day (a " + std::string(weekday_name(weekday{r.first})) + "); the nearest are on " +
                    nearest_dates(dates_, r.first));
  }
}

void row_repeat::make_ids(const id_template* dated) {
  auto& made = out_->occurrences;
  const std::string& base = out_->wanted.external_id;
  if (base.empty()) return;  // what is wrong with it has been reported
  const auto start = *times_->walls.start;
  const auto first_day = floor<days>(start);
  made.resize(dates_.size());
  for (std::size_t i = 0; i < dates_.size(); ++i) {
    made[i].date = dates_[i];
    std::string& id = made[i].external_id;
    id.clear();
    if (dated == nullptr) {
      id.reserve(base.size() + 9);
      id = base;
      id += '-';
      append_compact_date(id, dates_[i]);
      continue;
    }
    const auto moved = dates_[i] - first_day;
    id_template::wall_times walls{start + moved, std::nullopt};
    if (times_->wall_length) walls.end = start + moved + *times_->wall_length;
    static_cast<void>(dated->expand(row_->fields(), walls, id));
  }
  check_ids(dated == nullptr ? "the external id with the date of a meeting" : "the external id that the template makes");
}

// Wrong ids are no keys.
void row_repeat::check_ids(std::string_view made_by) {
  auto& made = out_->occurrences;
  const auto bad = std::ranges::find_if(made, [](const occurrence& o) { return !valid_external_id(o.external_id); });
  if (bad != made.end()) {
    row_->wrong(column_role::external_id, bad->external_id,
                std::string(made_by) + " must be 1 to 128 characters of visible ASCII, without blanks");
    return made.clear();
  }
  std::vector<const occurrence*> sorted;
  for (const occurrence& o : made) sorted.push_back(&o);
  std::ranges::sort(sorted, {}, [](const occurrence* o) { return std::pair<std::string_view, local_days>(o->external_id, o->date); });
  const auto same = std::ranges::adjacent_find(sorted, {}, [](const occurrence* o) -> std::string_view { return o->external_id; });
  if (same == sorted.end()) return;
  row_->wrong(column_role::external_id, (*same)->external_id,
              "the external-id template makes this id for the meetings of " + date_text((*same)->date) + " and " +
                  date_text((*std::next(same))->date) + "; give it the whole date: {start:%Y%m%d}");
  made.clear();
}

// The instant of a local time, by the rules for single rows.
std::expected<sys_seconds, std::string> row_repeat::instant_of(local_seconds wall) const {
  const auto zone = [this] { return core::escape_for_people(times_->zone, 60); };
  const local_lookup found = zones_.to_utc(times_->zone, wall);
  switch (found.what) {
    case local_lookup::kind::unique:
      return found.earlier;
    case local_lookup::kind::gap:
      return std::unexpected("does not exist in " + zone() + ", because the clocks skip it");
    case local_lookup::kind::overlap:
      if (times_->rules.overlap == overlap_choice::earlier) return found.earlier;
      if (times_->rules.overlap == overlap_choice::later) return found.later;
      return std::unexpected("comes twice in " + zone() + ", because the clocks are set back (--overlap earlier or later chooses)");
    case local_lookup::kind::beyond_data:
      return std::unexpected("lies beyond what this machine's time zone data says of " + zone());
    case local_lookup::kind::unknown_zone:
      break;
  }
  return std::unexpected("is in the time zone " + zone() + ", which is not known");
}

// `by_length`: the end is given by a duration.
void row_repeat::resolve_all(bool by_length) {
  auto& made = out_->occurrences;
  made.resize(dates_.size());
  std::vector<wrong_dates> wrong;
  const local_seconds wall = *times_->walls.start;
  const local_days first = floor<days>(wall);
  const seconds length = *times_->end - *times_->start;
  for (std::size_t i = 0; i < dates_.size(); ++i) {
    occurrence& one = made[i];
    one.date = dates_[i];
    one.start = utc_time{*times_->start};
    one.end = utc_time{*times_->end};
    if (one.date == first) continue;  // the row's own times, which may have an offset
    const auto start = instant_of(wall + (one.date - first));
    if (!start) {
      note(wrong, "the start " + clock_text(wall) + " " + start.error(), one.date);
      continue;
    }
    one.start = utc_time{*start};
    one.end = utc_time{*start + length};
    if (by_length || !times_->wall_length) continue;
    const local_seconds wall_end = wall + *times_->wall_length;
    const auto end = instant_of(wall_end + (one.date - first));
    if (!end) {
      note(wrong, "the end " + clock_text(wall_end) + " " + end.error(), one.date);
    } else if (*end <= *start) {
      note(wrong, "the end is not after the start", one.date);
    } else {
      one.end = utc_time{*end};
    }
  }
  for (const auto& w : wrong)
    row_->wrong(
        column_role::repeat, row_->cell(column_role::repeat),
        "on " + joined(w.dates, max_occurrences) + " " + w.reason + "; leave such dates out by skip_dates and give them rows of their own");
}

}  // namespace convoke::spec

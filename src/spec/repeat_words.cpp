// The short form of a rule; its grammar is in repeat_rule.hpp.

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <utility>

#include "core/text.hpp"
#include "spec/repeat_rule.hpp"

namespace convoke::spec {

using namespace std::chrono;

namespace {

constexpr auto how_to =
    "; write for example 'weekly MO,WE until 2026-12-15', 'every 2 weeks TU 10 times', 'daily 5 times' or a rule such as "
    "FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261215";

std::unexpected<std::string> refused(std::string reason) {
  return std::unexpected(std::move(reason));
}

std::string quoted(std::string_view text) {
  return "'" + core::escape_for_people(text, 40) + "'";
}

bool any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [word](std::string_view w) { return core::equal_ignoring_case(w, word); });
}

bool separator(char c) noexcept {
  return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r';
}

// `MO`, `Mon`, `Monday`, and the abbreviations `Tues`, `Thur`, `Thurs`.
std::optional<weekday> day_of(std::string_view word) {
  for (unsigned i = 0; i < 7; ++i) {
    const auto name = weekday_name(weekday{i});
    if (any_of(word, {weekday_code(weekday{i}), name.substr(0, 3), name})) return weekday{i};
  }
  if (any_of(word, {"tues"})) return Tuesday;
  if (any_of(word, {"thur", "thurs"})) return Thursday;
  return std::nullopt;
}

std::optional<int> number_of(std::string_view word) noexcept {
  if (word.empty() || word.size() > 6 || !std::ranges::all_of(word, core::ascii_digit)) return std::nullopt;
  int value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

std::optional<repeat_rule::unit> unit_of(std::string_view word) {
  using enum repeat_rule::unit;
  if (any_of(word, {"day", "days"})) return day;
  if (any_of(word, {"week", "weeks"})) return week;
  if (any_of(word, {"month", "months"})) return month;
  if (any_of(word, {"year", "years"})) return year;
  return std::nullopt;
}

class word_parser {
 public:
  word_parser(std::string_view text, const date_reader& read_date) : rest_(text), read_date_(read_date) { next(); }

  std::expected<repeat_rule, std::string> parse() {
    if (const auto done = read_every(); !done) return std::unexpected(done.error());
    if (const auto done = read_days(); !done) return std::unexpected(done.error());
    if (const auto done = read_end(); !done) return std::unexpected(done.error());
    return std::move(rule_);
  }

 private:
  using parsed = std::expected<void, std::string>;

  // Makes the next word the current one; an empty word is the end.
  void next() {
    while (!rest_.empty() && separator(rest_.front())) rest_.remove_prefix(1);
    std::size_t end = 0;
    while (end < rest_.size() && !separator(rest_[end])) ++end;
    word_ = rest_.substr(0, end);
    rest_.remove_prefix(end);
  }
  bool take(std::initializer_list<std::string_view> words) {
    const bool found = any_of(word_, words);
    if (found) next();
    return found;
  }

  parsed read_every() {
    using enum repeat_rule::unit;
    for (const auto& [name, unit] : {std::pair{"daily", day}, {"weekly", week}, {"monthly", month}, {"yearly", year}}) {
      if (!take({name})) continue;
      rule_.every = unit;
      return {};
    }
    if (any_of(word_, {"biweekly", "bimonthly"}))
      return refused(quoted(word_) + " has two meanings; write 'every 2 weeks', 'every 2 months', or the days: 'weekly MO,WE'");
    if (!take({"every"})) return refused(quoted(word_) + " does not begin a rule" + how_to);
    if (day_of(word_)) return {};
    if (take({"other"})) {
      rule_.interval = 2;
    } else if (const auto n = number_of(word_)) {
      if (*n < 1 || *n > 999) return refused("'every " + std::string(word_) + "': the number must be 1 to 999");
      rule_.interval = *n;
      next();
    }
    const auto unit = unit_of(word_);
    if (!unit)
      return refused(word_.empty() ? std::string("the rule ends after 'every'") + how_to
                                   : quoted(word_) + " after 'every' is no day and no unit" + how_to);
    rule_.every = *unit;
    next();
    return {};
  }

  parsed read_days() {
    const bool on = take({"on"});
    while (const auto day = day_of(word_)) {
      if (rule_.every != repeat_rule::unit::week)
        return refused("days can only be named in a weekly rule; write 'weekly " + std::string(word_) +
                       "', or for days of a month a rule such as FREQ=MONTHLY;BYDAY=1TU;COUNT=6");
      const repeat_rule::by_day found{*day, 0};
      if (lists(rule_.days, found)) return refused("the rule names " + std::string(weekday_name(*day)) + " twice");
      rule_.days.push_back(found);
      next();
      if (take({"and", "&", "+"}) && !day_of(word_)) return refused(quoted(word_) + " is no day; write MO, Mon or Monday");
    }
    if (on && rule_.days.empty()) return refused(quoted(word_) + " after 'on' is no day; write MO, Mon or Monday");
    return {};
  }

  parsed read_end() {
    if (word_.empty()) return refused("the rule has no end; add 'until 2026-12-15' or '10 times'");
    if (take({"until"})) return read_until();
    const auto n = number_of(word_);
    if (!n) return refused(quoted(word_) + " is not understood" + how_to);
    if (*n < 1 || *n > max_occurrences)
      return refused("'" + std::string(word_) + " times': the number must be 1 to " + std::to_string(max_occurrences));
    const std::string_view counted = word_;
    next();
    if (!take({"times", "time"})) return refused("'" + std::string(counted) + "' must be followed by 'times'" + how_to);
    if (!word_.empty()) return refused(quoted(word_) + " after the end of the rule is not understood" + how_to);
    rule_.end = *n;
    return {};
  }

  // The date is the rest of the text, because a date format may have blanks.
  parsed read_until() {
    const std::string_view text = core::trim({word_.data(), word_.size() + rest_.size()});
    if (text.empty()) return refused("the date after 'until' is missing");
    const auto date = read_date_(text);
    if (!date) return refused("'until " + core::escape_for_people(text, 40) + "': the date " + date.error());
    rule_.end = *date;
    return {};
  }

  std::string_view rest_, word_;
  const date_reader& read_date_;
  repeat_rule rule_;
};

}  // namespace

std::expected<repeat_rule, std::string> parse_repeat_words(std::string_view text, const date_reader& read_date) {
  return word_parser(text, read_date).parse();
}

}  // namespace convoke::spec

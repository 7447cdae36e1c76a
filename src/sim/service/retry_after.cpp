#include "sim/service/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::array<std::pair<std::string_view, retry_after_form>, 8> words = {{{"integer", retry_after_form::integer},
                                                                                 {"decimal", retry_after_form::decimal},
                                                                                 {"date", retry_after_form::date},
                                                                                 {"joined", retry_after_form::joined},
                                                                                 {"absent", retry_after_form::absent},
                                                                                 {"two-lines", retry_after_form::two_lines},
                                                                                 {"garbage", retry_after_form::garbage},
                                                                                 {"mix", retry_after_form::mix}}};

constexpr std::array mixed = {retry_after_form::integer, retry_after_form::decimal,   retry_after_form::date,
                              retry_after_form::joined,  retry_after_form::two_lines, retry_after_form::absent};

retry_after render(retry_after_form form, const throttle_options& how, nanoseconds wait, utc_time date, random_source& random) {
  const auto whole = std::chrono::ceil<seconds>(wait);
  switch (form) {
    case retry_after_form::integer:
      return {fmt::format("Retry-After: {}\r\n", whole.count()), whole};
    case retry_after_form::decimal: {
      const auto fine = std::chrono::ceil<milliseconds>(wait);
      return {fmt::format("Retry-After: {}.{:03}\r\n", fine.count() / 1000, fine.count() % 1000), fine};
    }
    case retry_after_form::date:
      return {fmt::format("Retry-After: {}\r\n", http_date(date + whole)), whole};
    case retry_after_form::joined:
      return {fmt::format("Retry-After: 0,{}\r\n", whole.count()), whole};
    case retry_after_form::two_lines:
      return {
          fmt::format("Retry-After: {}\r\nRetry-After: {}\r\n", random.below(static_cast<std::uint64_t>(whole.count()) + 1), whole.count()),
          whole};
    case retry_after_form::constant:
      return {fmt::format("Retry-After: {}\r\n", how.constant_seconds), nanoseconds(static_cast<std::int64_t>(how.constant_seconds * 1e9))};
    case retry_after_form::garbage: {
      static constexpr std::array<std::string_view, 5> nonsense = {"soon", "-5", "1e3", "0x10", "NaN"};
      return {fmt::format("Retry-After: {}\r\n", nonsense[random.below(nonsense.size())]), std::nullopt};
    }
    case retry_after_form::absent:
    case retry_after_form::mix:
      break;
  }
  return {};
}

}  // namespace

result<void> parse_retry_after_form(std::string_view word, throttle_options& into) {
  for (const auto& [name, form] : words) {
    if (word == name) {
      into.form = form;
      return {};
    }
  }
  constexpr std::string_view constant = "constant:";
  if (word.starts_with(constant)) {
    const auto number = word.substr(constant.size());
    double value = 0;
    const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (ec == std::errc() && end == number.data() + number.size() && value >= 0 && value <= 1e6) {
      into.form = retry_after_form::constant;
      into.constant_seconds = value;
      return {};
    }
  }
  return fail(
      errc::usage,
      fmt::format("unknown form \"{}\": use integer, decimal, date, joined, absent, two-lines, garbage, mix or constant:SECONDS", word));
}

std::string retry_after_word(const throttle_options& from) {
  const auto found = std::ranges::find(words, from.form, &std::pair<std::string_view, retry_after_form>::second);
  return found == words.end() ? fmt::format("constant:{}", from.constant_seconds) : std::string(found->first);
}

retry_after make_retry_after(const throttle_options& how, nanoseconds wait, utc_time date, random_source& random) {
  if (how.retry_after_max > 0) wait = std::min(wait, nanoseconds(static_cast<std::int64_t>(how.retry_after_max * 1e9)));
  const auto form = how.form == retry_after_form::mix ? mixed[random.below(mixed.size())] : how.form;
  return render(form, how, wait, date, random);
}

}  // namespace convoke::sim

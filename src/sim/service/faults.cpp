#include "sim/service/faults.hpp"

#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "sim/service/random_source.hpp"

namespace convoke::sim {
namespace {

constexpr std::array<std::string_view, fault_count> names = {"none",
                                                             "throttle",
                                                             "throttle_503",
                                                             "throttle_after",
                                                             "false_401",
                                                             "fault_500_before",
                                                             "fault_502_before",
                                                             "fault_503_before",
                                                             "fault_504_before",
                                                             "fault_500_after",
                                                             "fault_502_after",
                                                             "fault_503_after",
                                                             "fault_504_after",
                                                             "lost_reply",
                                                             "reset",
                                                             "slow",
                                                             "cut_length",
                                                             "cut_chunked",
                                                             "cut_close",
                                                             "html_200",
                                                             "empty_200",
                                                             "wrong_type",
                                                             "other_external_id",
                                                             "missing_id",
                                                             "html_503",
                                                             "empty_503"};

std::optional<operation> parse_operation(std::string_view word) {
  for (const auto op : {operation::create_or_get, operation::update, operation::get, operation::remove}) {
    if (to_string(op) == word) return op;
  }
  return std::nullopt;
}

result<scripted_fault> parse_step(const boost::json::value& item, std::size_t at) {
  const auto* object = item.if_object();
  if (object == nullptr) return fail(errc::usage, fmt::format("fault script: entry {} is not an object", at));
  scripted_fault step;
  for (const auto& [name, value] : *object) {
    if (name == "key" && value.is_string()) {
      step.external_id = value.get_string();
    } else if (name == "call" && value.is_int64() && value.get_int64() > 0) {
      step.call = static_cast<std::uint64_t>(value.get_int64());
    } else if (name == "operation" && value.is_string() && value.get_string() == "batch") {
      step.batch = true;
    } else if (name == "operation" && value.is_string()) {
      step.op = parse_operation(value.get_string());
      if (!step.op)
        return fail(errc::usage,
                    fmt::format("fault script: entry {}: unknown operation \"{}\"; it is createOrGet, update, get, remove or batch", at,
                                std::string_view(value.get_string())));
    } else if (name == "fault" && value.is_string()) {
      const auto known = parse_fault(value.get_string());
      if (!known)
        return fail(errc::usage, fmt::format("fault script: entry {}: unknown fault \"{}\"", at, std::string_view(value.get_string())));
      step.what = *known;
    } else {
      return fail(errc::usage, fmt::format("fault script: entry {}: unknown or wrong member \"{}\"; it takes key, operation, call, fault",
                                           at, std::string_view(name)));
    }
  }
  if (step.batch && (!step.external_id.empty() || step.call == 0))
    return fail(errc::usage, fmt::format("fault script: entry {}: a batch has no \"key\", and needs \"call\"", at));
  if (step.external_id.empty() && step.call == 0)
    return fail(errc::usage, fmt::format("fault script: entry {} needs \"key\" or \"call\"", at));
  return step;
}

}  // namespace

std::string_view to_string(fault f) noexcept {
  return names[static_cast<std::size_t>(f)];
}

std::string_view describe(fault f) noexcept {
  switch (f) {
    case fault::throttle:
      return "429 without any quota being exceeded";
    case fault::throttle_503:
      return "503 with Retry-After";
    case fault::throttle_after:
      return "429 although the operation was carried out";
    case fault::false_401:
      return "401 for a valid token";
    case fault::lost_reply:
      return "carried out, then the connection closes without an answer";
    case fault::reset:
      return "the connection is reset before anything is done";
    case fault::slow:
      return "a slow answer: see --slow-seconds";
    case fault::cut_length:
    case fault::cut_chunked:
    case fault::cut_close:
      return "carried out, then half an answer, framed in this way";
    case fault::html_200:
    case fault::empty_200:
    case fault::wrong_type:
    case fault::other_external_id:
    case fault::missing_id:
      return "carried out, but the body of the answer is wrong in this way";
    case fault::html_503:
    case fault::empty_503:
      return "503 of a gateway before anything is done; the connection closes";
    default:
      return "this status before or after the operation is carried out";
  }
}

std::optional<fault> parse_fault(std::string_view word) noexcept {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == word) return static_cast<fault>(i);
  }
  return std::nullopt;
}

bool commits(fault f) noexcept {
  switch (f) {
    case fault::throttle:
    case fault::throttle_503:
    case fault::false_401:
    case fault::e500_before:
    case fault::e502_before:
    case fault::e503_before:
    case fault::e504_before:
    case fault::reset:
    case fault::html_503:
    case fault::empty_503:
      return false;
    default:
      return true;
  }
}

bool is_throttle(fault f) noexcept {
  return f == fault::throttle || f == fault::throttle_503 || f == fault::throttle_after;
}

double fault_rates::total() const noexcept {
  return std::accumulate(rate.begin(), rate.end(), 0.0);
}

void fault_rates::spread(double total) {
  std::vector<fault> kinds;
  for (std::size_t i = 1; i < fault_count; ++i) {
    const auto kind = static_cast<fault>(i);
    if (!is_throttle(kind) && kind != fault::false_401) kinds.push_back(kind);
  }
  spread(total, kinds);
}

void fault_rates::spread(double total, const std::vector<fault>& kinds) {
  for (const auto kind : kinds) (*this)[kind] = total / static_cast<double>(kinds.size());
}

result<std::vector<scripted_fault>> parse_script(std::string_view json) {
  boost::system::error_code ec;
  const auto document = boost::json::parse(json, ec);
  if (ec || !document.is_array())
    return fail(errc::usage, "fault script: a JSON array of {\"key\" or \"call\", \"operation\", \"fault\"} is expected");
  std::vector<scripted_fault> script;
  for (const auto& item : document.get_array()) {
    auto step = parse_step(item, script.size() + 1);
    if (!step) return std::unexpected(std::move(step.error()));
    script.push_back(std::move(*step));
  }
  return script;
}

fault draw_fault(const fault_rates& rates, std::uint64_t seed, std::string_view key, std::uint64_t nth) noexcept {
  double left = random_source(seed, key, nth, random_source::purpose::fault).real();
  for (std::size_t i = 1; i < fault_count; ++i) {
    if (rates.rate[i] <= 0) continue;
    if (left < rates.rate[i]) return static_cast<fault>(i);
    left -= rates.rate[i];
  }
  return fault::none;
}

}  // namespace convoke::sim

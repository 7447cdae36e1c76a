#include "sim/service/faults.hpp"

#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "sim/service/error_bodies.hpp"
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
    } else if (name == "error" && value.is_string()) {
      step.error = value.get_string();
      if (find_error_body(step.error) == nullptr)
        return fail(errc::usage, fmt::format("fault script: entry {}: unknown error \"{}\"", at, step.error));
    } else {
      return fail(errc::usage,
                  fmt::format("fault script: entry {}: unknown or wrong member \"{}\"; it takes key, operation, call, fault, error", at,
                              std::string_view(name)));
    }
  }
  if (step.batch && (!step.external_id.empty() || step.call == 0))
    return fail(errc::usage, fmt::format("fault script: entry {}: a batch has no \"key\", and needs \"call\"", at));
  if (step.batch && !step.error.empty())
    return fail(errc::usage, fmt::format("fault script: entry {}: a batch has a \"fault\", not an \"error\"", at));
  if (step.external_id.empty() && step.call == 0)
    return fail(errc::usage, fmt::format("fault script: entry {} needs \"key\" or \"call\"", at));
  return step;
}

}  // namespace

std::string_view to_string(fault f) noexcept {
  return names[static_cast<std::size_t>(f)];
}

std::string_view describe(fault f) noexcept {
  static constexpr std::array<std::string_view, fault_count> sentences = {
      "Nothing is wrong.",
      "The probability of a 429 with Retry-After although no quota is exceeded; nothing is done.",
      "The probability of a 503 with Retry-After; nothing is done.",
      "The probability of a 429 although the operation was carried out, as was reported of Graph.",
      "The probability of a 401 that says that a valid token has expired.",
      "The probability of a 500 (InternalServerError) before anything is done.",
      "The probability of a 502 with a gateway's HTML before anything is done.",
      "The probability of a 503 (serviceNotAvailable) without Retry-After before anything is done.",
      "The probability of a 504 (UnknownError, an empty message) before anything is done.",
      "The probability of a 500 (InternalServerError) although the operation was carried out.",
      "The probability of a 502 with a gateway's HTML although the operation was carried out.",
      "The probability of a 503 (serviceNotAvailable) although the operation was carried out.",
      "The probability of a 504 (UnknownError, an empty message) although the operation was carried out.",
      "The probability that the operation is carried out and the connection then closes without an answer.",
      "The probability that the connection is reset before anything is done.",
      "The probability of a right answer that comes --slow-seconds later.",
      "The probability that the operation is carried out and half of its answer is sent under a Content-Length of the whole.",
      "The probability that the operation is carried out and its answer is sent in chunks without the last one.",
      "The probability that the operation is carried out and half of its answer is sent with neither length nor chunks.",
      "The probability that the operation is carried out and answered with 200 and a page of HTML.",
      "The probability that the operation is carried out and answered with 200 and an empty body.",
      "The probability that the operation is carried out and answered with 200 and JSON of wrong types.",
      "The probability that the operation is carried out and its answer has another externalId.",
      "The probability that the operation is carried out and its answer lacks the id.",
      "The probability of a 503 with a gateway's HTML before anything is done; the connection closes.",
      "The probability of a 503 with an empty body before anything is done; the connection closes.",
  };
  return sentences[static_cast<std::size_t>(f)];
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

std::string write_script(const std::vector<scripted_fault>& script) {
  boost::json::array list;
  for (const auto& step : script) {
    boost::json::object one;
    if (!step.external_id.empty()) one["key"] = step.external_id;
    if (step.call > 0) one["call"] = step.call;
    if (step.op) one["operation"] = to_string(*step.op);
    if (step.batch) one["operation"] = "batch";
    if (step.error.empty())
      one["fault"] = to_string(step.what);
    else
      one["error"] = step.error;
    list.push_back(std::move(one));
  }
  return boost::json::serialize(list);
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

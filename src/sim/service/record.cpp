#include "sim/service/record.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "sim/service/setting_values.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {

bool call_filter::takes(const call_record& call) const {
  return call.number > since && (method.empty() || method == call.method) && (organizer.empty() || organizer == call.organizer) &&
         (external_id.empty() || external_id == call.external_id) && (!status || *status == call.status);
}

std::string read_call_filter(std::string_view target, call_filter& into) {
  const auto question = std::min(target.find('?'), target.size());
  for (auto left = target.substr(std::min(question + 1, target.size())); !left.empty();) {
    const auto field = left.substr(0, left.find('&'));
    left.remove_prefix(std::min(field.size() + 1, left.size()));
    const auto equals = std::min(field.find('='), field.size());
    const auto name = field.substr(0, equals);
    const auto value = percent_decode(field.substr(std::min(equals + 1, field.size())));
    const auto number = read_whole(value, std::numeric_limits<std::uint64_t>::max());
    if (name == "method") {
      into.method = value;
    } else if (name == "organizer") {
      into.organizer = lower(value);
    } else if (name == "external_id") {
      into.external_id = value;
    } else if (name == "status" && number && *number < 1000) {
      into.status = static_cast<int>(*number);
    } else if (name == "since" && number) {
      into.since = *number;
    } else if (name == "limit" && number) {
      into.limit = *number;
    } else {
      return "filters of calls are method, organizer, external_id, and the numbers status, since and limit";
    }
  }
  return {};
}

void call_log::keep(std::size_t kept) {
  if (kept == ring_.size()) return;
  std::vector<call_record> kept_ones(kept);
  for (auto i = count_ - std::min<std::uint64_t>({count_, ring_.size(), kept}); i < count_; ++i)
    kept_ones[i % kept] = std::move(ring_[i % ring_.size()]);
  ring_ = std::move(kept_ones);
}

call_record* call_log::next() {
  if (ring_.empty()) return nullptr;
  auto& record = ring_[count_ % ring_.size()];
  ++count_;
  record.number = count_;
  record.op.reset();
  record.look_up = false;
  record.envelope = 0;
  record.me = record.beta = false;
  record.status = 0;
  record.hit = fault::none;
  record.method.clear();
  record.organizer.clear();
  record.external_id.clear();
  record.client_request_id.clear();
  return &record;
}

void call_log::clear() {
  forgotten_ = count_;
}

std::string call_log::json_lines(mono_time start, const call_filter& which) const {
  std::string out;
  const auto kept = std::min<std::uint64_t>(count_ - forgotten_, ring_.size());
  // The first one that is shown: from the end, so many that the filter takes.
  auto first = count_;
  for (std::uint64_t taken = 0; first > count_ - kept && taken < which.limit; --first)
    if (which.takes(ring_[(first - 1) % ring_.size()])) ++taken;
  for (auto i = first; i < count_; ++i) {
    const auto& call = ring_[i % ring_.size()];
    if (!which.takes(call)) continue;
    const auto at = std::chrono::duration_cast<std::chrono::microseconds>(call.at - start).count();
    fmt::format_to(std::back_inserter(out), R"({{"call":{},"at_ms":{:.3f},"operation":"{}","me":{},"status":{},"fault":"{}","organizer":)",
                   call.number, static_cast<double>(at) / 1000,
                   call.look_up ? std::string_view("look_up")
                   : call.op    ? to_string(*call.op)
                                : std::string_view(),
                   call.me, call.status, to_string(call.hit));
    append_json_string(out, call.organizer);
    out += R"(,"external_id":)";
    append_json_string(out, call.external_id);
    out += R"(,"client_request_id":)";
    append_json_string(out, call.client_request_id);
    append_json_string(out += R"(,"method":)", call.method);
    if (call.envelope > 0) fmt::format_to(std::back_inserter(out), R"(,"batch":{})", call.envelope);
    if (call.beta) out += R"(,"beta":true)";
    out += "}\n";
  }
  return out;
}

}  // namespace convoke::sim

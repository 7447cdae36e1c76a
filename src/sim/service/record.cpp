#include "sim/service/record.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "sim/service/text.hpp"

namespace convoke::sim {

call_record* call_log::next() {
  if (ring_.empty()) return nullptr;
  auto& record = ring_[count_ % ring_.size()];
  ++count_;
  record.number = count_;
  record.op.reset();
  record.look_up = false;
  record.envelope = 0;
  record.me = false;
  record.status = 0;
  record.hit = fault::none;
  record.organizer.clear();
  record.external_id.clear();
  record.client_request_id.clear();
  return &record;
}

std::string call_log::json_lines(mono_time start) const {
  std::string out;
  const auto kept = std::min<std::uint64_t>(count_, ring_.size());
  for (auto i = count_ - kept; i < count_; ++i) {
    const auto& call = ring_[i % ring_.size()];
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
    if (call.envelope > 0) fmt::format_to(std::back_inserter(out), R"(,"batch":{})", call.envelope);
    out += "}\n";
  }
  return out;
}

}  // namespace convoke::sim

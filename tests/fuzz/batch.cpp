#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "graph/batch_item.hpp"
#include "wire/batch.hpp"
#include "wire/wire.hpp"

namespace {

namespace wire = convoke::wire;

bool same(const wire::batch_answer& a, const wire::batch_answer& b) {
  const auto equal = [](const wire::batch_item& x, const wire::batch_item& y) {
    return x.status == y.status && x.body == y.body && x.date == y.date && x.request_id == y.request_id &&
           x.client_request_id == y.client_request_id && x.throttle_scope == y.throttle_scope && x.retry_after == y.retry_after;
  };
  return std::ranges::equal(a.items, b.items, equal) && a.missing == b.missing && a.foreign == b.foreign && a.repeated == b.repeated &&
         a.unreadable == b.unreadable;
}

// Each item, as the answer to any of the operations.
void understand(const wire::batch_item& item, wire::parser& parser) {
  using convoke::operation;
  static const auto wanted = [] {
    convoke::meeting_spec s;
    s.organizer = "5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f";
    s.external_id = "BIO-101";
    s.start = convoke::parse_utc("2026-09-01T08:00:00Z").value();
    s.end = convoke::parse_utc("2026-09-01T09:30:00Z").value();
    return s;
  }();
  for (const auto op : {operation::create_or_get, operation::update, operation::get, operation::remove}) {
    convoke::engine::answer a;
    convoke::graph::understand(item, {}, {.op = op, .wanted = wanted, .meeting_id = "m"}, parser, a);
    if (a.stored && (a.error != convoke::engine::attempt_error::none || item.status == 0 || item.status >= 300)) std::abort();
    if (a.error != convoke::engine::attempt_error::none && a.error_message.empty()) std::abort();
    if (item.status == 0 && a.error == convoke::engine::attempt_error::none) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static wire::batch_reader reused;
  static wire::parser parser;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const std::array<std::string_view, 4> ids{"1", "2", "row-a", "4"};
  wire::batch_answer got, again;
  const auto ok = reused.read(body, ids, got);
  wire::batch_reader fresh;
  const auto ok_again = fresh.read(body, ids, again);
  // The reader's earlier input makes no difference.
  if (ok.has_value() != ok_again.has_value() || !same(got, again)) std::abort();
  if (!ok && (ok.error().code != convoke::errc::protocol || got.missing != ids.size())) std::abort();
  for (const auto& item : got.items) {
    if (item.status != 0 && (item.status < 100 || item.status > 599)) std::abort();
    (void)parser.parse_meeting(item.body);
    (void)parser.parse_error(item.body);
    understand(item, parser);
  }
  return 0;
}

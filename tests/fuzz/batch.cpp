#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

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
  }
  return 0;
}

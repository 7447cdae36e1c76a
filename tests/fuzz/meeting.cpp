#include <cstdint>
#include <cstdlib>
#include <string>

#include <convoke/key.hpp>

#include "wire/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static convoke::wire::parser reused;
  // A copy of the exact size, so that AddressSanitizer sees a read past the end.
  const std::string body(reinterpret_cast<const char*>(data), size);
  convoke::wire::named_organizer named, named_again;
  const auto got = reused.parse_meeting(body, &named);
  convoke::wire::parser fresh;
  const auto again = fresh.parse_meeting(body, &named_again);
  // The parser's earlier input makes no difference.
  if (got.has_value() != again.has_value() || (got && *got != *again)) std::abort();
  if (named.participant != named_again.participant || named.context != named_again.context) std::abort();
  using convoke::wire::text_limits;
  if (got && (got->id.size() > text_limits::id || got->join_web_url.size() > text_limits::url)) std::abort();
  // Any text names an object id in lower case, or nothing.
  for (const auto& who : {named.participant, named.context, convoke::wire::organizer_in_id(body), convoke::wire::organizer_in_context(body),
                          convoke::wire::organizer_in_join_url(body)})
    if (!who.empty() && convoke::parse_guid(who) != who) std::abort();
  if (!got && got.error().code != convoke::errc::protocol) std::abort();
  return 0;
}

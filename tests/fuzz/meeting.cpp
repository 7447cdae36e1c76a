#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <convoke/key.hpp>

#include "core/meeting_options.hpp"
#include "wire/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static convoke::wire::parser reused;
  // A copy of the exact size, so that AddressSanitizer sees a read past the end.
  const std::string body(reinterpret_cast<const char*>(data), size);
  convoke::wire::named_organizer named, named_again;
  std::vector<convoke::option_value> options;
  for (const auto& one : convoke::core::meeting_options()) options.push_back({.option = one.number, .value = {}});
  const auto got = reused.parse_meeting(body, &named, options);
  convoke::wire::parser fresh;
  const auto again = fresh.parse_meeting(body, &named_again, options);
  // An option that is read has a value that it takes, or is an empty list.
  for (const auto& one : got ? got->options : options) {
    if (one.value.empty()) continue;
    const auto value = convoke::core::canonical_value(*convoke::core::option_numbered(one.option), one.value);
    if (!value || *value != one.value) std::abort();
  }
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

#include "sim/server/expiry_switches.hpp"

#include "sim/service/expiry.hpp"

namespace convoke::sim {

void add_expiry_flags(std::vector<flag>& all) {
  all.push_back(
      {"--meeting-lifetime", "D",
       "meetings expire this long after their end (default 60d; negative: before it); an update before that extends them by 60 days",
       [](options& o, std::string_view given) -> result<void> {
         const auto value = parse_lifetime(given);
         if (!value) return std::unexpected(value.error());
         o.service.expiry.lifetime = *value;
         return {};
       }});
  all.push_back(
      {"--expired-key", "keep|new|revive",
       "what createOrGet does with the key of an expired meeting, which Graph does not document: return it as it is (default), make "
       "a new one, or extend it",
       [](options& o, std::string_view given) -> result<void> {
         const auto value = parse_expired_key(given);
         if (!value) return std::unexpected(value.error());
         o.service.expiry.key = *value;
         return {};
       }});
}

}  // namespace convoke::sim

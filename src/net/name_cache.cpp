#include "net/name_cache.hpp"

namespace convoke::net {

name_cache::answer name_cache::find(const std::string& host, std::uint16_t port, mono_time now) const {
  const auto found = entries_.find({host, port});
  if (found == entries_.end() || !found->second.addresses || now >= found->second.until) return {};
  return {found->second.addresses, found->second.first};
}

name_cache::answer name_cache::keep(const std::string& host, std::uint16_t port, std::vector<address> addresses, mono_time now) {
  auto& kept = entries_[{host, port}];
  kept.addresses = std::make_shared<const std::vector<address>>(std::move(addresses));
  kept.until = now + lifetime;
  kept.first %= kept.addresses->size();
  return {kept.addresses, kept.first};
}

void name_cache::reached(const std::string& host, std::uint16_t port, const answer& used, std::size_t index) {
  const auto found = entries_.find({host, port});
  if (found != entries_.end() && found->second.addresses == used.addresses) found->second.first = index;
}

void name_cache::failed(const std::string& host, std::uint16_t port, const answer& used, std::size_t index) {
  const auto found = entries_.find({host, port});
  if (found == entries_.end() || found->second.addresses != used.addresses) return;
  found->second.addresses.reset();
  found->second.first = index + 1;
}

}  // namespace convoke::net

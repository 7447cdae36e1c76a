// The places where an answer names the organizer. Ids and links are opaque by Graph's contract, so what does not look as expected counts as
// no statement, never as a contradiction.

#include <convoke/key.hpp>

#include <algorithm>

#include "core/base64.hpp"
#include "core/decoded.hpp"
#include "core/text.hpp"
#include "wire/wire.hpp"

namespace convoke::wire {

namespace {

constexpr std::size_t guid_size = 36;

std::string guid_at(std::string_view text) {
  return parse_guid(text.substr(0, guid_size)).value_or(std::string());
}

}  // namespace

std::string organizer_in_id(std::string_view id) {
  // 52 digits of base64 are 39 bytes, or fewer where they end in padding: `1*`, the 36 characters of the object id, `*`.
  constexpr std::string_view kind = "1*";
  constexpr std::size_t end = kind.size() + guid_size;
  if (id.size() < organizer_digits) return {};
  auto plain = core::decode_base64(id.substr(0, organizer_digits), core::base64_alphabet::standard);
  if (!plain) plain = core::decode_base64(id.substr(0, organizer_digits), core::base64_alphabet::url);
  if (!plain || plain->size() <= end || !plain->starts_with(kind) || (*plain)[end] != '*') return {};
  return guid_at(std::string_view(*plain).substr(kind.size()));
}

std::string organizer_in_join_url(std::string_view url) {
  const auto query = url.substr(std::min(url.find('?'), url.size()));
  constexpr std::string_view name = "context=";
  auto at = query.find(name);
  while (at != std::string_view::npos && query[at - 1] != '?' && query[at - 1] != '&') at = query.find(name, at + 1);
  if (at == std::string_view::npos) return {};
  const auto context = query.substr(at + name.size());
  const auto plain = core::unescaped(context.substr(0, context.find('&')));
  constexpr std::string_view member = "\"oid\"";
  const auto place = core::find_ignoring_case(plain, member);
  if (place == std::string_view::npos) return {};
  auto value = std::string_view(plain).substr(place + member.size());
  const auto quote = value.find('"');
  if (quote == std::string_view::npos || value.substr(0, quote).find_first_not_of(": \t") != std::string_view::npos) return {};
  value.remove_prefix(quote + 1);
  return value.find('"') == guid_size ? guid_at(value) : std::string();
}

std::string organizer_in_context(std::string_view context) {
  constexpr std::string_view name = "#users(";
  const auto at = context.find(name);
  if (at == std::string_view::npos) return {};
  auto value = context.substr(at + name.size());
  value.remove_prefix(value.starts_with('\'') ? 1 : value.starts_with("%27") ? 3 : value.size());
  const bool closed = value.size() > guid_size && (value[guid_size] == '\'' || value.substr(guid_size).starts_with("%27"));
  return closed ? guid_at(value) : std::string();
}

}  // namespace convoke::wire

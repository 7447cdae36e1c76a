#include "spec/attendees.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace convoke::spec {

namespace {

std::optional<attendee_role> parse_role(std::string_view word) {
  const std::string folded = core::fold_name(word);
  for (const attendee_role r : {attendee_role::attendee, attendee_role::presenter, attendee_role::coorganizer}) {
    if (folded == to_string(r)) return r;
  }
  return std::nullopt;
}

}  // namespace

bool is_upn(std::string_view text) noexcept {
  constexpr std::string_view never = ",<>()[]\\\"/?|";
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() || text.rfind('@') != at) return false;
  // A domain ends with a letter or a digit: anything else was copied with the address.
  if (!core::ascii_letter(text.back()) && !core::ascii_digit(text.back())) return false;
  return std::ranges::all_of(text, [never](char c) { return c > 0x20 && c < 0x7F && !never.contains(c); });
}

namespace {

constexpr std::string_view alone = "give the UPN alone, without a name or angle brackets";
constexpr std::string_view no_blanks = "give the UPN alone, without blanks and without a name";

// Of a text with one `@` inside.
std::optional<std::string> odd_character(std::string_view text) {
  if (text.front() == '\'' && text.back() == '\'') return "take out the quotation marks around it";
  const std::string_view punctuation = ".:'-_";
  if (punctuation.contains(text.back())) return "take out what follows the domain: " + std::string(1, text.back());
  const auto odd = std::ranges::find_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (odd == text.end()) return std::nullopt;
  const auto at = static_cast<std::size_t>(odd - text.begin());
  const std::size_t length = std::max<std::size_t>(core::decode_utf8(text.substr(at)).length, 1);
  return "has '" + core::escape_for_people(text.substr(at, length)) + "'; a UPN has ASCII characters only";
}

std::string why_no_id(std::string_view text) {
  constexpr std::string_view separate = "separate attendees by ';'";
  const auto ats = std::ranges::count(text, '@');
  if (text.contains('<')) return std::string(alone) + (ats > 1 ? ", and " + std::string(separate) : std::string());
  if (text.contains(',')) return std::string(separate) + ", not by ','";
  if (text.contains('|')) return std::string(separate) + ", not by '|'";
  const bool blank = std::ranges::any_of(text, [](char c) { return c == ' ' || c == '\t' || c == '(' || c == '"'; });
  if (ats > 1 && blank) return std::string(separate) + ", not by blanks";
  if (ats == 1 && blank) return std::string(text.contains('(') || text.contains('"') ? alone : no_blanks);
  if (ats == 1 && text.front() != '@' && text.back() != '@') {
    if (auto reason = odd_character(text)) return *std::move(reason);
  }
  return "is neither a UPN (name@domain) nor an Entra object id";
}

// Reads one entry into `out`. The reason where it is wrong.
std::optional<std::string> parse_one(std::string_view entry, attendee& out) {
  const std::size_t colon = entry.find(':');
  const std::string_view id = core::trim(entry.substr(0, colon));
  out.role = attendee_role::none;
  if (colon != std::string_view::npos) {
    if (core::equal_ignoring_case(id, "mailto") || core::equal_ignoring_case(id, "smtp"))
      return "give the UPN alone, without '" + std::string(id) + ":'";
    // Of an entry such as Ada <mailto:ada@x.org> the brackets are the first thing to correct.
    if (entry.contains('<')) return why_no_id(entry);
    const auto role = parse_role(core::trim(entry.substr(colon + 1)));
    if (!role) {
      if (entry.contains(',')) return why_no_id(entry);
      return "the role after ':' must be attendee, presenter or coorganizer";
    }
    out.role = *role;
  }
  if (is_upn(id)) {
    out.kind = attendee_id::upn;
    out.value.assign(id);
    core::make_lower(out.value);
    return std::nullopt;
  }
  auto guid = parse_guid(id);
  if (!guid) return why_no_id(id);
  out.kind = attendee_id::object_id;
  out.value = std::move(*guid);
  return std::nullopt;
}

bool same_person(const attendee& a, const attendee& b) noexcept {
  return a.kind == b.kind && a.value == b.value;
}

}  // namespace

bool is_organizer_upn(std::string_view text) noexcept {
  constexpr std::size_t longest = 320;
  return text.size() <= longest && text.find_first_of(":;") == std::string_view::npos && is_upn(text);
}

std::string why_no_organizer(std::string_view text) {
  if (const auto colon = text.find(':'); colon != std::string_view::npos && is_upn(text.substr(colon + 1)))
    return "give the UPN alone, without '" + core::escape_for_people(text.substr(0, colon + 1), 20) + "'";
  if (std::ranges::count(text, '@') > 1) return "a meeting has one organizer: give one UPN (name@domain)";
  if (text.contains('<')) return std::string(alone);
  if (text.contains(' ')) return std::string(text.contains('(') || text.contains('"') ? alone : no_blanks);
  if (std::ranges::count(text, '@') == 1 && text.front() != '@' && text.back() != '@')
    if (auto reason = odd_character(text)) return *std::move(reason);
  return "is neither a UPN (name@domain) nor an Entra object id";
}

void parse_attendees(std::string_view cell, std::vector<attendee>& out, std::vector<attendee_fault>& faults) {
  std::size_t count = 0;  // elements of the previous row are overwritten, to reuse the memory of their strings
  while (!cell.empty()) {
    const auto separates = [](char c) { return c == ';' || c == '\n' || c == '\r'; };
    const auto end = static_cast<std::size_t>(std::ranges::find_if(cell, separates) - cell.begin());
    const std::string_view entry = core::trim(cell.substr(0, end));
    cell.remove_prefix(std::min(end + 1, cell.size()));
    if (entry.empty()) continue;
    if (count == out.size()) out.emplace_back();
    if (auto reason = parse_one(entry, out[count])) {
      faults.push_back({std::string(entry), std::move(*reason)});
    } else {
      ++count;
    }
  }
  out.resize(count);
  std::ranges::sort(out);
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (same_person(out[i - 1], out[i]) && out[i - 1].role != out[i].role) {
      faults.push_back({out[i].value, "is named twice with different roles"});
    }
  }
  const auto rest = std::ranges::unique(out, same_person);
  out.erase(rest.begin(), rest.end());
}

}  // namespace convoke::spec

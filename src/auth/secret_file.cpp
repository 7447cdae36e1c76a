#include <algorithm>
#include <string>

#include "auth/auth.hpp"
#include "auth/private_file.hpp"
#include "core/text.hpp"

namespace convoke::auth {
namespace {

std::unexpected<error> refuse(const std::string& path, const std::string& why) {
  return fail(errc::credentials, "the secret file " + path + " " + why);
}

// Leaves the secret alone: editors add a byte-order mark and line ends, and copying adds blanks. No secret of Entra has them.
void strip(std::string& text) {
  const auto kept = core::trim(text);
  const auto begin = static_cast<std::size_t>(kept.data() - text.data());
  // In place, and without leaving a second copy of the last bytes.
  std::fill(std::copy(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(begin + kept.size()),
                      text.begin()),
            text.end(), '\0');
  text.resize(kept.size());
}

bool is_utf16(std::string_view text) noexcept {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return true;
  // Without a byte-order mark every second byte of ASCII is NUL.
  const auto nul = [text](std::size_t i) { return text[i] == '\0'; };
  return text.size() >= 4 && nul(0) != nul(1) && nul(0) == nul(2) && nul(1) == nul(3);
}

// `AZURE_CLIENT_SECRET=value`, as in files of environment variables.
bool looks_like_assignment(std::string_view text) noexcept {
  if (text.starts_with("export ")) text.remove_prefix(7);
  const auto equals = text.find('=');
  // Base64 ends with `=`.
  if (equals == std::string_view::npos || equals == 0 || text.find_first_not_of('=', equals) == std::string_view::npos) return false;
  const std::string_view name = text.substr(0, equals);
  const auto upper = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.contains('_') && std::ranges::all_of(name, [&](char c) { return upper(c) || core::ascii_digit(c); })) return true;
  const std::string folded = core::fold_name(name);
  return folded.ends_with("secret") || folded == "password" || folded == "key" || folded == "value" || folded == "token";
}

}  // namespace

std::optional<std::string> flaw_of_secret(std::string_view text) {
  if (text.empty()) return "is empty";
  const bool quoted = text.front() == '"' || text.front() == '\'';
  if (quoted && text.size() > 1 && text.back() == text.front()) return "begins and ends with a quotation mark: remove them";
  if (quoted) return "begins with a quotation mark, which no client secret has: remove it";
  // U+2018 to U+201F, and U+00AB: what word processors make of quotation marks.
  if (text.starts_with("\u00AB") || (text.starts_with("\xE2\x80") && text.size() > 2 && text[2] >= '\x98' && text[2] <= '\x9F'))
    return "begins with a quotation mark, which no client secret has: remove it";
  if (text.front() == '{' && text.contains("\":")) return "is JSON: it should hold the secret's value and nothing else";
  // `client_secret: value`, as in YAML.
  if (const auto colon = text.find(": "); colon != std::string_view::npos && core::fold_name(text.substr(0, colon)).ends_with("secret"))
    return "begins with a name and a colon: it should hold the value and nothing else";
  if (looks_like_assignment(text)) return "looks like NAME=value: it should hold the value and nothing else";
  if (text.size() > largest_private_file) return "is larger than 64 KiB: it should hold the secret and nothing else";
  for (const char c : text)
    if (c >= 0 && (c < 0x20 || c == 0x7f))
      return "holds more than one line, or control characters: it should hold the secret and nothing else";
  return std::nullopt;
}

result<secret> read_line_file(const std::string& path, std::string_view what) {
  const auto content = read_private_file(path, what);
  if (!content) return std::unexpected(content.error());
  auto line = content->reveal();
  const bool utf16 = is_utf16(line);
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto refused = [&](const char* why) { return fail(errc::credentials, "the " + std::string(what) + " " + path + " " + why); };
  if (utf16) return refused("is UTF-16: save it as UTF-8 or plain ASCII");
  if (line.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos)
    return refused("holds more than one line: it should have one line and nothing else");
  return secret(std::string(line));
}

result<secret> read_secret_file(const std::string& path) {
  auto content = read_private_file(path, "secret file");
  if (!content) return content;
  // A copy of the same size: a string that grows leaves its old bytes behind.
  std::string text(content->reveal());
  const bool utf16 = is_utf16(text);
  strip(text);
  const auto flaw = flaw_of_secret(text);
  secret out(std::move(text));
  if (utf16) return refuse(path, "is UTF-16: save it as UTF-8 or plain ASCII");
  // With several lines it is probably another file than the user meant, such as a key.
  if (flaw) return refuse(path, *flaw);
  return out;
}

}  // namespace convoke::auth

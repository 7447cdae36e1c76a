#include "sim/server/http_request.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

constexpr std::string_view line_end = "\r\n";

struct framing {
  std::optional<std::size_t> length;
  bool chunked = false, has_host = false, expects = false, old = false;
};

bool token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, token_char);
}

// Visible ASCII, blanks, tabs. Other bytes that HTTP allows in a field (obs-text) are refused.
bool is_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <class Number>
std::optional<Number> read_number(std::string_view text, int base) {
  Number value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 0, or the status of the refusal.
int read_request_line(std::string_view line, const request_limits& limits, http_request& into, framing& frame) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return 400;
  into.method = line.substr(0, first);
  into.target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(into.method)) return 400;
  if (into.target.size() > limits.target) return 414;
  const bool visible = std::ranges::all_of(into.target, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!into.target.starts_with('/') || !visible) return 400;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return version.starts_with("HTTP/") ? 505 : 400;
  frame.old = version == "HTTP/1.0";
  into.keep_alive = !frame.old;
  return 0;
}

int read_field(std::string_view name, std::string_view value, http_request& into, framing& frame) {
  if (same_ignoring_case(name, "content-length")) {
    const auto length = read_number<std::size_t>(value, 10);
    if (!length || frame.length) return 400;
    frame.length = length;
  } else if (same_ignoring_case(name, "transfer-encoding")) {
    if (frame.chunked || frame.old) return 400;
    if (!same_ignoring_case(value, "chunked")) return 501;
    frame.chunked = true;
  } else if (same_ignoring_case(name, "host")) {
    if (frame.has_host) return 400;
    frame.has_host = true;
    into.host = value;
  } else if (same_ignoring_case(name, "authorization")) {
    into.authorization = value;
  } else if (same_ignoring_case(name, "content-type")) {
    into.content_type = value;
  } else if (same_ignoring_case(name, "client-request-id")) {
    into.client_request_id = value;
  } else if (same_ignoring_case(name, "prefer")) {
    into.prefer = value;
  } else if (same_ignoring_case(name, "metadata")) {
    into.metadata = value;
  } else if (same_ignoring_case(name, "x-identity-header")) {
    into.identity_header = value;
  } else if (same_ignoring_case(name, "connection")) {
    if (lower(value).find("close") != std::string::npos) into.keep_alive = false;
  } else if (same_ignoring_case(name, "expect")) {
    if (!same_ignoring_case(value, "100-continue")) return 417;
    frame.expects = true;
  }
  return 0;
}

int read_head(std::string_view head, const request_limits& limits, http_request& into, framing& frame) {
  auto end = head.find(line_end);
  if (const int status = read_request_line(head.substr(0, end), limits, into, frame); status != 0) return status;
  while (end != std::string_view::npos) {
    head.remove_prefix(end + line_end.size());
    end = head.find(line_end);
    const auto line = head.substr(0, end);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || !is_value(line.substr(colon + 1))) return 400;
    if (const int status = read_field(line.substr(0, colon), trim(line.substr(colon + 1)), into, frame); status != 0) return status;
  }
  if (!frame.has_host && !frame.old) return 400;
  if (frame.chunked && frame.length) return 400;
  return 0;
}

// Reads chunks from `bytes`. Trailers are skipped.
parse_result read_chunks(std::string_view bytes, std::size_t limit, http_request& into) {
  constexpr std::size_t longest_line = 1024;
  std::size_t at = 0;
  while (true) {
    const auto end = bytes.find(line_end, at);
    if (end == std::string_view::npos)
      return bytes.size() - at > longest_line ? parse_result{parse_state::refused, 400, 0} : parse_result{};
    const auto line = bytes.substr(at, end - at);
    const auto size = read_number<std::size_t>(trim(line.substr(0, line.find(';'))), 16);
    if (!size) return {parse_state::refused, 400, 0};
    if (*size > limit || into.decoded.size() + *size > limit) return {parse_state::refused, 413, 0};
    at = end + line_end.size();
    if (*size == 0) break;
    if (bytes.size() - at < *size + line_end.size()) return {};
    into.decoded.append(bytes.substr(at, *size));
    at += *size;
    if (bytes.substr(at, line_end.size()) != line_end) return {parse_state::refused, 400, 0};
    at += line_end.size();
  }
  for (std::size_t trailer = 0;; ++trailer) {
    const auto end = bytes.find(line_end, at);
    if (end == std::string_view::npos)
      return bytes.size() - at > longest_line ? parse_result{parse_state::refused, 400, 0} : parse_result{};
    const bool last = end == at;
    at = end + line_end.size();
    if (last) break;
    if (trailer > 16) return {parse_state::refused, 400, 0};
  }
  into.body = into.decoded;
  return {parse_state::complete, 0, at};
}

}  // namespace

parse_result parse_request(std::string_view bytes, const request_limits& limits, http_request& into) {
  // Empty lines before a request are to be ignored (RFC 9112, 2.2); a few are enough.
  std::size_t skipped = 0;
  while (skipped < 8 && bytes.substr(skipped).starts_with(line_end)) skipped += line_end.size();
  bytes.remove_prefix(skipped);

  const auto end = bytes.substr(0, limits.head).find("\r\n\r\n");
  if (end == std::string_view::npos) return bytes.size() >= limits.head ? parse_result{parse_state::refused, 431, 0} : parse_result{};
  auto decoded = std::move(into.decoded);
  into = http_request();
  decoded.clear();
  into.decoded = std::move(decoded);

  framing frame;
  if (const int status = read_head(bytes.substr(0, end), limits, into, frame); status != 0) return {parse_state::refused, status, 0};
  const auto head_size = end + 4;
  const auto waiting = frame.expects && bytes.size() == head_size ? parse_state::expects_continue : parse_state::incomplete;
  if (frame.chunked) {
    auto read = read_chunks(bytes.substr(head_size), limits.body, into);
    if (read.state == parse_state::incomplete) read.state = waiting;
    if (read.state == parse_state::complete) read.used += skipped + head_size;
    return read;
  }
  const auto length = frame.length.value_or(0);
  if (length > limits.body) return {parse_state::refused, 413, 0};
  if (bytes.size() - head_size < length) return {waiting, 0, 0};
  into.body = bytes.substr(head_size, length);
  return {parse_state::complete, 0, skipped + head_size + length};
}

}  // namespace convoke::sim

#include "sim/server/http_answer.hpp"

#include <iterator>

#include <fmt/format.h>

#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

void write_status(std::string& out, int status) {
  out.clear();
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(status));
  out += ' ';
  out += reason_phrase(status);
  out += "\r\n";
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

void write_answer(std::string& out, const reply& r, bool head, bool close) {
  write_status(out, r.status);
  out += r.headers;
  const std::string_view body = r.body;
  const auto half = body.substr(0, body.size() / 2);
  if (r.how == delivery::cut_chunked) {
    out += "Transfer-Encoding: chunked\r\n\r\n";
    fmt::format_to(std::back_inserter(out), "{:x}\r\n", half.size());
    out += half;
    out += "\r\n";
    return;
  }
  if (r.how == delivery::cut_close) {
    out += "Connection: close\r\n\r\n";
    out += half;
    return;
  }
  if (r.status != 204) {  // RFC 9110, 8.6: no Content-Length
    out += "Content-Length: ";
    append_number(out, body.size());
    out += "\r\n";
  }
  // A cut comes without warning, so the answer does not say that the connection will close.
  out += close && r.how == delivery::whole ? "Connection: close\r\n\r\n" : "\r\n";
  if (!head) out += r.how == delivery::cut_length ? half : body;
}

void write_refusal(std::string& out, int status) {
  write_status(out, status);
  out += "Content-Length: 0\r\nConnection: close\r\n\r\n";
}

}  // namespace convoke::sim

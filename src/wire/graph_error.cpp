#include <string>
#include <string_view>

#include "core/text.hpp"
#include "wire/document.hpp"

namespace convoke::wire {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t message_limit = 500, beginning_limit = 200, word_limit = 100;

// The member as text; empty where it is missing or of another type.
std::string_view text_of(object from, std::string_view name) {
  std::string_view text;
  if (from.at_key(name).get(text) != simdjson::SUCCESS) return {};
  return text;
}

void fill(std::string& into, std::string_view text, std::size_t limit) {
  if (into.empty() && !text.empty()) into = core::escape_for_people(text, limit);
}

void fill_from(graph_error& out, object from) {
  fill(out.code, text_of(from, "code"), word_limit);
  fill(out.message, text_of(from, "message"), message_limit);
  fill(out.request_id, text_of(from, "request-id"), word_limit);
  fill(out.client_request_id, text_of(from, "client-request-id"), word_limit);
}

// OData writes innererror and Graph writes innerError. Each may hold a further one.
bool step_inward(object& at) {
  for (const auto* name : {"innerError", "innererror"}) {
    if (at.at_key(name).get(at) == simdjson::SUCCESS) return true;
  }
  return false;
}

void read_error_object(graph_error& out, object outer) {
  fill_from(out, outer);
  std::string_view number;
  for (object at = outer; step_inward(at);) {
    fill_from(out, at);
    if (const auto code = text_of(at, "code"); !code.empty() && code.find_first_not_of("0123456789") == std::string_view::npos)
      number = code;
  }
  // A number that the workload gives inside an error without a message is all that is known of it; messages have such numbers in front.
  if (out.message.empty() && !number.empty()) out.message = core::escape_for_people(number, word_limit) + ": no message";
  simdjson::dom::array details;
  if (outer.at_key("details").get(details) != simdjson::SUCCESS) return;
  for (const auto item : details) {
    object detail;
    if (item.get(detail) == simdjson::SUCCESS) fill_from(out, detail);
  }
}

// The beginning of a body, on one line: the title of a gateway's page describes the problem.
std::string beginning_of(std::string_view body) {
  constexpr std::size_t enough = 1024;
  std::string line;
  for (const char c : body.substr(0, enough)) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return core::escape_for_people(line, beginning_limit);
}

}  // namespace

graph_error parser::parse_error(std::string_view body) {
  graph_error out;
  const auto first = body.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
  object root, inner;
  const impl::lease buffers(*impl_, body.size());
  const auto understood = impl_->read(body);
  out.whole = !json || understood.error() == simdjson::SUCCESS;
  if (understood.get(root) == simdjson::SUCCESS) {
    if (root.at_key("error").get(inner) == simdjson::SUCCESS) {
      read_error_object(out, inner);
    } else {
      // The form of token endpoints, then that of gateways.
      fill(out.code, text_of(root, "error"), word_limit);
      fill(out.message, text_of(root, "error_description"), message_limit);
      fill_from(out, root);
    }
    if (!out.code.empty() || !out.message.empty() || root.at_key("error").error() == simdjson::SUCCESS) return out;
  }
  out.message = beginning_of(body);
  return out;
}

}  // namespace convoke::wire

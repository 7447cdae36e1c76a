#include "wire/users.hpp"

#include <stdexcept>
#include <utility>

#include <convoke/key.hpp>

#include "core/percent.hpp"
#include "wire/batch.hpp"
#include "wire/document.hpp"

namespace convoke::wire {
namespace {

// Graph takes a name that begins with `$` in parentheses only, as an OData string, in which an apostrophe is written twice.
void append_user(std::string& out, std::string_view upn) {
  if (!upn.starts_with('$')) {
    out += "/users/";
    return core::append_percent_encoded(out, upn);
  }
  std::string text;
  for (const char c : upn) text.append(c == '\'' ? 2 : 1, c);
  out += "/users('";
  core::append_percent_encoded(out, text);
  out += "')";
}

}  // namespace

void append_user_batch(std::string& out, std::span<const user_query> queries) {
  if (queries.size() > most_batch_items) throw std::invalid_argument("append_user_batch: more queries than a batch may have");
  out += R"({"requests":[)";
  bool first = true;
  for (const auto& one : queries) {
    out += std::exchange(first, false) ? R"({"id":")" : R"(,{"id":")";
    out.append(one.id).append(R"(","method":"GET","url":")");
    append_user(out, one.upn);
    out += R"(?$select=id"})";
  }
  out += "]}";
}

result<std::string> parser::parse_user(std::string_view body) {
  const impl::lease buffers(*impl_, body.size());
  simdjson::dom::object members;
  if (const auto failure = impl_->read(body).get(members); failure != simdjson::SUCCESS)
    return fail(errc::protocol, std::string("the answer is not a JSON object: ") + simdjson::error_message(failure));
  std::optional<std::string> found;
  for (const auto member : members) {
    if (member.key != "id") continue;
    std::string_view text;
    if (found) return fail(errc::protocol, "the answer has two ids");
    if (member.value.get(text) != simdjson::SUCCESS) return fail(errc::protocol, "the answer's id is not a string");
    found = parse_guid(text);
    if (!found) return fail(errc::protocol, "the answer's id is no object id");
  }
  if (!found) return fail(errc::protocol, "the answer has no id");
  return *std::move(found);
}

}  // namespace convoke::wire

#include "wire/batch.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/base64.hpp"
#include "core/text.hpp"

namespace convoke::wire {

namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::SUCCESS;

std::unexpected<error> wrong(std::string_view what) {
  return fail(errc::protocol, "the answer of $batch " + std::string(what));
}

// An item while its members are read.
struct found {
  std::string_view id;
  batch_item parts;
  bool has_id = false, has_status = false, has_headers = false, has_body = false;
  bool readable = true;
};

// The text of a value as it was sent: objects and arrays with their brackets, numbers and literals as they are. nullopt where the JSON is
// invalid there.
std::optional<std::string_view> raw(ondemand::value value, ondemand::json_type type) {
  std::string_view text;
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (value.get_object().get(object) != SUCCESS || object.raw_json().get(text) != SUCCESS) return std::nullopt;
  } else if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (value.get_array().get(array) != SUCCESS || array.raw_json().get(text) != SUCCESS) return std::nullopt;
  } else {
    text = value.raw_json_token();
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  }
  return text;
}

// Graph writes ids and header values as strings. A number in their place is taken as its text.
std::optional<std::string_view> word(ondemand::value value) {
  ondemand::json_type type{};
  if (value.type().get(type) != SUCCESS) return std::nullopt;
  if (type == ondemand::json_type::number) return raw(value, type);
  std::string_view text;
  if (type != ondemand::json_type::string || value.get_string().get(text) != SUCCESS) return std::nullopt;
  return text;
}

}  // namespace

// On-demand parsing, because a body is handed on as it was sent; every byte of it is checked when the body itself is parsed.
struct batch_reader::impl {
  explicit impl(const batch_limits& l) : limits(l) {}

  result<> read_answer(std::string_view body, std::span<const std::string_view> ids, batch_answer& into);
  result<> read_items(ondemand::array items, std::span<const std::string_view> ids, batch_answer& into);
  void read_member(ondemand::field field, found& item);
  void read_body(ondemand::value value, batch_item& into);
  void read_headers(ondemand::value value, found& item);
  void read_header(std::string_view name, ondemand::value value, batch_item& into);
  void keep(std::string_view name, std::string_view value, batch_item& into) const;

  batch_limits limits;
  ondemand::parser parser;
  std::string padded;               // the answer, with the spare bytes that simdjson may read behind it
  std::deque<std::string> decoded;  // bodies that were in base64
  std::vector<bool> taken;
};

void batch_reader::impl::keep(std::string_view name, std::string_view value, batch_item& into) const {
  if (value.size() > limits.header_value) value = {};
  if (core::equal_ignoring_case(name, "Retry-After"))
    into.retry_after.push_back(value);
  else if (core::equal_ignoring_case(name, "Date"))
    into.date = value;
  else if (core::equal_ignoring_case(name, "request-id"))
    into.request_id = value;
  else if (core::equal_ignoring_case(name, "client-request-id"))
    into.client_request_id = value;
  else if (core::equal_ignoring_case(name, "x-ms-throttle-scope"))
    into.throttle_scope = value;
}

// A header with several lines may be written as an array.
void batch_reader::impl::read_header(std::string_view name, ondemand::value value, batch_item& into) {
  ondemand::array lines;
  if (value.get_array().get(lines) != SUCCESS) {
    keep(name, word(value).value_or(std::string_view()), into);
    return;
  }
  std::size_t count = 0;
  for (auto line : lines) {
    ondemand::value one;
    if (line.get(one) != SUCCESS || ++count > limits.header_lines) return;
    keep(name, word(one).value_or(std::string_view()), into);
  }
}

// Headers that are not an object are skipped; the status of the item still counts.
void batch_reader::impl::read_headers(ondemand::value value, found& item) {
  ondemand::object headers;
  if (value.get_object().get(headers) != SUCCESS) return;
  std::size_t count = 0;
  for (auto field : headers) {
    std::string_view name;
    ondemand::value content;
    if (++count > limits.header_lines || field.unescaped_key().get(name) != SUCCESS || field.value().get(content) != SUCCESS) {
      item.readable = item.readable && count > limits.header_lines;
      return;
    }
    read_header(name, content, item.parts);
  }
}

// A body is an object, as documented. Errors were also seen as text, and as text in base64.
void batch_reader::impl::read_body(ondemand::value value, batch_item& into) {
  ondemand::json_type type{};
  if (value.type().get(type) != SUCCESS) return;
  if (type == ondemand::json_type::string) {
    std::string_view text;
    if (value.get_string().get(text) != SUCCESS || text.size() > limits.body) return;
    auto bytes = core::decode_base64(text, core::base64_alphabet::standard);
    into.body = bytes ? std::string_view(decoded.emplace_back(*std::move(bytes))) : text;
  } else if (type != ondemand::json_type::null) {
    const auto text = raw(value, type);
    if (text && text->size() <= limits.body) into.body = *text;
  }
}

void batch_reader::impl::read_member(ondemand::field field, found& item) {
  std::string_view name;
  if (field.unescaped_key().get(name) != SUCCESS) {
    item.readable = false;
    return;
  }
  // Of two ids or two statuses of one item neither is believed.
  const auto once = [&item](bool& seen) {
    if (std::exchange(seen, true)) item.readable = false;
  };
  if (name == "id") {
    once(item.has_id);
    const auto id = word(field.value());
    item.readable = item.readable && id && !id->empty();
    item.id = id.value_or(std::string_view());
  } else if (name == "status") {
    once(item.has_status);
    std::int64_t status = 0;
    const bool good = field.value().get_int64().get(status) == SUCCESS && status >= 100 && status <= 599;
    item.readable = item.readable && good;
    item.parts.status = good ? static_cast<int>(status) : 0;
  } else if (name == "headers") {
    once(item.has_headers);
    read_headers(field.value(), item);
  } else if (name == "body") {
    once(item.has_body);
    read_body(field.value(), item.parts);
  }
}

result<> batch_reader::impl::read_items(ondemand::array items, std::span<const std::string_view> ids, batch_answer& into) {
  std::size_t count = 0;
  for (auto entry : items) {
    ondemand::value value;
    if (const auto broken = entry.get(value); broken != SUCCESS)
      return wrong(std::string("is not valid JSON: ") + simdjson::error_message(broken));
    if (++count > limits.items) return wrong("has too many items");
    ondemand::object object;
    found item;
    if (value.get_object().get(object) != SUCCESS) {
      ++into.unreadable;
      continue;
    }
    for (auto member : object) {
      ondemand::field field;
      if (const auto broken = std::move(member).get(field); broken != SUCCESS)
        return wrong(std::string("is not valid JSON: ") + simdjson::error_message(broken));
      read_member(std::move(field), item);
    }
    if (!item.readable || !item.has_id || !item.has_status) {
      ++into.unreadable;
      continue;
    }
    const auto at = static_cast<std::size_t>(
        std::ranges::find_if(ids, [&item](std::string_view id) { return core::equal_ignoring_case(id, item.id); }) - ids.begin());
    if (at == ids.size()) {
      ++into.foreign;
    } else if (taken[at]) {
      ++into.repeated;
      into.items[at].repeated = true;
    } else {
      taken[at] = true;
      into.items[at] = std::move(item.parts);
    }
  }
  return {};
}

result<> batch_reader::impl::read_answer(std::string_view body, std::span<const std::string_view> ids, batch_answer& into) {
  if (body.size() > limits.answer) return wrong("is too large");
  padded.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(body);
  ondemand::document document;
  ondemand::object root;
  auto broken = parser.iterate(padded.data(), padded.size(), padded.capacity()).get(document);
  if (broken == SUCCESS) broken = document.get_object().get(root);
  if (broken != SUCCESS) return wrong(std::string("is not a JSON object: ") + simdjson::error_message(broken));
  bool seen = false;
  for (auto member : root) {
    std::string_view name;
    if (broken = member.unescaped_key().get(name); broken != SUCCESS)
      return wrong(std::string("is not valid JSON: ") + simdjson::error_message(broken));
    if (name != "responses") continue;
    if (std::exchange(seen, true)) return wrong("has \"responses\" twice");
    ondemand::array items;
    if (member.value().get_array().get(items) != SUCCESS) return wrong("has \"responses\" that are not an array");
    if (auto ok = read_items(items, ids, into); !ok) return ok;
  }
  if (!seen) return wrong("has no \"responses\"");
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return wrong("goes on after its end");
  return {};
}

batch_reader::batch_reader(const batch_limits& limits) : impl_(std::make_unique<impl>(limits)) {}
batch_reader::~batch_reader() = default;

result<> batch_reader::read(std::string_view body, std::span<const std::string_view> ids, batch_answer& into) {
  if (ids.size() > most_batch_items) throw std::invalid_argument("batch_reader: more ids than a batch may have");
  for (auto id = ids.begin(); id != ids.end(); ++id) {
    if (std::any_of(ids.begin(), id, [id](std::string_view other) { return core::equal_ignoring_case(*id, other); }))
      throw std::invalid_argument("batch_reader: two items with one id");
  }
  impl_->decoded.clear();
  impl_->taken.assign(ids.size(), false);
  into = {};
  into.items.resize(ids.size());
  auto read = impl_->read_answer(body, ids, into);
  if (!read) {
    into = {};
    into.items.resize(ids.size());
  }
  into.missing = static_cast<std::size_t>(std::ranges::count(into.items, 0, &batch_item::status));
  return read;
}

}  // namespace convoke::wire

#include "wire/observed_options.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/meeting_options.hpp"
#include "wire/wire.hpp"

namespace convoke::wire {

namespace {

using simdjson::dom::element;

// A list as core::canonical_value takes one; nullopt where a part of it is no word, or no short one.
std::optional<std::string> listed(simdjson::dom::array list) {
  std::string out;
  for (const auto item : list) {
    std::string_view word;
    if (item.get(word) != simdjson::SUCCESS || word.empty() || word.size() > text_limits::word) return std::nullopt;
    if (out.size() > text_limits::id) return std::nullopt;
    out.append(out.empty() ? "" : ";").append(word);
  }
  return out;
}

std::optional<std::string> observed(const core::meeting_option& option, element value) {
  std::string text;
  if (option.kind == core::option_kind::boolean) {
    bool truth = false;
    if (value.get(truth) != simdjson::SUCCESS) return std::nullopt;
    return std::string(truth ? "true" : "false");
  }
  if (option.kind == core::option_kind::words) {
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) return std::nullopt;
    auto words = listed(list);
    if (!words) return std::nullopt;
    if (words->empty()) return std::string();
    text = *std::move(words);
  } else {
    std::string_view word;
    if (value.get(word) != simdjson::SUCCESS || word.size() > text_limits::word) return std::nullopt;
    text = word;
  }
  auto canonical = core::canonical_value(option, text);
  return canonical ? std::optional(*std::move(canonical)) : std::nullopt;
}

}  // namespace

result<> option_reader::read_option(const option_value& wanted, std::string_view name, element value) {
  if (std::ranges::find(seen_, name) != seen_.end()) return fail(errc::protocol, "the answer's " + std::string(name) + " comes twice");
  seen_.emplace_back(name);
  const auto* const known = core::option_numbered(wanted.option);
  if (auto found = observed(*known, value)) into_.push_back({.option = wanted.option, .value = *std::move(found)});
  return {};
}

result<> option_reader::read_member(std::string_view name, element value) {
  for (const option_value& one : wanted_) {
    const auto* const known = core::option_numbered(one.option);
    if (known == nullptr || !known->name.starts_with(name)) continue;
    if (known->name.size() == name.size()) {
      if (const auto ok = read_option(one, name, value); !ok) return ok;
      continue;
    }
    simdjson::dom::object parts;
    if (known->name[name.size()] != '.' || value.get(parts) != simdjson::SUCCESS) continue;
    for (const auto part : parts) {
      if (part.key != known->name.substr(name.size() + 1)) continue;
      if (const auto ok = read_option(one, known->name, part.value); !ok) return ok;
    }
  }
  return {};
}

void option_reader::finish() {
  std::ranges::sort(into_);
}

}  // namespace convoke::wire

#include "cli/config_options.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/meeting_options.hpp"
#include "core/text.hpp"

namespace convoke::cli {
namespace {

// The value as it would stand in a cell: a list is written with `;` between.
std::optional<std::string> cell_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* truth = node.as_boolean()) return std::string(truth->get() ? "true" : "false");
  const auto* list = node.as_array();
  if (list == nullptr || list->empty() || !list->is_homogeneous(toml::node_type::string)) return std::nullopt;
  std::string out;
  for (const auto& one : *list) out += (out.empty() ? "" : ";") + one.ref<std::string>();
  return out;
}

// A question ends itself.
std::string sentence(std::string text) {
  return text.ends_with('?') ? text : std::move(text) + ".";
}

class options_reader {
 public:
  options_reader(const std::string& source, const std::string& table) : source_(source), table_(table) {}

  result<void> read(const toml::table& from, const std::string& prefix) {
    for (const auto& [key, node] : from) {
      const auto name = prefix + std::string(key.str());
      const auto* nested = node.as_table();
      // Of an option that is refused as a whole no part is an option either, and the reason is the same.
      const auto read_one = nested != nullptr && !nested->empty() ? read(*nested, name + ".") : add(name, node);
      if (!read_one) return read_one;
    }
    return {};
  }

  option_settings take() { return std::move(out_); }

 private:
  result<void> add(const std::string& name, const toml::node& node) {
    const auto line = node.source().begin.line;
    const auto refuse = [&](const std::string& why) { return fail(errc::usage, fmt::format("{}, line {}: {}", source_, line, why)); };
    const auto known = core::option_named(name);
    if (!known) return refuse(sentence(fmt::format("{}: {}", table_, known.error())));
    const std::string exact((*known)->name);
    if (std::ranges::find(out_, exact, &option_setting::name) != out_.end())
      return refuse(fmt::format("the option {} is in {} twice. Remove one of them.", exact, table_));
    const auto text = cell_text(node);
    if (!text) return refuse(fmt::format("the option {} in {} needs a text, or true or false.", exact, table_));
    std::string value = "-";
    if (*text != value) {
      auto canonical = core::canonical_value(**known, *text);
      if (!canonical) return refuse(sentence(fmt::format("{}: '{}' {}", table_, core::escape_for_people(*text, 60), canonical.error())));
      value = *std::move(canonical);
    }
    const auto inner = table_.substr(1, table_.size() - 2);
    out_.push_back({.name = exact,
                    .value = {.text = std::move(value), .source = source_, .place = fmt::format(", line {}: {}.{}", line, inner, exact)}});
    return {};
  }

  const std::string& source_;
  const std::string& table_;  // `[options]`
  option_settings out_;
};

}  // namespace

result<option_settings> read_options(const toml::node& node, const std::string& source, const std::string& table) {
  const auto* from = node.as_table();
  if (from == nullptr)
    return fail(errc::usage, fmt::format("{}, line {}: 'options' is a table: {} with a line such as allowedPresenters = \"organizer\" for "
                                         "each option.",
                                         source, node.source().begin.line, table));
  options_reader reader(source, table);
  if (const auto read = reader.read(*from, {}); !read) return std::unexpected(read.error());
  return reader.take();
}

}  // namespace convoke::cli

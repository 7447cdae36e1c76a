#include "cli/scenario_file.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "cli/config_text.hpp"
#include "core/text.hpp"
#include "sim/service/setting_values.hpp"
#include "sim/service/text.hpp"

namespace convoke::cli {
namespace {

constexpr std::string_view form = R"(a scenario consists of [[step]] tables with `at` and settings, such as: at = "30s", lane_rate = 100)";

std::string place(const std::string& path, const toml::source_region& where) {
  return fmt::format("{}, line {}, column {}", path, where.begin.line, where.begin.column);
}

class step_reader {
 public:
  explicit step_reader(const std::string& path) : path_(path) {}

  result<sim::scenario_step> read(const toml::table& from) {
    sim::scenario_step step;
    if (!from.contains("at")) return wrong(from, "a step needs `at`, the time since the start, such as \"30s\"");
    for (const auto& [key, node] : from)
      if (auto done = member(step, std::string(key.str()), node); !done) return std::unexpected(std::move(done.error()));
    if (step.until > 0 && step.every <= 0) return wrong(*from.get("until"), "`until` is for a step with `every`");
    return step;
  }

 private:
  [[nodiscard]] std::unexpected<error> wrong(const toml::node& at, std::string_view what) const {
    return fail(errc::usage, fmt::format("{}: {}.", place(path_, at.source()), what));
  }

  result<void> member(sim::scenario_step& step, const std::string& name, const toml::node& node) {
    if (name == "at") return time(node, name, 0, step.at);
    if (name == "every") return time(node, name, 0.01, step.every);
    if (name == "until") return time(node, name, 0, step.until);
    if (name == "grant") return organizers(node, name, step.grant);
    if (name == "revoke") return organizers(node, name, step.revoke);
    const auto text = text_of(node);
    if (!text) return wrong(node, core::escape_for_people(name, 60) + ": it takes a text, a number, true or false, or a list of texts");
    step.changes.emplace_back(name, *text);
    return {};
  }

  result<void> time(const toml::node& node, const std::string& name, double least, double& into) {
    const auto text = text_of(node);
    const auto value = sim::read_seconds(text.value_or(""));
    if (!value || *value < least) return wrong(node, name + R"(: it is a time such as "30s", "1500ms" or "2min")");
    into = *value;
    return {};
  }

  result<void> organizers(const toml::node& node, const std::string& name, std::vector<std::string>& into) {
    const auto* const list = node.as_array();
    if (list == nullptr) return wrong(node, name + ": it is a list of the organizers' ids");
    for (const auto& one : *list) {
      const auto* const id = one.as_string();
      if (id == nullptr || !sim::is_guid(id->get())) return wrong(one, name + ": an organizer is a GUID");
      into.push_back(sim::lower(id->get()));
    }
    return {};
  }

  // As the table of settings takes it.
  static std::optional<std::string> text_of(const toml::node& node) {
    if (const auto* s = node.as_string()) return s->get();
    if (const auto* i = node.as_integer()) return std::to_string(i->get());
    if (const auto* f = node.as_floating_point()) return fmt::format("{}", f->get());
    if (const auto* b = node.as_boolean()) return std::string(b->get() ? "yes" : "no");
    const auto* const list = node.as_array();
    if (list == nullptr) return std::nullopt;
    std::string out;
    for (const auto& one : *list) {
      const auto* const text = one.as_string();
      if (text == nullptr || text->get().empty() || text->get().contains(',')) return std::nullopt;
      out += (out.empty() ? "" : ",") + text->get();
    }
    return out.empty() ? "none" : out;
  }

  const std::string& path_;
};

result<toml::table> parse(std::string_view text, const std::string& path) {
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    return fail(errc::usage, fmt::format("{}: {}.", place(path, e.source()), core::escape_for_people(e.description(), 200)));
  }
}

}  // namespace

result<std::vector<sim::scenario_step>> parse_scenario(std::string_view text, const std::string& path, const sim::behaviour& start) {
  constexpr std::size_t most = 10'000;
  const auto file = parse(text, path);
  if (!file) return std::unexpected(file.error());
  std::vector<sim::scenario_step> steps;
  std::vector<const toml::table*> tables;
  for (const auto& [key, node] : *file) {
    const auto* const list = node.as_array();
    if (key.str() != "step" || list == nullptr) return fail(errc::usage, fmt::format("{}: {}.", place(path, node.source()), form));
    if (list->size() > most) return fail(errc::usage, fmt::format("{}: there are more than {} steps.", place(path, node.source()), most));
    for (const auto& one : *list) {
      const auto* const table = one.as_table();
      if (table == nullptr) return fail(errc::usage, fmt::format("{}: {}.", place(path, one.source()), form));
      auto step = step_reader(path).read(*table);
      if (!step) return std::unexpected(std::move(step.error()));
      steps.push_back(std::move(*step));
      tables.push_back(table);
    }
  }
  if (steps.empty()) return fail(errc::usage, fmt::format("{}: there is no step: {}.", path, form));
  const auto problem = sim::check_scenario(steps, start);
  if (!problem) return steps;
  const auto* const table = tables[problem->step];
  const auto* const node = problem->setting.empty() ? nullptr : table->get(problem->setting);
  return fail(errc::usage, fmt::format("{}: {}.", place(path, node == nullptr ? table->source() : node->source()),
                                       core::escape_for_people(problem->why, 300)));
}

result<std::vector<sim::scenario_step>> read_scenario_file(const std::string& path, const sim::behaviour& start) {
  const auto text = read_config_text(path, config_origin::named);
  if (!text) return std::unexpected(text.error());
  return parse_scenario(*text, path, start);
}

}  // namespace convoke::cli

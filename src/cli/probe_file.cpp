#include "cli/probe_file.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <convoke/key.hpp>

#include "cli/config_text.hpp"
#include "core/text.hpp"
#include "experiments/experiments.hpp"

namespace convoke::cli {
namespace {

constexpr std::int64_t format_of_file = 1;

std::string place(const std::string& path, const toml::source_region& where) {
  return fmt::format("{}, line {}, column {}", core::escape_for_people(path), where.begin.line, where.begin.column);
}

std::unexpected<error> wrong(const std::string& path, const toml::node& at, std::string_view what) {
  return fail(errc::usage, fmt::format("{}: {}.", place(path, at.source()), what));
}

std::optional<std::size_t> number_in(std::string_view text) {
  std::size_t out = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  return bad == std::errc() && end == text.data() + text.size() && out >= 1 && out <= 99'999 ? std::optional(out) : std::nullopt;
}

result<void> read_finding(const std::string& path, std::string_view name, const toml::node& node, probed_service& into) {
  const auto* const asked = experiments::find_question(name);
  if (asked == nullptr)
    return wrong(path, node, fmt::format("findings.{} is no finding of convoke probe", core::escape_for_people(name, 60)));
  const auto* const table = node.as_table();
  if (table == nullptr) return wrong(path, node, fmt::format("findings.{} is not a table", name));
  const auto* const value = table->get("value");
  if (value == nullptr && table->contains("unsettled")) {
    into.unsettled.emplace_back(name);
    return {};
  }
  const auto* const text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr)
    return wrong(path, value == nullptr ? node : *value, fmt::format("findings.{} needs a text as its value, or unsettled", name));
  if (!experiments::can_be(*asked, text->get()))
    return wrong(
        path, *value,
        fmt::format("findings.{}: '{}' is no value that convoke probe writes; {}", name, core::escape_for_people(text->get(), 60),
                    asked->values.empty() ? std::string("this one is always unsettled") : fmt::format("it can be: {}", asked->values)));
  into.values.emplace(name, text->get());
  return {};
}

result<void> read_text(const std::string& path, const toml::table& from, std::string_view name, std::optional<std::string>& into) {
  const auto* const node = from.get(name);
  if (node == nullptr) return {};
  if (const auto* const text = node->as_string(); text != nullptr) {
    into = text->get();
    return {};
  }
  return wrong(path, *node, fmt::format("{} is not a text", name));
}

// Which service the findings are of.
result<void> read_service(const std::string& path, const toml::table& from, probed_service& into) {
  if (const auto* const node = from.get("simulated"); node != nullptr) {
    const auto* const value = node->as_boolean();
    if (value == nullptr) return wrong(path, *node, "simulated is neither true nor false");
    into.simulated = value->get();
  }
  if (auto read = read_text(path, from, "graph_root", into.graph_root); !read) return read;
  return read_text(path, from, "tenant_sha256", into.tenant_sha256);
}

result<toml::table> parse(std::string_view text, const std::string& path) {
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    return fail(errc::usage, fmt::format("{}: {}.", place(path, e.source()), core::escape_for_people(e.description(), 200)));
  }
}

// The setting of a finding, by its value.
struct counterpart {
  std::string_view finding, value, setting, set_to;
};

constexpr counterpart counterparts[] = {
    {"new_status", "200", "new_status", "200"},
    {"new_status", "201", "new_status", "201"},
    {"found_status", "200", "found_status", "200"},
    {"found_status", "201", "found_status", "201"},
    {"repeat_changes", "nothing", "repeat_changes", "nothing"},
    {"repeat_changes", "subject", "repeat_changes", "subject"},
    {"repeat_changes", "times", "repeat_changes", "times"},
    {"repeat_changes", "both", "repeat_changes", "both"},
    {"expiry_shown", "yes", "hide_expiry", "no"},
    {"expiry_shown", "no", "hide_expiry", "yes"},
    {"join_information_shown", "yes", "hide_join_information", "no"},
    {"join_information_shown", "no", "hide_join_information", "yes"},
    {"patch_answer", "meeting", "patch_answer", "meeting"},
    {"patch_answer", "nothing", "patch_answer", "nothing"},
    {"deleted_key", "new", "deleted_key", "new"},
    {"deleted_key", "restored", "deleted_key", "restored"},
    {"deleted_key", "refused", "deleted_key", "refused"},
    {"letter_case", "counts", "letter_case", "counts"},
    {"letter_case", "ignored", "letter_case", "ignored"},
    {"simultaneous", "one", "simultaneous", "one"},
    {"simultaneous", "two", "simultaneous", "two"},
    // A role is seen where answers show roles.
    {"role_presenter", "kept", "show_roles", "yes"},
    {"role_presenter", "kept", "lose_presenters", "no"},
    {"role_presenter", "lost", "show_roles", "yes"},
    {"role_presenter", "lost", "lose_presenters", "yes"},
    {"role_coorganizer", "kept", "show_roles", "yes"},
    {"role_coorganizer", "kept", "lose_coorganizers", "no"},
    {"role_coorganizer", "lost", "show_roles", "yes"},
    {"role_coorganizer", "lost", "lose_coorganizers", "yes"},
    {"options_kept", "yes", "keep_options", "yes"},
    {"options_kept", "no", "keep_options", "no"},
    {"batch", "yes", "no_batch", "no"},
    {"batch", "no", "no_batch", "yes"},
    {"inner_blanks", "kept", "inner_blanks", "kept"},
    {"inner_blanks", "refused", "inner_blanks", "refused"},
    {"outer_blanks", "kept", "outer_blanks", "kept"},
    {"outer_blanks", "trimmed", "outer_blanks", "trimmed"},
    {"outer_blanks", "refused", "outer_blanks", "refused"},
    {"other_letters", "kept", "other_letters", "kept"},
    {"other_letters", "refused", "other_letters", "refused"},
    {"unknown_meeting", "404", "unknown_meeting", "404"},
    {"unknown_meeting", "403", "unknown_meeting", "403"},
    {"unknown_meeting", "400", "unknown_meeting", "400"},
    {"throttle", "integer", "retry_after_form", "integer"},
    {"throttle", "decimal", "retry_after_form", "decimal"},
    {"throttle", "date", "retry_after_form", "date"},
    {"throttle", "joined", "retry_after_form", "joined"},
    {"throttle", "absent", "retry_after_form", "absent"},
};

}  // namespace

result<probed_service> parse_probe_file(std::string_view text, const std::string& path) {
  const auto file = parse(text, path);
  if (!file) return std::unexpected(file.error());
  const auto* const format = file->get("format");
  const auto* const number = format == nullptr ? nullptr : format->as_integer();
  const auto* const findings = file->get("findings");
  const auto* const table = findings == nullptr ? nullptr : findings->as_table();
  if (number == nullptr || table == nullptr)
    return fail(errc::usage, fmt::format("{}: it is no file that `convoke probe` wrote: it needs `format` and [findings.NAME].",
                                         core::escape_for_people(path)));
  if (number->get() != format_of_file)
    return wrong(path, *format,
                 fmt::format("this version of convoke reads format {} only; make the file again with `convoke probe`", format_of_file));
  probed_service out;
  if (auto read = read_service(path, *file, out); !read) return std::unexpected(std::move(read.error()));
  for (const auto& [name, node] : *table)
    if (auto done = read_finding(path, name.str(), node, out); !done) return std::unexpected(std::move(done.error()));
  return out;
}

result<probed_service> read_probe_file(const std::string& path) {
  const auto text = read_config_text(path, config_origin::named);
  if (!text) return std::unexpected(text.error());
  return parse_probe_file(*text, path);
}

std::optional<std::size_t> longest_external_id(const probed_service& from) {
  const auto found = from.values.find("longest_external_id");
  if (found == from.values.end()) return std::nullopt;
  const auto number = number_in(found->second);
  return number && *number < longest_valid_external_id ? number : std::nullopt;
}

simulator_settings settings_of(const probed_service& from) {
  simulator_settings out;
  for (const auto& [name, value] : from.values) {
    bool any = false;
    for (const auto& one : counterparts) {
      if (one.finding != name || one.value != value) continue;
      out.set.emplace_back(one.setting, one.set_to);
      any = true;
    }
    if (name == "longest_external_id") {
      out.set.emplace_back("longest_external_id", std::string(number_in(value) ? value : "0"));
      any = true;
    }
    if (!any) out.without.push_back(name + " = " + value);
  }
  return out;
}

}  // namespace convoke::cli

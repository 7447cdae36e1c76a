#include "spec/row_options.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "spec/kept_roles.hpp"

namespace convoke::spec {

namespace {

// In the form that a spec has; empty where it is none.
std::string default_value(const core::meeting_option& option, const std::string& text) {
  if (text == option_off) return text;
  auto value = core::canonical_value(option, text);
  return value ? *std::move(value) : std::string();
}

}  // namespace

row_options::row_options(const header& head, const row_settings& settings) {
  for (std::size_t i = 0; i < head.roles.size(); ++i) {
    if (head.roles[i] != column_role::option) continue;
    if (const auto* const known = core::option_at(head.options[i])) slot_of(*known).column = i;
  }
  for (const option_default& one : settings.options)
    if (const auto known = core::option_named(one.name)) slot_of(**known).common = default_value(**known, one.value);
  for (std::size_t lane = 0; lane < settings.options_of_lane.size(); ++lane) {
    for (const option_default& one : settings.options_of_lane[lane]) {
      const auto known = core::option_named(one.name);
      if (!known) continue;
      auto& values = slot_of(**known).of_lane;
      values.resize(settings.options_of_lane.size());
      values[lane] = default_value(**known, one.value);
    }
  }
}

row_options::slot& row_options::slot_of(const core::meeting_option& option) {
  const auto number = [](const slot& s) { return s.option->number; };
  const auto at = std::ranges::lower_bound(slots_, option.number, {}, number);
  if (at != slots_.end() && at->option == &option) return *at;
  return *slots_.insert(at, slot{.option = &option, .column = {}, .common = {}, .of_lane = {}});
}

const std::string& row_options::slot::fallback(std::size_t lane) const noexcept {
  return lane < of_lane.size() && !of_lane[lane].empty() ? of_lane[lane] : common;
}

const core::meeting_option* row_options::read(const row_view& row, built_row& out) const {
  const core::meeting_option* lasting = nullptr;
  auto& options = out.wanted.options;
  options.clear();
  for (const slot& one : slots_) {
    const auto cell = one.column ? core::trim(row.fields()[*one.column]) : std::string_view();
    std::string value;
    if (cell.empty()) {
      value = one.fallback(out.lane);
    } else if (cell != option_off) {
      auto read = core::canonical_value(*one.option, cell);
      if (!read) {
        row.wrong_column(*one.column, cell, std::move(read.error()));
        continue;
      }
      value = *std::move(read);
    }
    if (value.empty() || value == option_off) continue;
    if (one.option->name == "allowedPresenters") {
      if (const auto why = why_no_presenters(out.wanted, value); !why.empty()) {
        one.column ? row.wrong_column(*one.column, value, std::string(why))
                   : row.wrong(column_role::attendees, value, "option.allowedPresenters, a default, " + std::string(why));
        continue;
      }
    }
    if (one.option->lasting && lasting == nullptr) lasting = one.option;
    options.push_back({.option = one.option->number, .value = std::move(value)});
  }
  return lasting;
}

std::vector<std::string> row_options::defaults() const {
  std::vector<std::string> out;
  for (const slot& one : slots_) {
    const bool common = !one.common.empty() && one.common != option_off;
    const bool own = std::ranges::any_of(one.of_lane, [](const std::string& v) { return !v.empty(); });
    if (!common && !own) continue;
    const std::string name = std::string(core::option_field) + std::string(one.option->name);
    std::string text = one.column ? "where " + name + " is empty, " : "no column " + name + ": ";
    if (common) text += one.common + " is used, by [options]";
    if (own) text += std::string(common ? "; " : "") + "tenants have defaults of their own, by [tenants.NAME.options]";
    out.push_back(std::move(text));
  }
  return out;
}

}  // namespace convoke::spec

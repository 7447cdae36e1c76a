#include "spec/header.hpp"

#include <algorithm>

#include "core/meeting_options.hpp"
#include "core/text.hpp"
#include "spec/column_names.hpp"

namespace convoke::spec {

namespace {

using enum column_role;

std::string fold(std::string_view name) {
  return core::fold_name(core::trim(name));
}

std::string quoted_name(std::string_view name) {
  return "'" + core::escape_for_people(name, 60) + "'";
}

// As an argument of a command: blanks of any kind become spaces, as they do not count in names.
std::string argument(std::string_view name) {
  std::string out = "'";
  while (!name.empty()) {
    std::size_t length = 1;
    while (length < name.size() && (static_cast<unsigned char>(name[length]) & 0xC0U) == 0x80) ++length;
    const std::string_view character = name.substr(0, length);
    if (character == "'") {
      out += R"('\'')";
    } else if (core::trim(character).empty()) {
      out += ' ';
    } else {
      out += core::escape_for_people(character);
    }
    name.remove_prefix(length);
  }
  return out + "'";
}

std::string option_named(std::string_view role, std::string_view header) {
  return "--column " + std::string(role) + "=" + argument(header);
}

// The names, for a list in a message.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 20;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) out += (i == 0 ? "" : ", ") + quoted_name(names[i]);
  return names.size() > most ? out + " and " + std::to_string(names.size() - most) + " more" : out;
}

// A question about the nearest of these names; empty where none is near.
std::string is_meant(std::string_view wanted, std::span<const std::string_view> names) {
  const auto near = core::nearest(wanted, names);
  return near ? "; is " + quoted_name(*near) + " meant?" : "";
}

// NAME of `option.NAME`.
std::string option_name(std::string_view written) {
  return std::string(core::trim(written.substr(std::min(written.size(), written.find('.') + 1))));
}

// The role that a column whose name is near `near` should probably have; nullopt where a column has it, or has the role that stands for it.
std::optional<column_role> open_role(const header& h, column_role near) {
  const auto has = [&h](column_role role) { return h.place(role).has_value(); };
  switch (near) {
    case start:
    case start_time:
      if (has(start) || has(start_time)) return std::nullopt;
      return has(date) ? start_time : near;
    case date:
      return has(start) || has(date) ? std::nullopt : std::optional(near);
    case end:
    case end_time:
      if (has(end) || has(end_time)) return std::nullopt;
      return has(start_time) && !has(start) ? end_time : near;
    case end_date:
      return has(end) || has(end_date) ? std::nullopt : std::optional(near);
    default:
      return has(near) ? std::nullopt : std::optional(near);
  }
}

class header_reader {
 public:
  header_reader(std::span<const std::string_view> fields, const header_settings& settings) : settings_(settings) {
    for (const std::string_view field : fields) {
      h_.names.emplace_back(core::trim(field));
      folded_.push_back(fold(field));
    }
    h_.roles.resize(fields.size(), carried);
    h_.options.resize(fields.size());
    chosen_.resize(fields.size());
  }

  result<header> read() {
    for (const role_of_header& one : settings_.columns) {
      if (auto chosen = choose_role(one); !chosen) return std::unexpected(chosen.error());
    }
    for (const std::string& name : settings_.carry) {
      if (auto chosen = choose_carry(name); !chosen) return std::unexpected(chosen.error());
    }
    for (std::size_t i = 0; i < h_.names.size(); ++i) give_role(i);
    if (!settings_.accepted_before) {
      check_options();
      check_near_names();
      check_required();
    }
    if (!problems_.empty()) return fail(errc::input, problems_);
    return std::move(h_);
  }

 private:
  struct choice {
    std::string written;  // the role of --column; empty: --carry
    column_role role = carried;
  };

  // The column with this name; an error of the settings where there is none. Nothing for a stored header, whose settings were accepted.
  result<std::optional<std::size_t>> column_named(std::string_view option, std::string_view name) const {
    const std::string folded = fold(name);
    const auto found = folded.empty() ? folded_.end() : std::ranges::find(folded_, folded);
    if (found != folded_.end()) return static_cast<std::size_t>(found - folded_.begin());
    if (settings_.accepted_before) return std::nullopt;
    const std::vector<std::string_view> names(h_.names.begin(), h_.names.end());
    return fail(errc::usage, std::string(option) + ": the input has no column " + quoted_name(name) + is_meant(name, names) +
                                 "; its columns are " + listed(h_.names));
  }

  result<void> choose_role(const role_of_header& one) {
    const std::string option_text = option_named(core::escape_for_people(one.role, 60), one.header);
    const column_role role = role_named(fold(one.role));
    if (role == carried || role == ignored) {
      const auto names = role_names();
      return fail(errc::usage, option_text + ": there is no role " + quoted_name(one.role) + is_meant(one.role, names) + all_roles());
    }
    if (role == option && !settings_.accepted_before)
      if (const auto known = core::option_named(option_name(one.role)); !known)
        return fail(errc::usage, option_text + ": " + known.error());
    const auto at = column_named(option_text, one.header);
    if (!at) return std::unexpected(at.error());
    if (!*at) return {};
    auto& choice = chosen_[**at];
    if (choice && (choice->role != role || (role == option && fold(choice->written) != fold(one.role)))) {
      return fail(errc::usage, option_text + " and " + option_named(choice->written, one.header) +
                                   ": a column can have one role only; keep one of them");
    }
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      if (i == **at || !chosen_[i] || !same_role(*chosen_[i], one.role, role)) continue;
      return fail(errc::usage, option_text + " and " + option_named(chosen_[i]->written, h_.names[i]) +
                                   " give the same role to two columns; keep one of them");
    }
    choice = {one.role, role};
    return {};
  }

  result<void> choose_carry(const std::string& name) {
    const std::string option_text = "--carry " + argument(name);
    const auto at = column_named(option_text, name);
    if (!at) return std::unexpected(at.error());
    if (!*at) return {};
    auto& choice = chosen_[**at];
    if (choice && choice->role != carried) {
      return fail(errc::usage, option_text + " and " + option_named(choice->written, name) + " contradict each other; keep one of them");
    }
    choice = {"", carried};
    return {};
  }

  static bool same_role(const choice& a, std::string_view written, column_role role) {
    return a.role == role && (role != option || fold(a.written) == fold(written));
  }

  static std::string all_roles() {
    std::string out = "; the roles are ";
    for (std::size_t role = 0; role < single_roles; ++role) out += std::string(name_of(static_cast<column_role>(role))) + ", ";
    return out + "option.NAME";
  }

  // True where --column gives the role of column `i` to another column.
  bool taken(std::size_t i, column_role role) const {
    return std::ranges::any_of(chosen_, [&](const auto& c) { return c && same_role(*c, folded_[i], role); });
  }

  void give_role(std::size_t i) {
    column_role role = folded_[i].empty() ? unnamed : role_named(folded_[i]);
    std::string_view written = h_.names[i];
    if (chosen_[i]) {
      role = chosen_[i]->role;
      written = chosen_[i]->written;
    } else if (role <= option && taken(i, role)) {
      role = carried;
    }
    if (const auto earlier = duplicate_of(i, role)) {
      if (settings_.accepted_before)
        role = carried;
      else
        report_duplicate(*earlier, i, role);
    }
    h_.roles[i] = role;
    if (const auto n = static_cast<std::size_t>(role); n < single_roles) h_.places[n] = i;
    if (role == option) h_.options[i] = option_name(written);
    if (role == carried) h_.carried.push_back(i);
  }

  // An earlier column that means the same as this one.
  std::optional<std::size_t> duplicate_of(std::size_t i, column_role role) const {
    // The failed file of a failed file has its columns twice; results of results have those of results twice.
    if (role == ignored || role == unnamed || (role == carried && named_as_in_results(folded_[i]))) return std::nullopt;
    const auto same = std::ranges::find(folded_.begin(), folded_.begin() + static_cast<std::ptrdiff_t>(i), folded_[i]);
    if (const auto at = static_cast<std::size_t>(same - folded_.begin()); at < i) return at;
    return role < option ? h_.place(role) : std::nullopt;
  }

  void report_duplicate(std::size_t a, std::size_t b, column_role role) {
    std::string text = "in the header, " + place_of(a) + " and " + place_of(b) + " mean the same; ";
    if (role < option && folded_[a] != folded_[b]) {
      text += "say which of them is meant, for example with " + option_named(name_of(role), h_.names[a]) + ", or rename or delete one";
    } else {
      text += "rename or delete one of them";
    }
    add_problem(std::move(text));
  }

  // Columns are counted from 1, as spreadsheets do.
  std::string place_of(std::size_t i) const { return "column " + std::to_string(i + 1) + " (" + quoted_name(h_.names[i]) + ")"; }

  // Every option has its exact name from here on.
  void check_options() {
    for (std::size_t i = 0; i < h_.names.size(); ++i) {
      if (h_.roles[i] == option) {
        const auto known = core::option_named(h_.options[i]);
        if (known) {
          h_.options[i] = (*known)->name;
        } else {
          add_problem(place_of(i) + ": " + known.error());
        }
      } else if (h_.roles[i] == carried && !chosen_[i]) {
        check_forgotten_prefix(i);
      }
    }
  }

  // A column that has the name of an option alone, or `options.NAME`, would only be carried.
  void check_forgotten_prefix(std::size_t i) {
    constexpr std::string_view plural = "options.";
    const bool prefixed = folded_[i].starts_with(plural);
    const auto known = core::option_named(prefixed ? std::string_view(folded_[i]).substr(plural.size()) : folded_[i]);
    if (!known) return;
    const std::string name = std::string(core::option_field) + std::string((*known)->name);
    add_problem(place_of(i) + " has no role, but the name of an option: call it '" + name + "', use it with " +
                option_named(name, h_.names[i]) + ", or only carry it to the results with --carry " + argument(h_.names[i]));
  }

  void check_near_names() {
    for (const std::size_t i : h_.carried) {
      if (chosen_[i] || role_named(folded_[i]) != carried || named_as_in_results(folded_[i])) continue;
      for (const column_role near : near_roles(h_.names[i])) {
        const auto role = open_role(h_, near);
        if (!role) continue;
        near_reported_.push_back(*role);
        add_problem(place_of(i) + " has no role, but its name is near that of '" + std::string(name_of(*role)) +
                    "', which no column has: use it with " + option_named(name_of(*role), h_.names[i]) +
                    " (in a file: [columns]), or only carry it to the results with --carry " + argument(h_.names[i]));
        break;
      }
    }
  }

  void check_required() {
    const auto require = [this](std::initializer_list<column_role> one_of, std::string_view text) {
      // That no column has a role has been said where one has a near name.
      const auto settled = [this](column_role r) { return h_.place(r) || std::ranges::find(near_reported_, r) != near_reported_.end(); };
      if (std::ranges::none_of(one_of, settled)) add_problem("the header has no column " + std::string(text) + why_taken_away(one_of));
    };
    if (settings_.needs_organizer) require({organizer}, "'organizer' (or user_id, organizer_id, organizer_upn, organizer_email)");
    if (settings_.needs_external_id) require({external_id}, "'external_id', and no --external-id template is given");
    require({start, start_time, date}, "'start' (or start_date_time, or date and start_time)");
  }

  // Of a column that has the name of one of these roles, and lost it by the settings.
  std::string why_taken_away(std::span<const column_role> roles) const {
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      if (!chosen_[i] || std::ranges::find(roles, role_named(folded_[i])) == roles.end()) continue;
      if (chosen_[i]->role == carried) return ", as " + place_of(i) + " is only carried by --carry " + argument(h_.names[i]);
      return ", as " + place_of(i) + " has another role by " + option_named(chosen_[i]->written, h_.names[i]);
    }
    return {};
  }

  void add_problem(std::string text) {
    if (!problems_.empty()) problems_ += "; ";
    problems_ += text;
  }

  const header_settings& settings_;
  header h_;
  std::vector<std::string> folded_;
  std::vector<std::optional<choice>> chosen_;  // by --column and --carry
  std::vector<column_role> near_reported_;
  std::string problems_;
};

}  // namespace

std::optional<std::size_t> header::find(std::string_view name) const {
  const std::string folded = fold(name);
  if (folded.empty()) return std::nullopt;
  const column_role role = role_named(folded);
  // The first name of a role means the role, also where another column has this name.
  if (role < option && fold(name_of(role)) == folded && place(role)) return place(role);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (fold(names[i]) == folded) return i;
  }
  return role < option ? place(role) : std::nullopt;
}

result<header> read_header(std::span<const std::string_view> fields, const header_settings& settings) {
  return header_reader(fields, settings).read();
}

}  // namespace convoke::spec

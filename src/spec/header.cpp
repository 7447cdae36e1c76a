#include "spec/header.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace convoke::spec {

namespace {

struct known_name {
  std::string_view folded;
  column_role role;
};

constexpr std::array<known_name, 26> known{{
    {"organizer", column_role::organizer},   {"userid", column_role::organizer},
    {"organizerid", column_role::organizer}, {"externalid", column_role::external_id},
    {"subject", column_role::subject},       {"start", column_role::start},
    {"startdatetime", column_role::start},   {"end", column_role::end},
    {"enddatetime", column_role::end},       {"date", column_role::date},
    {"startdate", column_role::date},        {"starttime", column_role::start_time},
    {"enddate", column_role::end_date},      {"endtime", column_role::end_time},
    {"repeat", column_role::repeat},         {"skipdates", column_role::skip_dates},
    {"title", column_role::subject},         {"duration", column_role::duration},
    {"timezone", column_role::time_zone},    {"tz", column_role::time_zone},
    {"attendees", column_role::attendees},   {"participants", column_role::attendees},
    {"tenant", column_role::tenant},         {"chatthreadid", column_role::chat_thread_id},
    {"convokeline", column_role::ignored},   {"convokeerror", column_role::ignored},
}};

std::string fold(std::string_view name) {
  return core::fold_name(core::trim(name));
}

column_role role_of(std::string_view folded) {
  for (const known_name& k : known) {
    if (k.folded == folded) return k.role;
  }
  return folded.starts_with("option.") ? column_role::option : column_role::carried;
}

std::string quoted(std::string_view name) {
  return "'" + core::escape_for_people(name, 60) + "'";
}

// Columns are counted from 1, as spreadsheets do.
std::string place_of(const header& h, std::size_t i) {
  const std::string number = "column " + std::to_string(i + 1);
  return h.names[i].empty() ? number + " (which has no name)" : number + " (" + quoted(h.names[i]) + ")";
}

// A question about a column of the file whose name may be a misspelling of `wanted`; empty where there is none.
std::string suggestion(const header& h, std::string_view wanted) {
  std::vector<std::string_view> unknown;
  for (const std::size_t i : h.carried) unknown.push_back(h.names[i]);
  const auto near = core::nearest(wanted, unknown);
  return near ? "; is " + quoted(*near) + " meant?" : "";
}

result<void> check_required(const header& h, bool needs_external_id) {
  std::string lacking;
  const auto require = [&](column_role role, std::string_view name, std::string_view also) {
    if (h.place(role)) return;
    lacking += (lacking.empty() ? "" : "; ") + std::string("the header has no column '") + std::string(name) + "'" + std::string(also) +
               suggestion(h, name);
  };
  require(column_role::organizer, "organizer", " (or user_id, organizer_id)");
  if (needs_external_id) require(column_role::external_id, "external_id", " and no --external-id template is given");
  if (!h.place(column_role::date) && !h.place(column_role::start_time)) require(column_role::start, "start", " (or start_date_time)");
  if (lacking.empty()) return {};
  return fail(errc::input, lacking);
}

}  // namespace

std::optional<std::size_t> header::find(std::string_view name) const {
  const std::string folded = fold(name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (fold(names[i]) == folded) return i;
  }
  const auto role = static_cast<std::size_t>(role_of(folded));
  return role < single_roles ? places[role] : std::nullopt;
}

result<header> read_header(std::span<const std::string_view> fields, const header_settings& settings) {
  header h;
  std::vector<std::string> folded;
  for (const std::string_view field : fields) {
    const std::size_t i = h.names.size();
    h.names.emplace_back(core::trim(field));
    folded.push_back(fold(field));
    const column_role role = role_of(folded.back());
    h.roles.push_back(role);
    if (role == column_role::ignored) continue;  // the failed file of a failed file has these columns twice
    std::optional<std::size_t> duplicate;
    if (const auto same = std::ranges::find(folded.begin(), folded.end() - 1, folded.back()); same != folded.end() - 1) {
      duplicate = static_cast<std::size_t>(same - folded.begin());
    }
    if (const auto n = static_cast<std::size_t>(role); n < single_roles) {
      if (!duplicate) duplicate = h.places[n];
      h.places[n] = i;
    }
    if (duplicate) {
      return fail(errc::input,
                  "in the header, " + place_of(h, *duplicate) + " and " + place_of(h, i) + " mean the same; rename or delete one of them");
    }
    if (role == column_role::carried) h.carried.push_back(i);
  }
  if (const auto r = check_required(h, settings.needs_external_id); !r) return std::unexpected(r.error());
  return h;
}

}  // namespace convoke::spec

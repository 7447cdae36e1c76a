#include "report/plan_object.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "report/forecast.hpp"
#include "report/json_text.hpp"
#include "report/local_time.hpp"
#include "report/summary.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

json::object key_json(const named_key& k) {
  return {{"organizer", json_text(k.organizer)}, {"external_id", json_text(k.external_id)}};
}

json::array sample_json(const std::vector<named_key>& keys) {
  json::array out;
  for (const auto& k : keys) out.push_back(key_json(k));
  return out;
}

json::array sample_json(const std::vector<replaced_key>& keys) {
  json::array out;
  for (const auto& k : keys) out.push_back(json::object{{"now", key_json(k.now)}, {"before", key_json(k.before)}});
  return out;
}

json::array organizers_json(const plan_summary& s) {
  json::array out;
  for (const auto& o : s.organizers)
    out.push_back(json::object{{"organizer", o.organizer},
                               {"calls", o.calls},
                               {"new", o.new_keys},
                               {"made_this_month", o.made_this_month},
                               {"vanished", o.vanished}});
  return out;
}

std::string_view word(column_use::kind use) noexcept {
  switch (use) {
    case column_use::kind::used:
      return "used";
    case column_use::kind::carried:
      return "carried";
    case column_use::kind::ignored:
      return "ignored";
  }
  return "unknown";
}

json::array columns_json(const plan_summary& s) {
  json::array out;
  for (const auto& c : s.columns)
    out.push_back(json::object{{"column", c.column},
                               {"header", json_text(c.header)},
                               {"use", word(c.use)},
                               {"role", c.role.empty() ? json::value(nullptr) : json::value(json_text(c.role))}});
  return out;
}

json::array input_warnings_json(const plan_summary& s) {
  json::array out;
  for (const auto& w : s.warnings)
    out.push_back(json::object{{"kind", to_string(w.kind)}, {"rows", w.rows}, {"line", w.first_line}, {"example", json_text(w.example)}});
  return out;
}

json::array texts_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(json_text(text));
  return out;
}

json::array lanes_json(const plan_summary& s, utc_time now) {
  json::array out;
  for (const auto& lane : s.lanes)
    out.push_back(json::object{{"name", lane.name.empty() ? json::value(nullptr) : json::value(json_text(lane.name))},
                               {"tenant", json_text(lane.tenant)},
                               {"app", json_text(lane.app)},
                               {"calls", lane.calls},
                               {"new", lane.new_keys},
                               {"forecast", forecast_json(lane.expected, now)}});
  return out;
}

}  // namespace

json::object plan_object(std::uint32_t run, const plan_summary& s, utc_time now) {
  return {{"run", run == 0 ? json::value(nullptr) : json::value(run)},
          {"kind", to_string(s.kind)},
          {"feed", s.feed.empty() ? json::value(nullptr) : json::value(json_text(s.feed))},
          {"records", s.records},
          {"empty_rows", s.empty_records},
          {"other_tenants", s.other_tenants},
          {"removed_before", s.removed_before},
          {"rows", s.rows},
          {"calls", s.calls},
          {"new", s.new_keys},
          {"changed", s.changed_keys},
          {"retried", s.retried_keys},
          {"extended", s.extended_keys},
          {"expired", s.expired_keys},
          {"updates", s.update_keys},
          {"updates_for_settings", s.settings_keys},
          {"unchanged", s.unchanged},
          {"drifted", s.drifted},
          {"rejected", s.rejected},
          {"rejected_records", s.rejected_records},
          {"duplicates", s.duplicates},
          {"superseded", s.superseded},
          {"owed_elsewhere", s.owed_elsewhere},
          {"owed_elsewhere_sample", sample_json(s.owed_elsewhere_sample)},
          {"vanished", s.vanished},
          {"vanished_sample", sample_json(s.vanished_sample)},
          {"gets", s.get_keys},
          {"repaired", s.repaired_keys},
          {"gone", s.gone},
          {"unknown", s.unknown},
          {"other_feed", s.other_feed},
          {"left_out", s.left_out},
          {"left_out_runs", json::array(s.left_out_runs.begin(), s.left_out_runs.end())},
          {"removals", s.kind == run_kind::remove ? s.remove_keys : removals_of(s)},
          {"removals_sample", sample_json(s.remove_sample)},
          {"removals_barred", s.kind == run_kind::provision ? json::value(to_string(s.barred)) : json::value(nullptr)},
          {"expire_early", s.expire_early},
          {"expire_early_sample", sample_json(s.expire_early_sample)},
          {"changed_ids", s.changed_ids},
          {"changed_ids_removed", s.changed_ids_removed},
          {"changed_ids_sample", sample_json(s.changed_ids_sample)},
          {"moved", s.moved},
          {"moved_removed", s.moved_removed},
          {"moved_sample", sample_json(s.moved_sample)},
          {"organizers", organizers_json(s)},
          {"look_ups", json::object{{"names", s.look_ups.names},
                                    {"from_cache", s.look_ups.cached},
                                    {"looked_up", s.look_ups.looked_up},
                                    {"unknown", s.look_ups.unknown}}},
          {"lanes", lanes_json(s, now)},
          {"columns", columns_json(s)},
          {"defaults", texts_json(s.defaults)},
          {"input_warnings", input_warnings_json(s)},
          {"forecast", s.expected ? json::value(forecast_json(*s.expected, now)) : json::value(nullptr)},
          {"warnings", texts_json(plan_warnings(s))}};
}

void add_wrong_rows(json::object& to, const reported& more) {
  json::array rows;
  for (const auto& row : more.wrong_rows) rows.push_back(json::object{{"line", row.line}, {"error", json_text(row.error)}});
  to["wrong_rows"] = std::move(rows);
  to["wrong_rows_left_out"] = more.wrong_rows_left_out;
}

json::array notes_json(const std::vector<std::string>& notes) {
  return texts_json(notes);
}

std::string plan_json(std::uint32_t run, const plan_summary& s, utc_time now, const reported& more) {
  auto out = plan_object(run, s, now);
  add_wrong_rows(out, more);
  out["notes"] = notes_json(more.notes);
  return json_line(out);
}

std::string error_json(const error& why, int exit_code, utc_time now, const reported& more) {
  json::object out{{"exit_code", exit_code}, {"error", json_text(why.message)}};
  if (why.come_back) {
    out["come_back_s"] = why.come_back->count();
    out["come_back_at"] = local_time(std::chrono::floor<std::chrono::seconds>(now) + *why.come_back);
  }
  if (more.refused) out["plan"] = plan_object(0, *more.refused, {});
  if (more.refused || !more.wrong_rows.empty()) add_wrong_rows(out, more);
  if (!more.notes.empty()) out["notes"] = notes_json(more.notes);
  return json_line(out);
}

}  // namespace convoke::report

#include "run/probe_journal.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "auth/private_file.hpp"
#include "core/text.hpp"

namespace convoke::run {
namespace {

namespace json = boost::json;

constexpr std::uint64_t format_of_journal = 1;
constexpr std::string_view what_it_is = "journal of a probe";

json::array texts(const std::vector<std::string>& from) {
  return json::array(from.begin(), from.end());
}

json::array findings_of(const experiments::record& from) {
  json::array out;
  for (const auto& one : from.findings)
    out.push_back(json::object{{"name", one.name}, {"value", one.value}, {"unsettled", one.unsettled}, {"evidence", one.evidence}});
  return out;
}

json::array keys_of(const experiments::record& from) {
  json::array out;
  for (const auto& one : from.made)
    out.push_back(json::object{
        {"external_id", one.external_id}, {"ids", texts(one.ids)}, {"removed", texts(one.removed)}, {"uncertain", one.uncertain}});
  return out;
}

// Reads members; the first that is missing or has another type makes it false.
class member_reader {
 public:
  explicit member_reader(const json::object& from) : from_(from) {}

  std::string text(std::string_view name) {
    const auto* value = from_.if_contains(name);
    const auto* found = value == nullptr ? nullptr : value->if_string();
    if (found == nullptr) good_ = false;
    return found == nullptr ? std::string() : std::string(*found);
  }
  unsigned number(std::string_view name) {
    constexpr std::int64_t most = 1'000'000;
    const auto* value = from_.if_contains(name);
    const auto* found = value == nullptr ? nullptr : value->if_int64();
    if (found == nullptr || *found < 0 || *found > most) {
      good_ = false;
      return 0;
    }
    return static_cast<unsigned>(*found);
  }
  utc_time time(std::string_view name) {
    const auto found = parse_utc(text(name));
    if (!found) good_ = false;
    return found.value_or(utc_time());
  }
  const json::array& list(std::string_view name) {
    static const json::array none;
    const auto* value = from_.if_contains(name);
    const auto* found = value == nullptr ? nullptr : value->if_array();
    if (found == nullptr) good_ = false;
    return found == nullptr ? none : *found;
  }
  std::vector<std::string> texts_of(std::string_view name) {
    std::vector<std::string> out;
    for (const auto& one : list(name)) {
      const auto* found = one.if_string();
      if (found == nullptr)
        good_ = false;
      else
        out.emplace_back(*found);
    }
    return out;
  }
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  const json::object& from_;
  bool good_ = true;
};

bool read_findings(const json::array& from, experiments::record& into) {
  for (const auto& one : from) {
    const auto* object = one.if_object();
    if (object == nullptr) return false;
    member_reader read(*object);
    into.findings.push_back(
        {.name = read.text("name"), .value = read.text("value"), .unsettled = read.text("unsettled"), .evidence = read.text("evidence")});
    if (!read.good()) return false;
  }
  return true;
}

bool read_keys(const json::array& from, experiments::record& into) {
  for (const auto& one : from) {
    const auto* object = one.if_object();
    if (object == nullptr) return false;
    member_reader read(*object);
    into.made.push_back({.external_id = read.text("external_id"),
                         .ids = read.texts_of("ids"),
                         .removed = read.texts_of("removed"),
                         .uncertain = read.number("uncertain")});
    if (!read.good()) return false;
  }
  return true;
}

error as_storage(const error& from) {
  return {errc::storage, fmt::format("The probe cannot go on without its journal: {}.", core::escape_for_people(from.message, 400))};
}

}  // namespace

std::string journal_text(const probe_journal& j) {
  return json::serialize(json::object{{"format", format_of_journal},
                                      {"graph_root", j.graph_root},
                                      {"tenant", j.tenant},
                                      {"organizer", j.organizer},
                                      {"attendee", j.attendee},
                                      {"start", format_utc(j.start)},
                                      {"closed_until", j.closed_until ? json::value(format_utc(*j.closed_until)) : json::value(nullptr)},
                                      {"run", j.record.run},
                                      {"calls", j.record.calls},
                                      {"removed", j.record.removed},
                                      {"experiment", j.record.experiment},
                                      {"attempts", j.record.attempts},
                                      {"findings", findings_of(j.record)},
                                      {"made", keys_of(j.record)},
                                      {"usual_presenters", j.record.usual_presenters},
                                      {"usual_chat", j.record.usual_chat}}) +
         "\n";
}

result<probe_journal> parse_journal(std::string_view text) {
  boost::system::error_code wrong;
  const auto document = json::parse(text, wrong);
  const auto* object = wrong ? nullptr : document.if_object();
  if (object == nullptr) return fail(errc::storage, "it is no journal of a probe");
  member_reader read(*object);
  if (read.number("format") != format_of_journal)
    return fail(errc::storage, "it is no journal of a probe that this version of convoke can read");
  probe_journal out{.graph_root = read.text("graph_root"),
                    .tenant = read.text("tenant"),
                    .organizer = read.text("organizer"),
                    .attendee = read.text("attendee"),
                    .start = read.time("start"),
                    .closed_until = {},
                    .record = {.run = read.text("run"),
                               .calls = read.number("calls"),
                               .removed = read.number("removed"),
                               .findings = {},
                               .experiment = read.text("experiment"),
                               .attempts = read.number("attempts"),
                               .made = {},
                               .usual_presenters = read.text("usual_presenters"),
                               .usual_chat = read.text("usual_chat")}};
  if (const auto* closed = object->if_contains("closed_until"); closed != nullptr && !closed->is_null())
    out.closed_until = read.time("closed_until");
  const bool whole = read_findings(read.list("findings"), out.record) && read_keys(read.list("made"), out.record) && read.good();
  if (!whole || out.record.run.empty()) return fail(errc::storage, "a member of this journal is missing or wrong");
  return out;
}

result<std::optional<probe_journal>> read_journal(const std::string& path) {
  std::error_code unknown;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, unknown))) return std::nullopt;
  const auto content = auth::read_private_file(path, what_it_is);
  if (!content) return std::unexpected(as_storage(content.error()));
  auto parsed = parse_journal(content->reveal());
  if (!parsed)
    return fail(errc::storage,
                fmt::format("The journal {} cannot be used: {}. It says which meetings a probe made: look at them before you "
                            "delete it.",
                            core::escape_for_people(path), parsed.error().message));
  return std::optional(std::move(*parsed));
}

result<void> write_journal(const std::string& path, const probe_journal& j) {
  if (const auto written = auth::write_private_file(path, secret(journal_text(j)), what_it_is); !written)
    return std::unexpected(as_storage(written.error()));
  return {};
}

}  // namespace convoke::run

#include "cli/probe.hpp"

#include <functional>
#include <utility>

#include <fmt/format.h>
#include <convoke/probe.hpp>

#include "cli/job_builder.hpp"
#include "core/text.hpp"
#include "files/output.hpp"
#include "report/probe.hpp"

namespace convoke::cli {
namespace {

result<std::chrono::milliseconds> duration_of(const settings& from, std::string_view name) {
  const auto* set = from.find(name);
  const auto value = parse_duration(set == nullptr ? std::string_view() : std::string_view(set->text));
  if (value) return *value;
  return fail(errc::usage, fmt::format("--{}: '{}' is not a duration such as 1s, 250ms or 5m.", name,
                                       core::escape_for_people(set == nullptr ? "" : set->text)));
}

// A person who starts a probe says so each time: a line that stays in a configuration would allow every later one.
result<std::string> allowed_tenant(const settings& from) {
  const auto* const set = from.find("allow-real-tenant");
  if (set == nullptr || set->text.empty() || set->kind == source_kind::flag) return set == nullptr ? std::string() : set->text;
  return fail(errc::usage, fmt::format("{} is not taken: give --allow-real-tenant on the command line, each time.", set->named()));
}

}  // namespace

result<probe_options> probe_options_of(const settings& from, const std::string& file) {
  const auto& organizers = from.lists().organizer;
  if (organizers.size() > 1) return fail(errc::usage, "probe makes the meetings of one organizer: give --organizer once.");
  const auto interval = duration_of(from, "interval"), patience = duration_of(from, "patience");
  const auto allowed = allowed_tenant(from);
  if (!allowed) return std::unexpected(allowed.error());
  if (!interval) return std::unexpected(interval.error());
  if (!patience) return std::unexpected(patience.error());
  return probe_options{.organizer = organizers.empty() ? std::string() : organizers.front().text,
                       .attendee = from.text("attendee"),
                       .allow_real_tenant = *allowed,
                       .journal = file + ".journal",
                       .interval = *interval,
                       .patience = *patience};
}

namespace {

result<void> write_file(const std::string& path, const std::string& text) {
  auto file = files::output::create(path);
  if (!file) return std::unexpected(std::move(file.error()));
  if (auto written = file->write(text); !written) return written;
  return file->commit();
}

}  // namespace

result<int> probe_command(console& out, const settings& from, std::stop_token stop, const std::function<int()>& interrupted) {
  const auto file = from.text("out");
  // The journal lies beside it.
  if (file == "-") return fail(errc::usage, "--out: name a file; the findings are printed on standard output anyway.");
  if (const auto possible = files::check_output(file); !possible) return std::unexpected(possible.error());
  const auto options = probe_options_of(from, file);
  if (!options) return std::unexpected(options.error());
  const auto j = build_job(from, {}, {.lane = true, .credentials = true, .ledger = false});
  if (!j) return std::unexpected(j.error());
  const auto done = probe(*j, *options, [&out](const std::string& line) { out.say(line); }, std::move(stop));
  if (!done) return std::unexpected(done.error());
  const int code = done->end == probe_ending::interrupted ? interrupted() : done->exit_code();
  // A file of half a probe would be taken for a whole one.
  const bool whole = done->end == probe_ending::done || done->end == probe_ending::left_over;
  const auto written = whole ? write_file(file, probe_file_text(*done)) : result<void>();
  out.print(out.json() ? report::probe_json(*done, code) : report::probe_text(*done));
  if (!written) return std::unexpected(written.error());
  if (const auto ended = end_probe(*done, *options); !ended) return std::unexpected(ended.error());
  if (whole)
    out.say(
        fmt::format("Written: {}. `convoke simulate --as {}` behaves so.", core::escape_for_people(file), core::escape_for_people(file)));
  return code;
}

}  // namespace convoke::cli

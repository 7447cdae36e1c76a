#include "run/doctor_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "diagnosis/assess.hpp"
#include "files/zones.hpp"
#include "ledger/inspect.hpp"
#include "ledger/open.hpp"
#include "report/results.hpp"
#include "run/conclude.hpp"
#include "run/skip_dates_file.hpp"
#include "run/validate.hpp"
#include "spec/row_times.hpp"

namespace convoke::run {
namespace {

namespace fs = std::filesystem;

bool in_credential_directory(const fs::path& file) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder != nullptr && *folder == '/' && file.parent_path() == fs::path(folder).lexically_normal();
}

std::string parent_of(const std::string& path) {
  const auto folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

// Wrong rows do not matter here: `check` reports them.
struct row_counter final : observer {
  void wrong_row(std::uint32_t, const std::string&) override { ++wrong; }
  std::uint64_t wrong = 0;
};

// Each may be empty.
result<void> check_zone_and_format(const std::string& zone, const std::string& date_format) {
  auto zones = files::system_zones();
  if (!zones) return std::unexpected(std::move(zones.error()));
  spec::row_settings settings;
  settings.default_zone = zone;
  settings.date_format = date_format;
  return spec::row_times::check(settings, **zones);
}

// What of a job decides about its input.
job reading_only(const job& j) {
  job out;
  out.input = j.input;
  out.plan = j.plan;
  out.plan.skip_invalid = true;
  out.plan.expect_rows.reset();
  out.plan.max_new.reset();
  out.plan.vanished = on_vanished::report;
  out.other_tenants = j.other_tenants;
  out.lanes.clear();
  for (const auto& lane : j.lanes) {
    auto& one = out.lanes.emplace_back();
    one.name = lane.name;
    one.tenant = lane.tenant;
    // Rows of a lane in which a person signs in name no organizer.
    if (!lane.delegated()) continue;
    one.credential = lane.credential;
    one.user = lane.user;
  }
  return out;
}

}  // namespace

diagnosis::file_seen look_at_file(const watched_file& file) {
  diagnosis::file_seen out{.path = file.path, .what = file.what, .secret = file.secret, .provided = file.provided, .problem = {}};
  struct stat there{}, folder{};
  out.link = ::lstat(file.path.c_str(), &there) == 0 && S_ISLNK(there.st_mode);
  if (::stat(file.path.c_str(), &there) != 0 || ::faccessat(AT_FDCWD, file.path.c_str(), R_OK, AT_EACCESS) != 0) {
    out.problem = std::generic_category().message(errno);
    return out;
  }
  out.regular = S_ISREG(there.st_mode);
  out.mode = there.st_mode & 07777;
  out.trusted_owner = there.st_uid == ::geteuid() || there.st_uid == 0;
  out.credential_directory = in_credential_directory(file.path);
  if (::stat(parent_of(file.path).c_str(), &folder) == 0)
    out.open_folder = (folder.st_mode & S_IWOTH) != 0 && (folder.st_mode & S_ISVTX) == 0;
  return out;
}

diagnosis::ledger_seen look_at_ledger(const std::string& url, const std::function<bool()>& interrupted) {
  diagnosis::ledger_seen out{.shown = ledger::shown_ledger(url)};
  auto found = ledger::inspect_ledger(url, interrupted);
  if (!found) {
    out.problem = std::move(found.error());
    return out;
  }
  out.several_processes = found->several_processes;
  out.exists = found->exists;
  out.not_writable = std::move(found->not_writable);
  out.holder = std::move(found->holder);
  out.version = found->version;
  out.own_version = found->own_version;
  out.pages = std::move(found->pages);
  out.server = std::move(found->server);
  out.encrypted = found->encrypted;
  out.exposures = ledger::ledger_exposures(url);
  return out;
}

std::vector<error> look_at_settings(const job& j, const std::stop_token& stop) {
  std::vector<error> out;
  const auto keep = [&out](const result<void>& valid) {
    if (!valid && valid.error().code != errc::interrupted) out.push_back(valid.error());
  };
  keep(validate_before_sign_in(j, job_use::check));
  keep(check_zone_and_format({}, j.plan.date_format));
  keep(check_zone_and_format(j.plan.time_zone, {}));
  // What can be read only once is left to the input.
  std::error_code unknown;
  const auto kind = fs::status(j.plan.skip_dates, unknown).type();
  if (kind == fs::file_type::regular || kind == fs::file_type::directory || kind == fs::file_type::not_found) {
    const auto skipped = read_skip_dates(j.plan.skip_dates, j.plan.date_format, {.drain = stop, .at_once = {}});
    keep(skipped ? result<void>() : std::unexpected(skipped.error()));
  }
  keep(check_outputs(j, job_use::apply));
  if (!j.results.empty() && j.results != "-") {
    const auto format = report::format_of(j.results);
    keep(format ? result<void>() : std::unexpected(format.error()));
  }
  return out;
}

input_organizers look_at_input(const job& j, std::span<const error> known, std::stop_token stop) {
  input_organizers out{.by_lane = std::vector<std::vector<std::string>>(j.lanes.size()), .found = {}};
  diagnosis::input_seen seen{.name = j.input, .problem = {}};
  row_counter counter;
  const auto reading = reading_only(j);
  const auto planned = check(reading, counter, std::move(stop));
  if (!planned) {
    seen.problem = planned.error();
    const auto same = [&](const error& one) { return planned.error().message.contains(one.message); };
    out.found = std::ranges::any_of(known, same) ? diagnosis::skipped("input", {}, core::escape_for_people(j.input),
                                                                      "not read, because of a setting: see the check configuration")
                                                 : diagnosis::assess(seen);
    return out;
  }
  for (const auto& one : planned->organizers) {
    if (one.lane >= out.by_lane.size()) continue;
    out.by_lane[one.lane].push_back(one.organizer);
    ++seen.organizers;
  }
  for (auto& lane : out.by_lane) {
    std::ranges::sort(lane);
    const auto same = std::ranges::unique(lane);
    lane.erase(same.begin(), same.end());
  }
  seen.rows = planned->rows;
  seen.wrong = counter.wrong;
  seen.skip_invalid = j.plan.skip_invalid;
  out.found = diagnosis::assess(seen);
  return out;
}

}  // namespace convoke::run

#include "cli/doctor.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <convoke/doctor.hpp>

#include "cli/credentials.hpp"
#include "cli/job_builder.hpp"
#include "cli/secret_files.hpp"
#include "core/text.hpp"
#include "report/doctor.hpp"

namespace convoke::cli {
namespace {

// As wide as the terminal, within limits in which the table is readable.
report::table_style style_of_output(const settings& from) {
  report::table_style out;
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  out.colour = terminal && from.environment("NO_COLOR").empty() && from.environment("TERM") != "dumb";
  winsize size{};
  if (terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    out.width = std::clamp<std::size_t>(size.ws_col, 80, 120);
  return out;
}

// Prints the findings as they come, with a heading for each tenant.
class table {
 public:
  table(console& out, const settings& from) : out_(out), style_(style_of_output(from)) {}

  void add(const finding& f) {
    if (out_.json()) return;
    if (f.lane != lane_) out_.print_as_is(report::lane_heading(f.lane, style_));
    lane_ = f.lane;
    out_.print_as_is(report::finding_text(f, style_));
  }
  void end(const doctor_report& r) {
    if (out_.json())
      out_.print(report::doctor_json(r));
    else
      out_.print("\n" + report::doctor_summary(r) + "\n");
  }

 private:
  console& out_;
  report::table_style style_;
  std::string lane_;
};

std::string lane_name(const settings& tenant) {
  return core::escape_for_people(tenant.tenant_name().empty() ? tenant.text("tenant") : tenant.tenant_name());
}

void add_credential_files(const settings& tenant, credential_kind kind, std::vector<watched_file>& into) {
  const auto add = [&](std::string_view option, const char* what, bool provided = false) {
    if (const auto* value = tenant.find(option); value != nullptr && may_be_a_secret(option, *value)) return;
    if (auto path = tenant.text(option); !path.empty())
      into.push_back({.path = std::move(path), .what = what, .secret = !provided, .provided = provided, .lane = lane_name(tenant)});
  };
  switch (kind) {
    case credential_kind::client_secret:
      if (!tenant.environment("AZURE_CLIENT_SECRET").empty() && tenant.text("client-secret-file").empty()) return;
      add("client-secret-file", "client secret");
      if (const auto folder = tenant.environment("CREDENTIALS_DIRECTORY"); tenant.text("client-secret-file").empty() && !folder.empty())
        into.push_back({.path = folder + "/convoke-secret", .what = "client secret", .lane = lane_name(tenant)});
      return;
    case credential_kind::client_certificate:
      add("client-certificate-file", "certificate with its key");
      add("client-certificate-passphrase-file", "passphrase of the key");
      return;
    case credential_kind::workload_identity:
      add("federated-token-file", "token of the identity provider", true);
      return;
    default:
      return;
  }
}

std::vector<watched_file> files_of(const settings& from) {
  std::vector<watched_file> out;
  std::error_code unknown;
  if (const auto config = from.text("config"); !config.empty() && std::filesystem::is_regular_file(config, unknown))
    out.push_back({.path = config, .what = "configuration", .secret = false, .lane = {}});
  for (const auto& tenant : from.tenants()) {
    const auto chosen = choose_credential(tenant, is_azure_machine());
    if (chosen && *chosen) add_credential_files(tenant, (*chosen)->kind, out);
    for (const auto& [option, what, secret] : {std::tuple("proxy-credentials-file", "credentials of the proxy", true),
                                               std::tuple("ca-file", "certificates of authorities", false)}) {
      auto path = tenant.text(option);
      const auto same = [&](const watched_file& known) { return known.path == path; };
      if (!path.empty() && std::ranges::none_of(out, same) && !may_be_a_secret(option, *tenant.find(option)))
        out.push_back({.path = std::move(path), .what = what, .secret = secret, .lane = lane_name(tenant)});
    }
  }
  return out;
}

// Those that are there.
void watch_saved_sign_ins(const job& j, std::vector<watched_file>& into) {
  std::error_code unknown;
  for (const auto& lane : j.lanes)
    if (!lane.sign_in_file.empty() && std::filesystem::exists(lane.sign_in_file, unknown))
      into.push_back({.path = lane.sign_in_file,
                      .what = "saved sign-in",
                      .lane = core::escape_for_people(lane.name.empty() ? lane.tenant : lane.name)});
}

result<unsigned> most_organizers(const settings& from) {
  unsigned out = 0;
  const auto text = from.text("most-organizers");
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (wrong == std::errc() && end == text.data() + text.size() && out >= 1 && out <= 100'000) return out;
  return fail(errc::usage, fmt::format("--most-organizers: '{}' is not a whole number from 1 to 100000.", core::escape_for_people(text)));
}

}  // namespace

result<int> doctor_command(console& out, const settings& from, const std::string& input, std::stop_token stop) {
  const auto most = most_organizers(from);
  if (!most) return std::unexpected(most.error());
  auto built = build_partial_job(from, input);
  doctor_options options{.configuration = from.text("config"),
                         .files = files_of(from),
                         .problems = std::move(built.problems),
                         .organizers = {},
                         .most_organizers = *most,
                         .sign_in_wanted = [&out](const sign_in_prompt& prompt) { out.sign_in_wanted(prompt); }};
  watch_saved_sign_ins(built.made, options.files);
  for (const auto& one : from.lists().organizer) options.organizers.push_back(one.text);
  table printed(out, from);
  const auto done = doctor(built.made, options, [&printed](const finding& f) { printed.add(f); }, std::move(stop));
  if (!done) return std::unexpected(done.error());
  printed.end(*done);
  return done->exit_code();
}

int doctor_without_settings(const invocation& what, const error& why) {
  std::map<std::string, std::string, std::less<>> flags;
  for (const auto* name : {"output", "log-format", "progress"})
    if (const auto given = what.flags.find(name); given != what.flags.end()) flags.insert(*given);
  std::map<std::string, std::string, std::less<>> environment;
  for (const auto& [name, value] : process_environment())
    if (name == "NO_COLOR" || name == "TERM") environment.emplace(name, value);
  const auto none = settings::resolve(flags, environment, "-");
  if (!none) return refuse(none.error());
  auto out = console::create(*none, {});
  if (!out) return refuse(out.error());
  table printed(**out, *none);
  doctor_report found;
  found.findings.push_back(
      {.check = "configuration",
       .lane = {},
       .subject = {},
       .status = finding_status::failed,
       .seen = why.message,
       .advice = "Correct what the message names, and run the command again: without settings nothing else can be checked.",
       .exit_code = exit_code(why.code)});
  printed.add(found.findings.front());
  printed.end(found);
  return (*out)->finish(found.exit_code());
}

}  // namespace convoke::cli

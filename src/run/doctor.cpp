#include <convoke/doctor.hpp>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "diagnosis/assess.hpp"
#include "run/context.hpp"
#include "run/doctor_files.hpp"
#include "run/doctor_lane.hpp"
#include "run/run_to_end.hpp"

namespace convoke {
namespace {

namespace asio = boost::asio;
using namespace run;

constexpr std::string_view client_secret_file = "client secret";  // watched_file::what

// Collects the findings and reports each.
class findings {
 public:
  findings(doctor_report& into, const std::function<void(const finding&)>& watch) : into_(into), watch_(watch) {}
  void add(finding f) {
    into_.findings.push_back(std::move(f));
    if (watch_) watch_(into_.findings.back());
  }

 private:
  doctor_report& into_;
  const std::function<void(const finding&)>& watch_;
};

result<void> check_options(const doctor_options& options) {
  if (options.most_organizers < 1 || options.most_organizers > 100'000)
    return fail(errc::usage, "--most-organizers: the number must be 1 to 100,000.");
  if (options.patience.count() < 0 || options.patience > std::chrono::days(1))
    return fail(errc::usage, "the time that throttled reads are waited for must be 0 to one day.");
  return {};
}

std::string name_of(const lane_options& lane) {
  return core::escape_for_people(lane.name.empty() ? lane.tenant : lane.name);
}

finding of_problem(const set_up_problem& problem, const job& j) {
  using namespace diagnosis;
  const bool credential = problem.why.code == errc::credentials;
  const int leads_to = credential                          ? of_credentials
                       : problem.why.code == errc::network ? of_network
                       : problem.why.code == errc::input   ? of_input
                                                           : of_configuration;
  return {.check = "configuration",
          .lane = problem.lane && *problem.lane < j.lanes.size() ? name_of(j.lanes[*problem.lane]) : std::string(),
          .subject = credential ? "credential" : "",
          .status = finding_status::failed,
          .seen = core::escape_for_people(problem.why.message, 2000),
          .advice = "Correct what the message names, and run the command again. The checks that need it are skipped.",
          .exit_code = leads_to};
}

void check_this_machine(const job& j, const doctor_options& options, std::span<const error> settings,
                        const std::function<bool()>& interrupted, findings& to) {
  const bool whole = std::ranges::any_of(options.problems, [](const auto& one) { return !one.lane; });
  if (!whole && settings.empty())
    to.add({.check = "configuration",
            .lane = {},
            .subject = core::escape_for_people(options.configuration, 2000),
            .seen = options.configuration.empty() ? "no file: flags and environment only" : "it can be read",
            .advice = {}});
  for (const auto& problem : options.problems)
    if (!problem.lane) to.add(of_problem(problem, j));
  for (const auto& wrong : settings) to.add(of_problem({.lane = {}, .why = wrong}, j));
  for (const auto& file : options.files)
    if (file.lane.empty()) to.add(diagnosis::assess(look_at_file(file), file.lane));
  if (j.ledger.empty() || interrupted()) return;
  for (auto& f : diagnosis::assess(look_at_ledger(j.ledger, interrupted))) to.add(std::move(f));
}

// What is on this machine for this lane.
void check_lane_here(std::size_t index, const job& j, const doctor_options& options, findings& to) {
  const auto name = name_of(j.lanes[index]);
  for (const auto& problem : options.problems)
    if (problem.lane == index) to.add(of_problem(problem, j));
  for (const auto& file : options.files)
    if (!file.lane.empty() && file.lane == name) to.add(diagnosis::assess(look_at_file(file), name));
}

// Of each lane those that are named, then those of the input, each once. A named organizer is read in every lane.
std::vector<std::string> organizers_of(const doctor_options& options, std::vector<std::string> from_input) {
  std::vector<std::string> out;
  const auto add = [&out](const std::string& one) {
    if (std::ranges::none_of(out, [&](const auto& known) { return core::equal_ignoring_case(known, one); })) out.push_back(one);
  };
  for (const auto& one : options.organizers) add(one);
  for (const auto& one : from_input) add(one);
  return out;
}

// Empty: it comes from no file.
std::string secret_file_of(const lane_options& lane, const doctor_options& options) {
  if (lane.signs_in_by() != credential_kind::client_secret) return {};
  const auto of_lane = [name = name_of(lane)](const watched_file& one) { return one.lane == name && one.what == client_secret_file; };
  const auto found = std::ranges::find_if(options.files, of_lane);
  return found == options.files.end() ? std::string() : found->path;
}

}  // namespace

result<doctor_report> doctor(const job& j, const doctor_options& options, const std::function<void(const finding&)>& watch,
                             std::stop_token stop) {
  if (const auto valid = check_options(options); !valid) return std::unexpected(valid.error());
  const auto io = make_context();
  if (!io) return std::unexpected(io.error());
  doctor_report out;
  findings to(out, watch);
  const auto interrupted = [&stop] { return stop.stop_requested(); };
  const auto settings = look_at_settings(j, stop);
  check_this_machine(j, options, settings, interrupted, to);
  input_organizers from_input{.by_lane = std::vector<std::vector<std::string>>(j.lanes.size()), .found = {}};
  if (!j.input.empty() && !interrupted()) {
    from_input = look_at_input(j, settings, stop);
    to.add(from_input.found);
  }
  proxy_logins refused_logins;
  for (std::size_t i = 0; i < j.lanes.size() && !interrupted(); ++i) {
    const auto& lane = j.lanes[i];
    check_lane_here(i, j, options, to);
    const auto problem = std::ranges::find(options.problems, std::optional(i), &set_up_problem::lane);
    if (lane.graph_url.empty()) {
      to.add(diagnosis::skipped("tls", name_of(lane), {}, "the address of the service is not known: see the check configuration"));
      continue;
    }
    const auto of_its_proxy = [i](const set_up_problem& one) { return one.proxy && one.lane == i; };
    if (std::ranges::any_of(options.problems, of_its_proxy)) {
      to.add(
          diagnosis::skipped("proxy", name_of(lane), {}, "nothing is sent, because the proxy is not known: see the check configuration"));
      continue;
    }
    auto tls = tls_contexts::create(std::span(&lane, 1));
    if (!tls) {
      to.add(of_problem({.lane = i, .why = tls.error()}, j));
      to.add(diagnosis::skipped("tls", name_of(lane), {}, "without the authorities to trust there is no connection"));
      continue;
    }
    auto organizers = organizers_of(options, lane.delegated() ? std::vector<std::string>() : std::move(from_input.by_lane[i]));
    const auto read = lane.delegated() ? organizers.size() : std::min<std::size_t>(organizers.size(), options.most_organizers);
    const auto left_out = organizers.size() - read;
    organizers.resize(read);
    lane_examination one(**io, *tls,
                         {.lane = lane,
                          .pace = j.pace,
                          .refused_logins = refused_logins,
                          .name = name_of(lane),
                          .credential_usable = problem == options.problems.end(),
                          .secret_file = secret_file_of(lane, options),
                          .organizers = std::move(organizers),
                          .left_out = left_out,
                          .patience = options.patience,
                          .sign_in_wanted = options.sign_in_wanted},
                         [&to](finding f) { to.add(std::move(f)); });
    run_to_end(**io, one, stop);
    // What the examination left behind ends before it does.
    one.stop();
    (*io)->poll();
  }
  if (interrupted()) return fail(errc::interrupted, "Interrupted: the checks are not complete. Run the same command again.");
  return out;
}

}  // namespace convoke

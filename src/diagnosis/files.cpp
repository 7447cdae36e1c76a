#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/text.hpp"
#include "diagnosis/assess.hpp"
#include "diagnosis/commands.hpp"

namespace convoke::diagnosis {
namespace {

constexpr unsigned others_read_or_write = 077, others_write = 022, not_of_a_credential_directory = 027;
constexpr std::size_t longest_path = 4096;

// What is wrong with a file that only its owner may use; empty: nothing.
std::string flaw_of_secret_file(const file_seen& f) {
  if (f.link) return "is a symbolic link: name the file itself";
  if (!f.regular) return "is not a regular file";
  if (!f.trusted_owner) return "belongs to another user: it must be yours or root's";
  const auto forbidden = f.credential_directory ? not_of_a_credential_directory : others_read_or_write;
  if ((f.mode & forbidden) != 0) return fmt::format("has mode {:04o}: other users can read or write it", f.mode);
  return {};
}

finding assess_secret_file(const file_seen& f, finding out) {
  if (auto flaw = flaw_of_secret_file(f); !flaw.empty()) {
    out.status = finding_status::failed;
    out.exit_code = of_credentials;
    out.seen = fmt::format("the {} {}", f.what, flaw);
    out.advice = "A file with a secret is used only where its owner alone can read it.";
    if ((f.mode & others_read_or_write) != 0 && f.regular && !f.link) out.commands = {"chmod 600 " + in_shell(f.path)};
    return out;
  }
  out.seen = fmt::format("{}, mode {:04o}", f.what, f.mode);
  if (!f.open_folder) return out;
  out.status = finding_status::warning;
  out.advice = "Every user of this machine can replace this file, because its folder can be written by all: run `chmod o-w` on the folder.";
  return out;
}

}  // namespace

finding skipped(std::string check, std::string lane, std::string subject, std::string why) {
  return {.check = std::move(check),
          .lane = std::move(lane),
          .subject = std::move(subject),
          .status = finding_status::skipped,
          .seen = std::move(why),
          .advice = {}};
}

finding assess(const file_seen& f, const std::string& lane) {
  finding out{.check = "file", .lane = lane, .subject = core::escape_for_people(f.path, longest_path), .seen = {}, .advice = {}};
  if (!f.problem.empty()) {
    out.status = finding_status::failed;
    out.exit_code = f.secret ? of_credentials : of_configuration;
    out.seen = fmt::format("the {} cannot be read: {}", f.what, core::escape_for_people(f.problem));
    out.advice = "Check the name, and that this user may read the file.";
    return out;
  }
  if (f.provided) {
    out.seen = fmt::format("{}, mode {:04o}; another program writes it", f.what, f.mode);
    return out;
  }
  if (f.secret) return assess_secret_file(f, std::move(out));
  out.seen = fmt::format("{}, mode {:04o}", f.what, f.mode);
  if ((f.mode & others_write) == 0 && f.trusted_owner && !f.open_folder) return out;
  out.status = finding_status::warning;
  out.advice = "Other users can change this file, and with it where secrets are sent.";
  if ((f.mode & others_write) != 0) out.commands = {"chmod go-w " + in_shell(f.path)};
  return out;
}

finding assess(const input_seen& i) {
  finding out{.check = "input", .lane = {}, .subject = core::escape_for_people(i.name, longest_path), .seen = {}, .advice = {}};
  if (i.problem) {
    out.status = finding_status::failed;
    out.exit_code = i.problem->code == errc::input ? of_input : of_configuration;
    out.seen = i.problem->message;
    out.advice = fmt::format("`convoke check {}` shows how the file is read.", out.subject);
    return out;
  }
  const auto count = [](std::uint64_t n, std::string_view what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); };
  out.seen = fmt::format("{} of {}", count(i.rows, "row"), count(i.organizers, "organizer"));
  if (i.wrong == 0) return out;
  out.seen += fmt::format("; {} {} wrong, and not looked at for organizers", count(i.wrong, "row"), i.wrong == 1 ? "is" : "are");
  out.advice = fmt::format("`convoke check {}` lists them.", out.subject);
  out.status = i.skip_invalid ? finding_status::warning : finding_status::failed;
  if (i.skip_invalid) return out;
  out.exit_code = of_input;
  out.advice += " A run sends nothing while rows are wrong: correct them, or leave them out with --skip-invalid.";
  return out;
}

}  // namespace convoke::diagnosis

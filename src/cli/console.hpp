#pragma once

// Output: data goes to standard output, everything else to standard error.

#include <cstdint>
#include <memory>
#include <string>

#include <convoke/job.hpp>

#include "cli/options.hpp"
#include "cli/signals.hpp"
#include "report/progress.hpp"
#include "report/summary.hpp"

namespace spdlog {
class logger;
}

namespace convoke::cli {

class console final : public observer {
 public:
  // errc::usage for words that are not among the choices.
  [[nodiscard]] static result<std::unique_ptr<console>> create(const settings& from, const std::string& input);
  ~console() override;

  [[nodiscard]] bool json() const noexcept { return json_; }
  // False where standard output is closed or full; from then on nothing is written to it.
  bool print(const std::string& data);
  // The same for text whose control characters are there on purpose.
  bool print_as_is(const std::string& data);
  [[nodiscard]] bool stdout_failed() const noexcept { return stdout_failed_; }
  // A line on standard error: information, a warning, an error.
  void say(const std::string& line);
  void warn(const std::string& line);
  void complain(const std::string& line);
  // A warning that programs get as well, in the object that the command prints.
  void caution(const std::string& line);
  // What was reported so far, for that object.
  [[nodiscard]] const report::reported& reported() const noexcept { return reported_; }
  // How a plan is shown: a line on standard error (apply), or on standard output its counts (plan, dry run) or the use of the input's
  // columns (check).
  enum class plan_view : std::uint8_t { line, counts, columns };
  void show_plan_as(plan_view view) noexcept { view_ = view; }
  // Standard output carries the results themselves: the summary moves to standard error.
  void results_on_stdout() noexcept { results_on_stdout_ = true; }
  void print_summary(const std::string& text);

  // How a command ends that failed: its error as a line and, for programs, as an object. Returns the exit code; 0 for `code`: the error's
  // own.
  [[nodiscard]] int fail_with(const error& why, int code = 0);
  // How a command ends that succeeded. Where standard output was closed or full that is reported, and makes 0 the exit code of a lost
  // output.
  [[nodiscard]] int finish(int code);

  // Keeps these signals informed about the call phase of a job; they must outlive this.
  void report_phases_to(signals& caught) noexcept { caught_ = &caught; }

  void sign_in_wanted(const sign_in_prompt& prompt) override;
  [[nodiscard]] result<void> confirm_removal(const removal_question& question) override;
  void entered(job_phase phase) override;
  void wrong_row(std::uint32_t line, const std::string& why) override;
  void planned(std::uint32_t run, const plan_summary& summary) override;
  void refused(const plan_summary& summary) override;
  void resumed(std::uint32_t run, std::uint64_t rows, std::uint64_t owed) override;
  void expected(const forecast& f) override;
  void note(const std::string& line) override;
  void trouble(std::uint32_t line, const std::string& what) override;
  void advanced(const progress& p) override;

 private:
  void keep_note(const std::string& line);
  [[nodiscard]] std::string fit_for_terminal(const std::string& data) const;

  console(bool json, bool verbose, std::string input, std::shared_ptr<spdlog::logger> log, report::progress_printer progress);

  bool json_;
  bool verbose_;
  plan_view view_ = plan_view::line;
  bool results_on_stdout_ = false;
  bool stdout_failed_ = false;
  signals* caught_ = nullptr;
  std::string input_;
  report::reported reported_;  // kept for programs only
  std::shared_ptr<spdlog::logger> log_;
  report::progress_printer progress_;
};

}  // namespace convoke::cli

#include "cli/console.hpp"

#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include "cli/descriptors.hpp"
#include "cli/lifecycle.hpp"
#include "core/json_string.hpp"
#include "core/text.hpp"
#include "os/clock.hpp"
#include "report/forecast.hpp"
#include "report/summary.hpp"
#include "report/wording.hpp"

namespace convoke::cli {
namespace {

// What a program gets in one object at most: a file can have a million wrong rows.
constexpr std::size_t most_wrong_rows = 10'000, most_notes = 1'000;

// One event is one line: `warning: …` for people, an object for programs.
class line_formatter final : public spdlog::formatter {
 public:
  explicit line_formatter(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    const auto level = message.level == spdlog::level::err ? "error" : message.level == spdlog::level::warn ? "warning" : "info";
    std::string line;
    if (json_) {
      line = fmt::format(R"({{"time":"{}","level":"{}","message":)",
                         format_utc(std::chrono::floor<std::chrono::milliseconds>(message.time)), level);
      core::append_visible_json_string(line, text);
      line += "}\n";
    } else {
      if (message.level == spdlog::level::err || message.level == spdlog::level::warn) line = fmt::format("{}: ", level);
      core::append_without_controls(line, text, core::shown_in::terminal);
      line += '\n';
    }
    to.append(line.data(), line.data() + line.size());
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<line_formatter>(json_); }

 private:
  bool json_;
};

// Writes whole lines, also where a write is interrupted. A line that cannot be written is dropped.
class stderr_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_text(STDERR_FILENO, std::string_view(line.data(), line.size()));
  }
  void flush_() override {}
};

result<report::progress_style> progress_style(const std::string& word, bool quiet) {
  using enum report::progress_style;
  if (word == "none" || quiet) return none;
  if (word == "tty") return tty;
  if (word == "plain") return plain;
  if (word == "json") return json;
  if (word == "auto" || word.empty()) return ::isatty(STDERR_FILENO) == 1 ? tty : plain;
  return fail(errc::usage, fmt::format("--progress '{}' is none of auto, tty, plain, json and none.", core::escape_for_people(word)));
}

}  // namespace

console::console(bool json, bool verbose, std::string input, std::shared_ptr<spdlog::logger> log, report::progress_printer progress)
    : json_(json), verbose_(verbose), input_(std::move(input)), log_(std::move(log)), progress_(progress) {}

console::~console() {
  progress_.clear();
}

result<std::unique_ptr<console>> console::create(const settings& from, const std::string& input) {
  const auto output = from.text("output");
  if (output != "text" && output != "json")
    return fail(errc::usage, fmt::format("--output '{}' is neither text nor json.", core::escape_for_people(output)));
  const auto log_format = from.text("log-format");
  if (log_format != "text" && log_format != "json")
    return fail(errc::usage, fmt::format("--log-format '{}' is neither text nor json.", core::escape_for_people(log_format)));
  const bool quiet = from.flag("quiet");
  const auto style = progress_style(from.text("progress"), quiet);
  if (!style) return std::unexpected(style.error());
  auto log = std::make_shared<spdlog::logger>("convoke", std::make_shared<stderr_sink>());
  log->set_formatter(std::make_unique<line_formatter>(log_format == "json"));
  log->set_level(quiet ? spdlog::level::err : spdlog::level::info);
  log->set_error_handler([](const std::string&) {});  // a closed standard error must not end a run
  const auto shown = input == "-" ? "standard input" : core::escape_for_people(input);
  return std::unique_ptr<console>(
      new console(output == "json", from.flag("verbose"), shown, std::move(log), report::progress_printer(*style, stderr)));
}

// What is quoted from input, service or system is escaped where it is quoted. This also catches what was overlooked there. JSON has escapes
// of its own.
std::string console::fit_for_terminal(const std::string& data) const {
  return json_ ? data : core::without_controls(data, core::shown_in::terminal);
}

bool console::print(const std::string& data) {
  progress_.clear();
  if (!stdout_failed_) stdout_failed_ = !write_text(STDOUT_FILENO, fit_for_terminal(data));
  return !stdout_failed_;
}

bool console::print_as_is(const std::string& data) {
  progress_.clear();
  if (!stdout_failed_) stdout_failed_ = !write_text(STDOUT_FILENO, data);
  return !stdout_failed_;
}

void console::say(const std::string& line) {
  progress_.clear();
  log_->log(spdlog::level::info, spdlog::string_view_t(line));
}

void console::warn(const std::string& line) {
  progress_.clear();
  log_->log(spdlog::level::warn, spdlog::string_view_t(line));
}

void console::keep_note(const std::string& line) {
  if (json_ && reported_.notes.size() < most_notes) reported_.notes.push_back(line);
}

void console::caution(const std::string& line) {
  keep_note(line);
  warn(line);
}

void console::complain(const std::string& line) {
  progress_.clear();
  log_->log(spdlog::level::err, spdlog::string_view_t(line));
}

void console::print_summary(const std::string& text) {
  if (!results_on_stdout_) {
    print(text);
    return;
  }
  progress_.clear();
  write_text(STDERR_FILENO, fit_for_terminal(text));
}

int console::fail_with(const error& why, int code) {
  if (code == 0) code = exit_code(why.code);
  complain(why.message);
  if (json_) print(report::error_json(why, code, os::wall_now(), reported_));
  return code;
}

int console::finish(int code) {
  if (!stdout_failed_) return code;
  complain("standard output was closed or could not be written: the output is lost, but what the command did stands");
  return code == 0 ? exit_code(errc::output) : code;
}

// Also with --quiet: without it the command would wait for no visible reason. Programs do not get it with their object, which is kept
// longer.
void console::sign_in_wanted(const sign_in_prompt& prompt) {
  progress_.clear();
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(prompt.valid_for).count();
  log_->log(spdlog::level::critical,
            fmt::format("To sign in to tenant {}, open {} in a browser on any machine and enter the code {}. It is valid for {}.",
                        core::escape_for_people(prompt.tenant), prompt.url, prompt.code,
                        report::count_of(static_cast<std::uint64_t>(minutes), "minute", "minutes")));
}

// Also with --quiet, as above.
result<void> console::confirm_removal(const removal_question& question) {
  progress_.clear();
  const auto text = report::removal_text(question);
  if (!at_terminal()) {
    for (std::string_view rest = text; !rest.empty();) {
      const auto end = rest.find('\n');
      say(std::string(rest.substr(0, end)));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return fail(errc::input,
                "Nothing is deleted: there is no terminal to ask on. --yes deletes the meetings without a question, for a job.");
  }
  write_text(STDERR_FILENO, core::without_controls(text, core::shown_in::terminal));
  write_text(STDERR_FILENO, "Delete them? Only the answer yes does it: ");
  const auto yes = read_yes(caught_ != nullptr ? caught_->stop() : std::stop_token());
  if (!yes) return std::unexpected(yes.error());
  return *yes ? result<void>() : fail(errc::input, "Nothing is deleted: the answer was not yes.");
}

void console::entered(job_phase phase) {
  if (caught_ != nullptr) caught_->set_calling(phase == job_phase::calling);
}

void console::wrong_row(std::uint32_t line, const std::string& why) {
  complain(fmt::format("{}, line {}: {}", input_, line, why));
  if (!json_) return;
  if (reported_.wrong_rows.size() < most_wrong_rows)
    reported_.wrong_rows.push_back({line, why});
  else
    ++reported_.wrong_rows_left_out;
}

void console::planned(std::uint32_t run, const plan_summary& summary) {
  for (const auto& warning : report::plan_warnings(summary)) warn(warning);
  if (view_ == plan_view::line) return say(fmt::format("Run {}: {}", run, report::plan_counts(summary)));
  const auto now = os::wall_now();
  if (json_)
    print(report::plan_json(run, summary, now, reported_));
  else
    print(view_ == plan_view::columns ? report::check_text(summary) : report::plan_text(summary, now));
}

void console::refused(const plan_summary& summary) {
  for (const auto& warning : report::plan_warnings(summary)) warn(warning);
  if (json_)
    reported_.refused = summary;
  else if (view_ == plan_view::columns)
    print(report::check_text(summary));
  else
    say(report::plan_counts(summary));
}

void console::expected(const forecast& f) {
  say(report::forecast_text(f, os::wall_now()));
}

void console::resumed(std::uint32_t run, std::uint64_t rows, std::uint64_t owed) {
  say(fmt::format("Run {} is resumed: {} of {} rows are left.", run, report::grouped(owed), report::grouped(rows)));
}

void console::note(const std::string& line) {
  keep_note(line);
  say(line);
}

void console::trouble(std::uint32_t line, const std::string& what) {
  if (!verbose_) return;
  // A meeting that is not in the input has no line: the text names it.
  if (line == 0) return say(what);
  say(input_.empty() ? fmt::format("line {}: {}", line, what) : fmt::format("{}, line {}: {}", input_, line, what));
}

void console::advanced(const progress& p) {
  progress_.show(p);
}

}  // namespace convoke::cli

#include "run/skip_dates_file.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>

#include "core/text.hpp"
#include "files/digest.hpp"
#include "files/file.hpp"
#include "spec/date_format.hpp"
#include "spec/skip_dates.hpp"

namespace convoke::run {
namespace {

constexpr std::size_t max_bytes = std::size_t{1} << 20U;

result<std::string> read_whole(const std::string& path, const std::string& shown, const stop_tokens& stop) {
  const auto cannot = [&shown](errc code) { return fail(code, fmt::format("--skip-dates {}: {}.", shown, files::system_message(errno))); };
  const files::file from(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!from.open()) return cannot(errc::usage);
  std::string out;
  std::array<char, 65536> buffer{};
  for (;;) {
    if (!files::wait_to_read(from.get(), [&stop] { return stop.requested(); }))
      return fail(errc::interrupted, "Interrupted while the skip dates were read: nothing was sent. Run the same command again.");
    const auto n = files::read_some(from.get(), buffer);
    if (n < 0 && errno == EAGAIN) continue;
    if (n < 0) return cannot(errc::usage);
    if (n == 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(n));
    if (out.size() > max_bytes)
      return fail(errc::input, fmt::format("--skip-dates {}: the file is larger than 1 MiB. Is it the right file?", shown));
  }
}

}  // namespace

result<skip_dates_file> read_skip_dates(const std::string& path, const std::string& date_format, const stop_tokens& stop) {
  if (path.empty()) return skip_dates_file{};
  const auto shown = core::escape_for_people(path);
  if (path == "-") return fail(errc::usage, "--skip-dates needs the name of a file: standard input is for the rows.");
  auto text = read_whole(path, shown, stop);
  if (!text) return std::unexpected(text.error());
  if (text->starts_with("\xff\xfe") || text->starts_with("\xfe\xff"))
    return fail(errc::input, fmt::format("{}: the file is UTF-16. Save it as UTF-8.", shown));
  // A wrong format is refused with the header.
  const bool sound = date_format.empty() || spec::date_format::parse(date_format);
  auto dates = spec::parse_skip_file(*text, spec::reader_of(sound ? date_format : std::string()));
  if (!dates && sound)
    return fail(errc::input, fmt::format("{}: line {}: '{}': {}", shown, dates.error().line,
                                         core::escape_for_people(dates.error().value, 60), dates.error().reason));
  // An export that was cut, more likely than a year without holidays: every meeting of these days would take place.
  if (dates && sound && dates->empty())
    return fail(errc::input, fmt::format("{}: the file has no dates. Leave --skip-dates out where no date is to be left out.", shown));
  return skip_dates_file{.dates = dates ? std::move(*dates) : std::vector<spec::date_range>(), .sha256 = files::sha256_hex(*text)};
}

}  // namespace convoke::run

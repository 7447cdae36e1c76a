#include "ledger/open.hpp"

#include <utility>

#include "core/text.hpp"
#include "ledger/ledger.hpp"

namespace convoke::ledger {

result<ledger_url> parse_ledger_url(std::string_view url) {
  constexpr std::string_view sqlite = "sqlite:";
  if (url.starts_with("postgresql:") || url.starts_with("postgres:")) {
    return fail(errc::usage, "A PostgreSQL ledger is not built yet: use --ledger sqlite:PATH.");
  }
  if (!url.starts_with(sqlite) || url.size() == sqlite.size()) {
    // What follows an unknown scheme can hold a password.
    const auto scheme = url.find("://");
    const auto shown = scheme == std::string_view::npos ? url : url.substr(0, scheme + 3);
    return fail(errc::usage, "--ledger '" + core::escape_for_people(shown) + "' is not a ledger: use sqlite:PATH.");
  }
  return ledger_url{.kind = store_kind::sqlite, .path = std::string(url.substr(sqlite.size()))};
}

result<std::unique_ptr<store>> open_ledger(std::string_view url, open_options options) {
  auto parsed = parse_ledger_url(url);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  options.path = std::move(parsed->path);
  return open_sqlite(options);
}

result<std::unique_ptr<reader>> read_ledger(std::string_view url) {
  const auto parsed = parse_ledger_url(url);
  if (!parsed) return std::unexpected(parsed.error());
  return read_sqlite(parsed->path);
}

std::vector<std::string> ledger_exposures(std::string_view url) {
  const auto parsed = parse_ledger_url(url);
  return parsed ? sqlite_exposures(parsed->path) : std::vector<std::string>();
}

}  // namespace convoke::ledger

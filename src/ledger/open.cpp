#include "ledger/open.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "ledger/inspect.hpp"
#include "ledger/ledger.hpp"
#ifdef CONVOKE_POSTGRES
#include "ledger/postgres/url.hpp"
#endif

namespace convoke::ledger {
namespace {

#ifdef CONVOKE_POSTGRES
constexpr bool with_postgres = true;
constexpr auto urls = "sqlite:PATH or postgresql://HOST/DATABASE";
#else
constexpr bool with_postgres = false;
constexpr auto urls = "sqlite:PATH";
#endif

constexpr std::string_view hidden = "…";

// `postgresql://` or `postgres://` at the beginning of `url`; empty for another one.
std::string_view postgres_scheme(std::string_view url) {
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (url.starts_with(scheme)) return scheme;
  }
  return {};
}

// Whether what is shown of a URL can only be `host:port/database`. A password that is not percent-encoded can make libpq, and so this
// program, take a part of it for something else.
bool plain_place(std::string_view place) {
  if (place.contains('@') || core::find_ignoring_case(place, "%40") != std::string_view::npos) return false;
  const auto hosts = place.substr(0, place.find('/'));
  bool in_brackets = false, in_port = false;
  for (const char c : hosts) {
    if (c == '[' || c == ']') in_brackets = c == '[';
    if (c == ',') in_port = false;
    if (in_port && c != ',' && !core::ascii_digit(c)) return false;
    if (c == ':' && !in_brackets) in_port = true;
  }
  return !in_brackets;
}

std::string shown_postgres(std::string_view scheme, std::string_view rest) {
  const auto end_of_user = rest.find_first_of("@/");
  if (end_of_user != std::string_view::npos && rest[end_of_user] == '@') rest.remove_prefix(end_of_user + 1);
  const auto place = rest.substr(0, rest.find('?'));
  // Any further @ can be that of a password.
  const bool certain = plain_place(place) && !rest.contains('@');
  return std::string(scheme) + (certain ? core::escape_for_people(place) : std::string(hidden));
}

}  // namespace

std::string shown_ledger(std::string_view url) {
  if (const auto scheme = postgres_scheme(url); !scheme.empty()) return shown_postgres(scheme, url.substr(scheme.size()));
  if (url.starts_with("sqlite:")) return core::escape_for_people(url);
  // What follows an unknown scheme can hold a password, and so can libpq's other forms: `host=… password=…`, `user:password@host`.
  if (const auto other = url.find("://"); other != std::string_view::npos) return core::escape_for_people(url.substr(0, other + 3));
  if (url.contains('@') || core::find_ignoring_case(url, "password") != std::string_view::npos) return std::string(hidden);
  return core::escape_for_people(url);
}

result<ledger_url> parse_ledger_url(std::string_view url) {
  constexpr std::string_view sqlite = "sqlite:";
  if (!postgres_scheme(url).empty()) {
#ifdef CONVOKE_POSTGRES
    if (auto understood = postgres::parse_url(std::string(url)); !understood) return std::unexpected(std::move(understood.error()));
#endif
    if (with_postgres) return ledger_url{.kind = store_kind::postgres, .path = std::string(url)};
    return fail(errc::usage, "This convoke was built without libpq, so it has no PostgreSQL ledger: use --ledger sqlite:PATH.");
  }
  if (url.starts_with("postgresql:") || url.starts_with("postgres:"))
    return fail(errc::usage, std::string("--ledger: a PostgreSQL ledger has a URL of its own form: use ") + urls + ".");
  if (!url.starts_with(sqlite) || url.size() == sqlite.size())
    return fail(errc::usage, "--ledger '" + shown_ledger(url) + "' is not a ledger: use " + urls + ".");
  return ledger_url{.kind = store_kind::sqlite, .path = std::string(url.substr(sqlite.size()))};
}

result<std::unique_ptr<store>> open_ledger(std::string_view url, open_options options) {
  auto parsed = parse_ledger_url(url);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  options.path = std::move(parsed->path);
#ifdef CONVOKE_POSTGRES
  if (parsed->kind == store_kind::postgres) return open_postgres(options);
#endif
  return open_sqlite(options);
}

result<std::unique_ptr<reader>> read_ledger(std::string_view url) {
  const auto parsed = parse_ledger_url(url);
  if (!parsed) return std::unexpected(parsed.error());
#ifdef CONVOKE_POSTGRES
  if (parsed->kind == store_kind::postgres) return read_postgres(parsed->path);
#endif
  return read_sqlite(parsed->path);
}

result<inspection> inspect_ledger(std::string_view url, const std::function<bool()>& interrupted) {
  const auto parsed = parse_ledger_url(url);
  if (!parsed) return std::unexpected(parsed.error());
#ifdef CONVOKE_POSTGRES
  if (parsed->kind == store_kind::postgres) return inspect_postgres(parsed->path, interrupted);
#endif
  return inspect_sqlite(parsed->path, interrupted);
}

std::vector<std::string> ledger_exposures(std::string_view url) {
  const auto parsed = parse_ledger_url(url);
  if (!parsed) return {};
#ifdef CONVOKE_POSTGRES
  if (parsed->kind == store_kind::postgres) return postgres::network_exposures(parsed->path);
#endif
  return sqlite_exposures(parsed->path);
}

}  // namespace convoke::ledger

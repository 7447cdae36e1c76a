#include "ledger/postgres/failure.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/text.hpp"

namespace convoke::ledger::postgres {
namespace {

constexpr std::size_t state_size = 5;

struct meaning {
  std::string_view states;  // a SQLSTATE or the beginning of several
  fault kind;
};

// The first one that fits counts.
constexpr meaning meanings[] = {
    {"08", fault::lost},                                // connection exceptions
    {"57P", fault::lost},                               // shut down, crashed, starting, idle for too long
    {"25P03", fault::lost},                             // idle in a transaction for too long
    {"25006", fault::read_only}, {"40", fault::again},  // serialization failure, deadlock
    {"53", fault::again},                               // too many connections, disk full, out of memory
    {"55P03", fault::again},                            // lock timeout
    {"57014", fault::again},                            // cancelled, by an administrator or by statement_timeout
    {"28", fault::refused},                             // authentication
    {"3D000", fault::refused},                          // unknown database
    {"42501", fault::refused},                          // no privilege
};

struct remedy {
  std::string_view states;  // a SQLSTATE or the beginning of several
  std::string_view text;
};

// What an operator can do. The first one that fits counts.
constexpr remedy remedies[] = {
    {"28P01", "set or correct the password in PGPASSFILE (~/.pgpass), PGPASSWORD, PGSERVICEFILE or the URL, and the user's name"},
    {"28", "check the user, the password and the server's pg_hba.conf"},
    {"3D000", "check the name in --ledger, or make the database: CREATE DATABASE"},
    {"42501", "grant this role the privileges that docs/fleet.md lists under PostgreSQL, or use the role that owns the ledger"},
    {"25006",
     "name the primary, or all hosts with target_session_attrs=read-write, in --ledger, or wait until the server takes writes again"},
    {"53100", "free disk space on the server"},
    {"53300", "raise max_connections of the server or limits of the role, or use PgBouncer"},
    {"57014", "raise statement_timeout for this role, or find out who cancels its statements"},
};

// Errors that libpq finds by itself, and that stay as they are until somebody changes something.
constexpr std::string_view lasting[] = {"no password supplied",
                                        "certificate verify failed",
                                        "server certificate for",
                                        "root certificate file",
                                        "does not support SSL",
                                        "could not load",
                                        "certificate file",
                                        "private key file",
                                        "definition of service",
                                        "invalid sslmode value",
                                        "service file",
                                        "SCRAM",
                                        "does not match host name"};

bool state_at(std::string_view text, std::size_t at) {
  if (at + state_size >= text.size() || text[at + state_size] != ':') return false;
  return std::ranges::all_of(text.substr(at, state_size), [](char c) { return core::ascii_digit(c) || (c >= 'A' && c <= 'Z'); });
}

// `FATAL:  28P01: password authentication failed`: the state in a verbose message of the server.
std::string find_state(std::string_view message) {
  constexpr std::string_view before = ":  ";
  for (auto at = message.find(before); at != std::string_view::npos; at = message.find(before, at + 1)) {
    if (state_at(message, at + before.size())) return std::string(message.substr(at + before.size(), state_size));
  }
  return {};
}

std::string without_places(std::string_view message) {
  std::string out;
  for (const auto part : std::views::split(message, '\n')) {
    const std::string_view line(part);
    if (line.empty() || line.starts_with("LOCATION:")) continue;
    if (!out.empty()) out += ' ';
    out += core::trim(line);
  }
  return out;
}

}  // namespace

fault fault_of_state(std::string_view state) noexcept {
  for (const auto& [states, kind] : meanings) {
    if (state.starts_with(states)) return kind;
  }
  return fault::wrong;
}

refused_connection classify_refusal(std::string_view message) {
  refused_connection out{.state = find_state(message), .text = without_places(message)};
  // PgBouncer calls it a violation of the protocol.
  if (out.state == "08P01" && message.contains("authentication failed")) out.state = "28P01";
  if (!out.state.empty()) {
    out.kind = fault_of_state(out.state);
    // Other errors before a session exists are those of a server that is not ready.
    if (out.kind == fault::wrong) out.kind = fault::refused;
    return out;
  }
  const auto found = [&](std::string_view text) { return message.contains(text); };
  if (found("session is read-only") || found("hot standby")) {
    out.kind = fault::read_only;
  } else if (found("password authentication failed")) {
    out.kind = fault::refused;
    out.state = "28P01";
  } else if (std::ranges::any_of(lasting, found)) {
    out.kind = fault::refused;
    if (found("no password supplied")) out.state = "28000";
  }
  return out;
}

std::string without_secrets(std::string message, const std::vector<std::string>& secrets) {
  for (const auto& secret : secrets) {
    if (secret.empty()) continue;
    constexpr std::string_view hidden = "\xe2\x80\xa6";  // …
    for (auto at = message.find(secret); at != std::string::npos; at = message.find(secret, at + hidden.size()))
      message.replace(at, secret.size(), hidden);
  }
  std::ranges::replace(message, '\n', ' ');
  return core::escape_for_people(core::trim(message), 500);
}

error failure::to_error() const {
  const auto code = kind == fault::interrupted                          ? errc::interrupted
                    : kind == fault::refused && state.starts_with("28") ? errc::credentials
                                                                        : errc::storage;
  // libpq finds by itself that a session is read-only.
  const auto of = kind == fault::read_only ? std::string_view("25006") : std::string_view(state);
  const auto found = std::ranges::find_if(remedies, [&](const remedy& r) { return of.starts_with(r.states); });
  if (kind == fault::interrupted || found == std::end(remedies)) return {code, message};
  return {code, message + "; " + std::string(found->text)};
}

}  // namespace convoke::ledger::postgres

#include "cli/options.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace convoke::cli {
namespace {

constexpr unsigned planning = on_check | on_plan | on_apply;
constexpr unsigned of_known = on_verify | on_remove;
constexpr unsigned calling = on_apply | on_work | of_known;
constexpr unsigned paced = on_plan | calling;
constexpr unsigned lanes = paced | on_doctor | on_probe;
constexpr unsigned reading = planning | on_doctor | of_known;

constexpr option table[] = {
    // files and ledger
    {"config", "", shape::path, on_all, "", "FILE", "Configuration file (TOML)", ""},
    {"ledger", "", shape::value, paced | on_doctor | on_export | on_inventory, "", "URL",
     "Ledger: sqlite:PATH, or postgresql://… for several workers", ""},
    {"wait-lock", "", shape::value, paced | on_inventory | on_ledger, "0", "D",
     "How long to wait for another process's run on a SQLite ledger; no effect on PostgreSQL", ""},
    {"follow", "", shape::flag, on_work, "", "", "Wait for more runs where nothing is owed (PostgreSQL only)", ""},
    {"results", "", shape::path, on_apply | of_known | on_export, "", "FILE", "Write results here; .csv or .jsonl", ""},
    {"results-dialect", "", shape::value, on_apply | of_known | on_export, "input", "input|rfc4180",
     "CSV results: delimiter and byte-order mark of the input, or commas without a mark", ""},
    {"failed", "", shape::path, planning | of_known | on_export, "", "FILE", "Write failed rows here", ""},
    {"report", "", shape::later, on_apply, "", "FILE", "HTML report (not built yet)", ""},
    // output
    {"output", "o", shape::value, on_all, "text", "text|json", "What to print on standard output", ""},
    {"progress", "", shape::value, on_all, "auto", "auto|tty|plain|json|none", "How progress is shown", ""},
    {"log-format", "", shape::value, on_all, "text", "text|json", "How messages are written", ""},
    {"quiet", "q", shape::flag, on_all, "", "", "Errors only", ""},
    {"verbose", "v", shape::flag, on_all, "", "", "Also report every call that ended without a meeting", ""},
    {"show-config", "", shape::flag, on_all, "", "", "Print each value and its source, and stop", ""},
    // what to plan
    {"dry-run", "", shape::flag, on_apply, "", "", "Print what would be planned; write nothing", ""},
    {"open", "", shape::flag, on_plan, "", "", "Open the plan at once", ""},
    {"limit", "", shape::value, reading, "", "N", "Pilot: only the first N rows", ""},
    {"only", "", shape::value, reading, "", "COLUMN=VALUE", "Pilot: only these rows", ""},
    {"max-new", "", shape::value, planning, "", "N", "Refuse if more meetings than this are new", ""},
    {"expect-rows", "", shape::value, planning | of_known, "", "N", "Refuse unless exactly N rows came", ""},
    {"feed", "", shape::value, planning | on_remove, "", "NAME",
     "The series of files that this one belongs to (default: its name without the folder). Of remove: delete only meetings of this series "
     "(default: of any)",
     ""},
    {"on-vanished", "", shape::value, planning, "report", "report|remove",
     "Meetings that the feed no longer has: reported, or deleted after everything else", ""},
    {"max-remove", "", shape::value, planning, "0", "N", "Refuse if more meetings than this would be removed", ""},
    {"skip-invalid", "", shape::flag, planning | of_known | on_doctor, "", "", "Go on with the valid rows although others are wrong", ""},
    {"encoding", "", shape::value, reading, "", "NAME", "utf-8, utf-16le, utf-16be, windows-1252 (or cp1252), latin1 (default: detected)",
     ""},
    {"delimiter", "", shape::value, reading, "", "C", "',', ';' or 'tab' (default: detected)", ""},
    {"time-zone", "", shape::value, reading, "", "ZONE", "Time zone of local times without one", ""},
    {"overlap", "", shape::value, reading, "", "earlier|later", "Which instant is meant by a local time that occurs twice", ""},
    {"external-id", "", shape::value, reading, "", "TEMPLATE", "Make external ids from other columns", ""},
    {"date-format", "", shape::value, reading, "", "FORMAT", "How dates are written, such as '%d.%m.%Y %H:%M'", ""},
    {"skip-dates", "", shape::path, reading, "", "FILE", "Dates on which no row repeats, one a line", ""},
    {"column", "", shape::list, reading, "", "ROLE=HEADER", "Use the column HEADER as ROLE, such as start=Beginn; may be repeated", ""},
    {"carry", "", shape::list, reading, "", "HEADER", "Only carry this column to the results; may be repeated", ""},
    {"on-drift", "", shape::value, planning | on_verify, "report", "report|update|fail", "What to do about a meeting that differs", ""},
    {"keep-alive", "", shape::value, planning, "", "D", "Extend meetings that expire within D (such as 30d) although their end lies ahead",
     ""},
    {"roles", "", shape::value, planning, "send", "send|enforce",
     "Roles of attendees: sent when a meeting is made, or also set by an update where Graph did not keep them", ""},
    {"probed", "", shape::path, planning, "", "FILE",
     "What convoke probe found out: external ids that the service refuses are refused by the plan", ""},
    {"repair", "", shape::flag, on_verify, "", "",
     "Make meetings again that are lost; with --on-drift update also change those that differ", ""},
    {"yes", "", shape::flag, on_remove, "", "", "Delete without a question", ""},
    {"options", "", shape::flag, on_check, "", "", "List the options of meetings and their values, and stop; no FILE is needed", ""},
    // the service
    {"cloud", "", shape::value, lanes, "global", "NAME", "Microsoft cloud", ""},
    {"graph-url", "", shape::value, lanes, "", "URL", "Graph root, without version", ""},
    {"authority-url", "", shape::value, lanes, "", "URL", "Token authority", "AZURE_AUTHORITY_HOST"},
    {"ca-file", "", shape::path, lanes, "", "FILE", "Trust the certificates in this PEM file instead of the system's", ""},
    {"allow-http", "", shape::flag, lanes, "", "", "Plain HTTP, to loopback only", ""},
    {"proxy", "", shape::value, lanes, "", "URL", "HTTP proxy for Graph and the authority, or none (default: HTTPS_PROXY; see NO_PROXY)",
     ""},
    {"proxy-credentials-file", "", shape::path, lanes, "", "FILE", "File with USER:PASSWORD for the proxy (mode 0600)", ""},
    {"tenant", "", shape::value, reading | on_work | on_probe, "", "GUID|NAME", "Entra tenant", "AZURE_TENANT_ID"},
    {"client-id", "", shape::value, lanes, "", "GUID", "Entra application", "AZURE_CLIENT_ID"},
    {"client-secret-file", "", shape::path, lanes, "", "FILE", "File with the client secret (mode 0600)", ""},
    {"client-certificate-file", "", shape::path, lanes, "", "FILE",
     "Certificate of the app with its private key, PEM or PKCS#12 (mode 0600)", "AZURE_CLIENT_CERTIFICATE_PATH"},
    {"client-certificate-passphrase-file", "", shape::path, lanes, "", "FILE", "File with the passphrase of that key (mode 0600)", ""},
    {"assertion-algorithm", "", shape::value, lanes, "PS256", "PS256|RS256",
     "How assertions are signed: RS256 names the certificate by its SHA-1 digest, for older set-ups", ""},
    {"federated-token-file", "", shape::path, lanes, "", "FILE", "Token of another identity provider, read anew for every request",
     "AZURE_FEDERATED_TOKEN_FILE"},
    {"managed-identity", "", shape::value, lanes, "", "ID", "User-assigned managed identity: client id, object:ID or resource id", ""},
    {"credential", "", shape::value, planning | on_work | on_doctor | on_probe | of_known, "", "KIND",
     "client-secret, client-certificate, workload-identity, managed-identity, managed-identity-federation, token or device-code, with "
     "which a person signs in (default: what is given)",
     ""},
    {"save-sign-in", "", shape::flag, paced | on_doctor, "", "",
     "With device-code: keep the refresh token in a file of mode 0600 in the state folder, and use it the next time", ""},
    // the call phase
    {"rate", "", shape::value, paced, "500", "N", "Most calls per second and lane", ""},
    {"start-rate", "", shape::value, paced, "10", "N", "Calls per second to start with while the limit is not known", ""},
    {"fixed-rate", "", shape::flag, paced, "", "", "Call at --rate and search for no limit; throttles are obeyed all the same", ""},
    {"organizer-rate", "", shape::value, paced, "", "N", "Calls per second and organizer", ""},
    {"organizer-concurrency", "", shape::value, calling, "4", "N", "Calls in flight per organizer", ""},
    {"connections", "", shape::value, calling, "16", "N", "Connections per lane", ""},
    {"batch-size", "", shape::value, calling, "1", "N", "Calls in one request ($batch), 1 to 20", ""},
    {"connect-timeout", "", shape::value, calling | on_doctor | on_probe, "10s", "D", "Time limit of TCP and TLS", ""},
    {"attempt-timeout", "", shape::value, calling | on_doctor | on_probe, "20s", "D", "Time limit of one call", ""},
    {"row-deadline", "", shape::value, calling, "30m", "D", "Time limit from a row's first call to its last", ""},
    {"max-duration", "", shape::value, calling, "", "D", "Stop calling after this long", ""},
    {"max-outage", "", shape::value, calling, "30m", "D", "Defer the rest after this long without a success", ""},
    {"max-cooldown", "", shape::value, paced | on_inventory, "24h", "D", "A longer Retry-After is cut to this; then one call is made alone",
     ""},
    {"forget-cooldowns", "", shape::flag, on_plan | on_apply | of_known, "", "", "Start without the saved cooldowns and delete them", ""},
    {"max-attempts", "", shape::value, calling, "5", "N", "Calls per row that end in a fault", ""},
    // housekeeping and metrics
    {"keep-runs", "", shape::value, calling, "10", "N", "Older runs lose their raw records", ""},
    {"metrics-file", "", shape::later, on_apply, "", "FILE", "Prometheus text (not built yet)", ""},
    {"metrics-listen", "", shape::later, on_apply, "", "ADDRESS", "Prometheus endpoint (not built yet)", ""},
    // doctor
    {"organizer", "", shape::list, on_doctor | on_probe, "", "ID",
     "Entra object id or UPN: of doctor one to read, may be repeated; of probe the one whose meetings are made and deleted", ""},
    {"most-organizers", "", shape::value, on_doctor, "20", "N", "Read this many organizers of a tenant at most", ""},
    // probe
    {"attendee", "", shape::value, on_probe, "", "UPN", "A user who is invited to two of the meetings; no invitation is sent", ""},
    {"allow-real-tenant", "", shape::value, on_probe, "", "TENANT", "Make meetings in this tenant, and delete them", ""},
    {"out", "", shape::path, on_probe, "probe.toml", "FILE", "Write the findings here; what was made is noted in FILE.journal meanwhile",
     ""},
    {"interval", "", shape::value, on_probe, "1s", "D", "Time between the beginnings of two calls", ""},
    {"patience", "", shape::value, on_probe, "10m", "D", "A longer Retry-After ends the probe", ""},
    // export
    {"run", "", shape::value, on_export | on_inventory, "", "ID", "Which run (default: the last)", ""},
    {"inventory", "", shape::flag, on_export, "", "", "The inventory instead of a run", ""},
    {"format", "", shape::value, on_export, "", "csv|jsonl", "Format of the export", ""},
};

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '_' ? '-' : core::ascii_lower(c);
  return out;
}

}  // namespace

std::span<const option> options() {
  return table;
}

const option* find_option(std::string_view name) {
  const auto wanted = folded(name);
  const auto* found = std::ranges::find(table, wanted, &option::name);
  return found == std::end(table) ? nullptr : found;
}

std::string nearest_option(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& o : table) names.push_back(o.name);
  const auto near = core::nearest(name, names);
  return near ? std::string(*near) : std::string();
}

}  // namespace convoke::cli

#pragma once

// What was observed of a set-up: values without assessment. run/doctor makes the observations, diagnosis/assess.hpp assesses them.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/lane.hpp>
#include <convoke/time.hpp>

#include "token/claims.hpp"

namespace convoke::diagnosis {

// Whose set-up it is. The ids go into commands only where they are GUIDs.
struct lane_facts {
  std::string name;  // as in finding::lane
  std::string tenant;
  std::string app;  // of the token, where that is known; else as the set-up has it; empty: not known
  std::string graph_root;
  credential_kind credential = credential_kind::client_secret;
  std::string secret_file{};       // where the client secret comes from; empty: not from a file
  std::string certificate_file{};  // with its key
  std::string identity_address{};  // where a managed identity gets its tokens
};

struct file_seen {
  std::string path, what;  // what: `client secret`, `configuration`
  bool secret = false;     // no other user may read it
  bool provided = false;   // another program writes it
  std::string problem;     // why it cannot be read; empty: it can
  bool regular = true;
  bool link = false;                  // its name is a symbolic link, which a secret must not be
  unsigned mode = 0600;               // permission bits
  bool trusted_owner = true;          // this user or root
  bool credential_directory = false;  // systemd lets the group read there
  bool open_folder = false;           // every user may replace it
};

struct input_seen {
  std::string name;
  std::optional<error> problem;  // why it cannot be read
  std::uint64_t rows = 0, organizers = 0;
  std::uint64_t wrong = 0;    // rows
  bool skip_invalid = false;  // a run leaves them out
};

struct ledger_seen {
  std::string shown;               // the URL without a password
  bool several_processes = false;  // PostgreSQL
  std::optional<error> problem;    // why it cannot be used
  bool exists = true;
  std::string not_writable;  // why; empty: it can be written
  std::string holder;        // the process that uses a SQLite ledger now; empty: none
  int version = 0, own_version = 0;
  std::string pages;   // what quick_check went through; empty: there are no pages to check
  std::string server;  // `PostgreSQL 15.4`
  std::optional<bool> encrypted;
  std::vector<std::string> exposures;  // a sentence each
};

// How the host of a URL is reached.
struct route_seen {
  std::string host;
  std::string proxy;        // host:port; empty: directly
  bool configured = false;  // a proxy is configured for other hosts
};

struct look_up_seen {
  std::string host;
  std::vector<std::string> addresses;
  std::string problem;  // empty: it was found
};

enum class connect_failure : std::uint8_t {
  none,
  network,  // no TCP connection
  timeout,
  proxy,        // the proxy refused, or cannot be reached
  proxy_login,  // the proxy does not accept the user name and password, or requires them
  tls,          // the handshake failed for another reason than the certificate
  untrusted,    // the certificate of an authority that is not trusted here
  expired,
  not_yet_valid,
  wrong_name,
  resources,  // this machine's
};

struct certificate_seen {
  std::string version;  // `TLSv1.3`
  std::string subject, issuer;
  std::optional<utc_time> expires;
};

// An attempt to connect to one address of a host, or through a proxy.
struct connection_seen {
  std::string host, address;  // address: empty through a proxy
  connect_failure what = connect_failure::none;
  std::string message;  // why it failed
  std::string issuer;   // of a certificate that was refused
  std::optional<certificate_seen> certificate;
};

// The clocks around an answer.
struct clock_seen {
  std::string host;
  utc_time sent{}, received{};     // by this machine's clock
  std::optional<utc_time> theirs;  // the answer's Date: whole seconds, cut
  std::string problem;             // why there is no answer
};

struct token_seen {
  std::optional<error> problem;  // why there is no token
  bool opaque = false;           // it is no JWT that can be read
  token::claims claims;
  utc_time now{};
};

// The answer to the read of one organizer.
struct read_seen {
  std::string organizer;    // as it was given: an object id, or a UPN
  std::string object_id{};  // of a UPN, once it was looked up
  bool look_up = false;     // the answer is to the look-up of the UPN: there was no read
  bool no_name = false;     // it is neither an object id nor a UPN: nothing was sent, and there is no answer
  std::string failure;      // of the transport; empty: an answer came
  int status = 0;
  std::string code, message, request_id;
  std::optional<std::chrono::seconds> retry_after;
  bool waited = false;  // an earlier throttle of it was waited for
};

}  // namespace convoke::diagnosis

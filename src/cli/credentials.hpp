#pragma once

// How a lane signs in, from settings and the environment.

#include <optional>
#include <string>

#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

struct credential_choice {
  credential_kind kind = credential_kind::client_secret;
  std::string reason;  // what it was chosen by: `--credential`, `AZURE_CLIENT_SECRET`, `$CREDENTIALS_DIRECTORY/convoke-secret`
};

// The kind of credential: --credential, else the kind whose nearest source is nearest (source_kind, then $CREDENTIALS_DIRECTORY). A
// credential in a table [tenants.NAME] comes before the key `credential` at the top of the file. Among equals: the order of Azure Identity:
// secret, certificate, workload identity, managed identity. A ready token (CONVOKE_TOKEN) comes before all. nullopt: nothing is given.
// `azure_machine`: this machine is a virtual machine of Azure, which probably has a managed identity. errc::usage for a kind that does not
// exist.
[[nodiscard]] result<std::optional<credential_choice>> choose_credential(const settings& from, bool azure_machine);

// What --show-config says of it: `credential = KIND  # chosen by: SOURCE`, and with several tenants a line for each,
// `tenants.NAME.credential = …`. Nothing where it is chosen by --credential, or by that key of the tenant's table, which are shown anyway.
[[nodiscard]] std::string describe_credential(const settings& from, bool azure_machine);

// Whether this is a virtual machine of Azure, by its chassis asset tag.
[[nodiscard]] bool is_azure_machine();

// `$XDG_STATE_HOME/convoke`, else `~/.local/state/convoke`: where the default ledger and saved sign-ins are. errc::usage where neither is
// known.
[[nodiscard]] result<std::string> state_folder(const settings& from);

// What a plan depends on of the credential: whether a person signs in, who organizes every meeting.
[[nodiscard]] bool signs_in_as_user(const settings& from);

// For --show-config: the file of each sign-in that --save-sign-in keeps, and whether there is one. Empty where it keeps none.
[[nodiscard]] std::string describe_sign_ins(const settings& from);

// Reads what the chosen kind needs. Blanks, line ends and a byte-order mark around a secret are left out; so are quotation marks and the
// word Bearer of a token. No message holds a secret. errc::usage for what cannot be one, errc::credentials where there is none and for a
// token of another tenant.
[[nodiscard]] result<void> read_credentials(const settings& from, lane_options& lane);

}  // namespace convoke::cli

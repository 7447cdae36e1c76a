#include "cli/secret_files.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "ledger/open.hpp"
#include "net/proxy.hpp"

namespace convoke::cli {
namespace {

constexpr std::string_view secret_files[] = {"client-secret-file", "client-certificate-passphrase-file", "proxy-credentials-file"};

bool is_secret_file(std::string_view option) {
  return std::ranges::find(secret_files, option) != std::end(secret_files);
}

}  // namespace

bool may_be_a_secret(std::string_view option, const setting& value) {
  if (!is_secret_file(option) || value.text.empty()) return false;
  const std::string_view written = value.written.empty() ? value.text : value.written;
  if (written.contains('/') || (written.contains('.') && !written.contains('~'))) return false;
  std::error_code unknown;
  return !std::filesystem::exists(value.text, unknown);
}

result<void> check_secret_file(const settings& from, std::string_view option) {
  const auto* value = from.find(option);
  if (value == nullptr || !may_be_a_secret(option, *value)) return {};
  return fail(errc::credentials,
              fmt::format("{}: there is no file of the name that is given. The name is not shown, because it may be the secret itself, "
                          "which does not belong here: write the secret into a file of mode 0600, and give the name of that file.",
                          value->named()));
}

std::string shown_value(std::string_view option, const setting& value) {
  if (may_be_a_secret(option, value)) return "(not shown: there is no such file, and it may be the secret itself)";
  if (option == "ledger") return ledger::shown_ledger(value.text);
  return option == "proxy" || option == "graph-url" || option == "authority-url" ? net::shown_proxy(value.text) : value.text;
}

std::string_view secret_file_note(std::string_view option) {
  return is_secret_file(option) ? " It takes the name of a file: write the secret into a file of mode 0600." : "";
}

}  // namespace convoke::cli

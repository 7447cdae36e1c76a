#pragma once

// The table of settings: each is a flag, an environment variable and a configuration key.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::cli {

// Which commands take an option.
enum command_set : unsigned {
  on_check = 1,
  on_plan = 2,
  on_apply = 4,
  on_export = 8,
  on_inventory = 16,  // runs, discard, status
  on_work = 32,
  on_ledger = 64,
  on_doctor = 128,
  on_verify = 0x100,
  on_remove = 0x200,
  on_probe = 0x400,
  on_all = 0xffff,
};

enum class shape : std::uint8_t {
  value,  // --name VALUE
  flag,   // --name
  path,   // --name FILE; relative to the configuration file when it comes from there
  list,   // --name VALUE, any number of times; settings::list has its values
  later,  // known but refused: not built yet
};

struct option {
  std::string_view name;    // long flag without dashes; `_` for `-` in a file, CONVOKE_ and upper case in the environment
  std::string_view letter;  // short flag, may be empty
  shape form;
  unsigned commands;
  std::string_view fallback;  // default as text, empty: none
  std::string_view metavar;
  std::string_view help;
  std::string_view azure;  // environment name of Azure Identity, may be empty
};

[[nodiscard]] std::span<const option> options();
[[nodiscard]] const option* find_option(std::string_view name);
// The most similar flag, environment variable or key; empty where none is similar.
[[nodiscard]] std::string nearest_option(std::string_view name);

inline constexpr std::string_view sqlite_scheme = "sqlite:";  // of --ledger

// What kind of source a value is from; the nearest first. A table [tenants.NAME] is nearer than AZURE_* where there are several, since a
// variable says nothing of one of them; the only table of a file is a part of it.
enum class source_kind : std::uint8_t { flag, variable, table, azure, only_table, file, fallback };

struct setting {
  std::string text;
  std::string source;   // `--rate`, `CONVOKE_RATE`, `convoke.toml`, `default`
  std::string place{};  // in a file: `, line 3: rate`
  source_kind kind = source_kind::file;
  std::string written{};  // a file name in a file, as it is there; `text` is what it means

  // For a message.
  [[nodiscard]] std::string named() const { return source + place; }
};

// The values of the settings that have several.
struct list_values {
  std::vector<setting> column;       // `ROLE=HEADER`
  std::vector<setting> carry;        // HEADER
  std::vector<setting> organizer{};  // ID, of doctor
};

// A default of a meeting option in a configuration file: the option's exact name, and where it was set. The text of the setting is the
// value in its one form, or `-`.
struct option_setting {
  std::string name;
  setting value;
};

// A table [tenants.NAME] that is not used because --tenant chose another one.
struct other_tenant {
  std::string name, id;
  std::string credential;  // the setting `credential` as it would be for this tenant; empty: not set
};

// The values of one invocation. Precedence: flag, CONVOKE_*, AZURE_*, file, default; of several tables [tenants.NAME] each comes before
// AZURE_*.
class settings {
 public:
  // `flags`: as given on the command line; of a list its values, one a line. `environment`: name to value. Reads the configuration file:
  // --config, else convoke.toml beside `input` (empty: in the current folder), else $XDG_CONFIG_HOME/convoke/convoke.toml. errc::usage for
  // unknown keys, a wrong type, an option that is not built yet, a file that others may write (config_text.hpp).
  [[nodiscard]] static result<settings> resolve(const std::map<std::string, std::string, std::less<>>& flags,
                                                const std::map<std::string, std::string, std::less<>>& environment,
                                                const std::string& input);

  [[nodiscard]] const setting* find(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;  // empty where not set
  [[nodiscard]] bool flag(std::string_view name) const;
  // The values of all sources, the nearest source first. Of what two sources say of a role or a column only the nearer one's is kept.
  [[nodiscard]] const list_values& lists() const noexcept { return lists_; }
  // The defaults of [options]; and those of [tenants.NAME.options] of the table that is used.
  [[nodiscard]] const std::vector<option_setting>& options_of_all() const noexcept { return options_; }
  [[nodiscard]] std::vector<option_setting> options_of_tenant() const;
  // NAME of the table [tenants.NAME] that is used; empty where there is none.
  [[nodiscard]] const std::string& tenant_name() const noexcept { return tenant_name_; }
  // The settings of each tenant: these with one table [tenants.NAME] each; or these alone, where there is no table or one was chosen.
  // Only --tenant, CONVOKE_TENANT and the key `tenant` choose one of several.
  [[nodiscard]] std::vector<settings> tenants() const;
  [[nodiscard]] const std::vector<other_tenant>& other_tenants() const noexcept { return other_tenants_; }
  [[nodiscard]] std::string environment(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  // Every value and its source, as text. No value is a secret.
  [[nodiscard]] std::string show() const;

 private:
  // CONVOKE_* and AZURE_*.
  [[nodiscard]] result<void> add_environment();
  void keep_all_tenants(std::size_t count);
  [[nodiscard]] result<void> add_flags(const std::map<std::string, std::string, std::less<>>& flags);

  std::map<std::string, setting, std::less<>> values_;
  list_values lists_;
  std::vector<option_setting> options_;
  std::map<std::string, std::vector<option_setting>, std::less<>> tenant_options_;  // by NAME
  std::string tenant_name_;
  std::vector<std::pair<std::string, std::map<std::string, setting, std::less<>>>> tenants_;
  std::vector<other_tenant> other_tenants_;
  std::map<std::string, std::string, std::less<>> environment_;
  std::vector<std::string> warnings_;
};

// Reads the process's environment.
[[nodiscard]] std::map<std::string, std::string, std::less<>> process_environment();

}  // namespace convoke::cli

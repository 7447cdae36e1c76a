#include "sim/server/switches.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "sim/server/private_files.hpp"
#include "sim/service/directory.hpp"
#include "sim/service/setting_values.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

using setter = std::function<result<void>(options&, std::string_view)>;

template <class Find>
setter whole(Find find) {
  return [find](options& o, std::string_view text) -> result<void> {
    using target = std::remove_reference_t<decltype(find(o))>;
    const auto value = read_whole(text, std::numeric_limits<target>::max());
    if (!value) return std::unexpected(value.error());
    find(o) = static_cast<target>(*value);
    return {};
  };
}

template <class Find>
setter text(Find find) {
  return [find](options& o, std::string_view value) -> result<void> {
    find(o) = std::string(value);
    return {};
  };
}

template <class Find>
setter yes(Find find) {
  return [find](options& o, std::string_view) -> result<void> {
    find(o) = true;
    return {};
  };
}

template <class Find>
setter seconds(Find find) {
  return [find](options& o, std::string_view text) -> result<void> {
    const auto value = read_seconds(text);
    if (!value) return std::unexpected(value.error());
    find(o) = *value;
    return {};
  };
}

// A number with a sign.
template <class Find>
setter signed_real(Find find, double most) {
  return [find, most](options& o, std::string_view text) -> result<void> {
    const auto value = read_real(text, -most, most);
    if (!value) return std::unexpected(value.error());
    find(o) = *value;
    return {};
  };
}

result<void> set_users(options& o, std::string_view file) {
  const auto content = read_small_file(std::string(file));
  if (!content) return std::unexpected(content.error());
  std::vector<directory::user> users;
  std::string why;
  if (!read_users(*content, users, why)) return fail(errc::usage, fmt::format("{}: {}", file, why));
  auto& to = o.service.directory.users.emplace();
  for (auto& one : users) to.emplace_back(std::move(one.upn), std::move(one.id));
  return {};
}

result<void> add_federated(options& o, std::string_view given) {
  std::vector<std::string> parts;
  for (std::string_view left = given; parts.size() < 4;) {
    const auto end = parts.size() == 3 ? left.size() : left.find(',');
    if (end == std::string_view::npos) break;
    parts.emplace_back(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  if (parts.size() != 4) return fail(errc::usage, fmt::format("\"{}\" does not have the form ISSUER,SUBJECT,AUDIENCE,FILE", given));
  auto key = read_small_file(parts[3]);
  if (!key) return std::unexpected(std::move(key.error()));
  o.federated.push_back({parts[0], parts[1], parts[2], std::move(*key)});
  return {};
}

void add_place(std::vector<flag>& all) {
  const auto add = [&all](std::string name, std::string value, std::string help, setter set) {
    const bool takes_value = !value.empty();
    all.push_back({std::move(name), "place", std::move(value), std::move(help), std::move(set), takes_value});
  };
  add("--port", "N", "It listens on this port of the loopback address (default: one that is free).",
      whole([](options& o) -> auto& { return o.port; }));
  add("--plain", "", "It serves http in place of https.", yes([](options& o) -> auto& { return o.plain; }));
  add("--certificate-host", "NAME", "The certificate is made for this host too, beside localhost and the loopback addresses.",
      text([](options& o) -> auto& { return o.certificate_host; }));
  add("--certificate-days", "N", "The server's certificate expires in so many days (default 90); negative: it has expired.",
      signed_real([](options& o) -> auto& { return o.certificate_days; }, 3000));
  add("--clock-offset", "SECONDS", "The service's wall clock is so many seconds ahead of this machine's; negative: behind.",
      signed_real([](options& o) -> auto& { return o.clock_offset_seconds; }, 1e7));
  add("--ca-file", "FILE", "The certificate of the authority is written to this file (default: beside the configuration).",
      text([](options& o) -> auto& { return o.ca_file; }));
  add("--write-config", "FILE", "A configuration file for convoke is written, with the address, the secret and a ledger of its own.",
      text([](options& o) -> auto& { return o.config_file; }));
  add("--keep-alive-requests", "N", "A connection is closed after so many answers. 0, which is the default: no limit.",
      whole([](options& o) -> auto& { return o.keep_alive_requests; }));
  add("--drop-idle", "SECONDS",
      "Connections that are idle for this long are closed without notice. 0, which is the default: after two minutes.",
      seconds([](options& o) -> auto& { return o.drop_idle_seconds; }));
}

void add_identity(std::vector<flag>& all) {
  const auto add = [&all](std::string name, std::string value, std::string help, setter set) {
    const bool takes_value = !value.empty();
    all.push_back({std::move(name), "identity", std::move(value), std::move(help), std::move(set), takes_value});
  };
  add("--tenant", "GUID", "The id of the tenant.", text([](options& o) -> auto& { return o.tenant; }));
  add("--client-id", "GUID", "The client id of the app.", text([](options& o) -> auto& { return o.client_id; }));
  add("--secret-file", "FILE", "The client secret is read from this file (default: a random secret).",
      text([](options& o) -> auto& { return o.secret_file; }));
  add("--another-tenant", "GUID",
      "A further tenant. The switches that follow are its own; it begins with all those of the tenant before it, except the secret.",
      [](options& o, std::string_view given) -> result<void> {
        o.earlier.push_back(o);
        o.tenant = std::string(given);
        o.secret_file.clear();
        return {};
      });
  add("--certificate", "FILE", "A certificate (PEM) that is registered with the app. May be repeated.",
      [](options& o, std::string_view given) -> result<void> {
        o.certificates.emplace_back(given);
        return {};
      });
  add("--federated-credential", "ISSUER,SUBJECT,AUDIENCE,FILE",
      "An identity provider whose tokens the app accepts; FILE has its public key (PEM). May be repeated.", add_federated);
  add("--metadata-port", "PORT", "A managed identity is offered at this port, over plain http; 0: at any that is free.",
      [](options& o, std::string_view given) -> result<void> {
        const auto n = read_whole(given, 65535);
        if (!n) return std::unexpected(n.error());
        o.metadata_port = static_cast<std::uint16_t>(*n);
        return {};
      });
  add("--managed-identity", "GUID", "The client id of that identity.", text([](options& o) -> auto& { return o.managed_identity; }));
  add("--trust-managed-identity", "", "The app accepts tokens of that identity in place of a secret.",
      yes([](options& o) -> auto& { return o.trust_managed_identity; }));
  add("--identity-header-file", "FILE", "The endpoint of App Service is offered too; its secret header is in this file.",
      text([](options& o) -> auto& { return o.identity_header_file; }));
}

// The switch of a list adds to what was given before; its value may be the name of a file that holds it.
result<void> add_to_list(behaviour& to, const setting& list, std::string_view given) {
  const auto first = given.substr(0, given.find(','));
  std::string content(given);
  if (list.from_file && !is_guid(first) && given != "none" && given != "all") {
    auto read = read_small_file(std::string(given));
    if (!read) return std::unexpected(std::move(read.error()));
    content = std::move(*read);
  }
  const auto before = list.get(to);
  return list.set(to, !list.from_file || before == "none" || before == "all" ? content : before + "," + content);
}

result<void> set_from_switch(behaviour& to, const setting& one, std::string_view given) {
  if (one.form == value_form::yes_no) return one.set(to, "yes");
  if (one.form == value_form::list) return add_to_list(to, one, given);
  if (!one.from_file) return one.set(to, given);
  const auto content = read_small_file(std::string(given));
  return content ? one.set(to, *content) : result<void>(std::unexpected(content.error()));
}

std::vector<flag> make_flags() {
  std::vector<flag> all;
  add_place(all);
  add_identity(all);
  all.push_back({"--scenario", "control", "FILE",
                 "What changes while it runs, from a TOML file: at 30 s the quota halves, at 60 s a policy is revoked. docs/simulator.md "
                 "describes it.",
                 text([](options& o) -> auto& { return o.scenario_file; })});
  all.push_back(
      {"--as", "control", "FILE",
       "It behaves as the service of which convoke probe wrote this file, as far as that was found out. Switches that follow change "
       "it again.",
       text([](options& o) -> auto& { return o.probe_file; })});
  all.push_back(
      {"--users", "directory", "FILE",
       "The users of the tenant, in lines UPN,OBJECT-ID (default: every UPN has a user with an id made from it). POST /_sim/users "
       "changes them.",
       set_users});
  for (const auto& one : settings())
    all.push_back({one.switch_name(), one.topic, std::string(one.value), one.sentence,
                   [&one](options& o, std::string_view given) { return set_from_switch(o.service, one, given); },
                   one.form != value_form::yes_no});
  std::vector<flag> by_topic;
  for (const auto& topic : setting_topics())
    std::ranges::copy_if(all, std::back_inserter(by_topic), [&](const flag& one) { return one.topic == topic.name; });
  return by_topic;
}

}  // namespace

std::vector<flag> flags() {
  static const auto all = make_flags();
  return all;
}

result<void> apply_flag(options& into, std::string_view name, std::string_view value) {
  for (const auto& f : flags()) {
    if (f.name != name) continue;
    auto done = f.set(into, value);
    if (!done) return fail(done.error().code, fmt::format("{}: {}", name, done.error().message));
    return done;
  }
  return fail(errc::usage, fmt::format("{}: the simulator has no such flag", name));
}

}  // namespace convoke::sim

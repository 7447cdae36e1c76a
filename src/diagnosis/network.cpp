#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "diagnosis/assess.hpp"

namespace convoke::diagnosis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::chrono::days expiry_warns{14};
constexpr std::size_t longest = 500;

std::string day_of(utc_time t) {
  return format_utc(std::chrono::floor<seconds>(t));
}

bool about_certificate(connect_failure what) {
  using enum connect_failure;
  return what == untrusted || what == expired || what == not_yet_valid || what == wrong_name;
}

bool of_proxy(connect_failure what) {
  return what == connect_failure::proxy || what == connect_failure::proxy_login;
}

std::string advice_for(const connection_seen& c) {
  switch (c.what) {
    case connect_failure::untrusted:
      return fmt::format(
          "The certificate comes from {}. Where that is a proxy of your organization that looks into TLS, have its administrator exempt "
          "{}, "
          "or name the authority's certificate (PEM) with --ca-file. Where it is neither that nor Microsoft's authority, somebody else "
          "answers: do not go on.",
          c.issuer.empty() ? "an authority that is not known here" : core::escape_for_people(c.issuer), c.host);
    case connect_failure::expired:
    case connect_failure::not_yet_valid:
      return "Compare the date with this machine's clock (see the check clock). Where the clock is right, the server or a proxy in between "
             "needs a new certificate.";
    case connect_failure::wrong_name:
      return "Only the certificate's alternative names count. Check --graph-url, --authority-url and --cloud, and whether a proxy or a "
             "name server sends this name to another host.";
    case connect_failure::tls:
      return "Check the port, and that nothing in between ends TLS or allows only versions before 1.2.";
    case connect_failure::proxy:
      return "Check --proxy (HTTPS_PROXY) and --proxy-credentials-file; hosts that need no proxy belong into NO_PROXY.";
    case connect_failure::proxy_login:
      return "Give the right user name and password with --proxy-credentials-file (USER:PASSWORD, mode 0600), then run the command again. "
             "Nothing else was tried through this proxy: directories lock accounts after some wrong logins.";
    case connect_failure::network:
    case connect_failure::timeout:
      return "Check that the firewall lets this machine connect to this address; where it may not, set --proxy.";
    case connect_failure::resources:
      return "Close other programs or raise the limit, and run the command again.";
    case connect_failure::none:
      break;
  }
  return {};
}

finding assess_attempt(const connection_seen& c, const std::string& lane, bool another_works) {
  const auto where = c.address.empty() ? c.host : fmt::format("{} {}", c.host, c.address);
  finding out{.check = about_certificate(c.what) || c.what == connect_failure::tls ? "tls"
                       : of_proxy(c.what)                                          ? "proxy"
                                                                                   : "address",
              .lane = lane,
              .subject = core::escape_for_people(where),
              .seen = {},
              .advice = {}};
  if (c.what == connect_failure::none) {
    out.seen = c.certificate ? "TCP and TLS work" : "TCP works";
    return out;
  }
  out.status = another_works ? finding_status::warning : finding_status::failed;
  out.exit_code = another_works ? 0 : c.what == connect_failure::proxy_login ? of_credentials : of_network;
  out.seen = core::escape_for_people(c.message, longest);
  out.advice = advice_for(c);
  if (another_works) out.advice = "Connections fall back to another address, which costs time. " + out.advice;
  return out;
}

finding assess_certificate(const connection_seen& c, const std::string& lane, utc_time now) {
  const auto& seen = *c.certificate;
  finding out{.check = "tls",
              .lane = lane,
              .subject = core::escape_for_people(c.host),
              .seen = fmt::format("{}; certificate of {}, issued by {}", core::escape_for_people(seen.version),
                                  core::escape_for_people(seen.subject), core::escape_for_people(seen.issuer)),
              .advice = {}};
  if (!seen.expires) return out;
  out.seen += fmt::format(", valid until {}", day_of(*seen.expires));
  if (*seen.expires - now >= expiry_warns) return out;
  const auto left = std::chrono::floor<std::chrono::days>(*seen.expires - now);
  out.status = finding_status::warning;
  out.seen += left.count() > 0 ? fmt::format(" (in {} days)", left.count()) : std::string(" (in less than a day)");
  out.advice = "The server, or the proxy that answers in its place, needs a new certificate before then: connections are refused after it.";
  return out;
}

}  // namespace

finding assess(const route_seen& r, const std::string& lane) {
  return {.check = "proxy",
          .lane = lane,
          .subject = core::escape_for_people(r.host),
          .seen = !r.proxy.empty() ? fmt::format("through the proxy {}", core::escape_for_people(r.proxy))
                  : r.configured   ? "directly: NO_PROXY, or its being this machine, exempts it from the proxy"
                                   : "directly: no proxy is set",
          .advice = {}};
}

finding assess(const look_up_seen& l, const std::string& lane) {
  finding out{.check = "dns", .lane = lane, .subject = core::escape_for_people(l.host), .seen = {}, .advice = {}};
  if (l.problem.empty()) {
    for (const auto& one : l.addresses) out.seen += (out.seen.empty() ? "" : ", ") + core::escape_for_people(one);
    return out;
  }
  out.status = finding_status::failed;
  out.exit_code = of_network;
  out.seen = core::escape_for_people(l.problem, longest);
  out.advice = fmt::format(
      "Check the name (--cloud, --graph-url, --authority-url, --proxy), and with `getent ahosts {}` whether this machine's name servers "
      "know it.",
      core::escape_for_people(l.host));
  return out;
}

std::vector<finding> assess(std::span<const connection_seen> attempts, const std::string& lane, utc_time now) {
  std::vector<finding> out;
  const auto works = [](const connection_seen& c) { return c.what == connect_failure::none; };
  const auto one = std::ranges::find_if(attempts, works);
  for (const auto& attempt : attempts) out.push_back(assess_attempt(attempt, lane, one != attempts.end()));
  // The address whose certificate ends first.
  const connection_seen* first = nullptr;
  for (const auto& attempt : attempts) {
    if (!works(attempt) || !attempt.certificate) continue;
    if (first == nullptr || attempt.certificate->expires < first->certificate->expires) first = &attempt;
  }
  if (first != nullptr) out.push_back(assess_certificate(*first, lane, now));
  return out;
}

finding assess(const clock_seen& c, const std::string& lane) {
  finding out{.check = "clock", .lane = lane, .subject = core::escape_for_people(c.host), .seen = {}, .advice = {}};
  if (!c.problem.empty()) return skipped("clock", lane, out.subject, core::escape_for_people(c.problem, longest));
  if (!c.theirs) return skipped("clock", lane, out.subject, "the answer has no Date");
  // The server wrote its time between `sent` and `received`, and cut less than a second off it.
  const auto least = std::chrono::floor<milliseconds>(c.sent - (*c.theirs + seconds(1)));
  const auto most = std::chrono::ceil<milliseconds>(c.received - *c.theirs);
  const auto certain = least.count() > 0 ? least : most.count() < 0 ? most : milliseconds(0);
  const auto middle = (least + most) / 2;
  const auto size = std::chrono::round<seconds>(std::chrono::abs(middle)).count();
  const auto uncertain = std::chrono::ceil<seconds>((most - least) / 2).count();
  const auto apart = std::chrono::abs(certain);
  out.seen = apart <= seconds(1) ? std::string("this machine's clock agrees with the server's")
                                 : fmt::format("this machine's clock is {} s {} the server's (± {} s)", size,
                                               certain.count() > 0 ? "ahead of" : "behind", uncertain);
  if (apart <= clock_warns) return out;
  const bool fails = apart > clock_fails;
  out.status = fails ? finding_status::failed : finding_status::warning;
  out.exit_code = fails ? of_configuration : 0;
  out.advice = fails ? "Set the clock: with such a difference assertions and certificates are refused, and the times of tokens are wrong."
                     : "Set the clock before the difference grows: from five minutes on assertions and tokens are refused.";
  out.commands = {"sudo timedatectl set-ntp true", "timedatectl status"};
  return out;
}

}  // namespace convoke::diagnosis

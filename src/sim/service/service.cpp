#include "sim/service/service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "sim/service/inspection.hpp"
#include "sim/service/latency.hpp"
#include "sim/service/path.hpp"
#include "sim/service/retry_after.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

constexpr std::string_view scheme = "Bearer ";

answer_options shown_by(const behaviour& how, const identity& who) {
  return {.graph_root = who.graph_roots.front(),
          .tenant = who.tenant,
          .show_roles = how.show_roles,
          .small = how.small_answers,
          .extra_members = how.extra_members,
          .fraction_digits = how.fraction_digits,
          .join_links = how.join_links,
          .expiry = how.expiry,
          .show_chat = how.beta != beta_answer::hide_chat,
          .shows_expiry = how.open.shows_expiry,
          .shows_invitation = how.open.shows_invitation};
}

}  // namespace

service::service(behaviour how, identity who, std::uint64_t entropy, moment start)
    : service(std::move(how), std::move(who), entropy, start, assertion_checker({})) {}

service::service(behaviour how, identity who, std::uint64_t entropy, moment start, assertion_checker assertions)
    : how_(std::move(how)),
      who_(std::move(who)),
      start_(start),
      shown_(shown_by(how_, who_)),
      tokens_(who_, how_.tokens, entropy, std::move(assertions)),
      policies_(how_.policy, who_.client_id),
      directory_(!how_.directory.users),
      batches_(how_.seed, "batches", 0, random_source::purpose::request),
      calls_(how_.kept_calls),
      ids_(how_.seed, "ids", 0, random_source::purpose::request),
      latency_(how_.seed, "latency", 0, random_source::purpose::latency) {
  if (how_.directory.users)
    for (const auto& [upn, id] : *how_.directory.users) directory_.set(upn, id);
}

void service::handle(const request& q, moment now, reply& into) {
  into.clear();
  const auto path = q.target.substr(0, q.target.find('?'));
  const path_segments parts(path);
  if (q.to_machine) {
    tokens_.handle_metadata(q, now, into);
    headers_.append_date(into.headers, now.wall);
  } else if (parts.is(0, "_sim") && parts.is(1, "device")) {
    tokens_.people().control(q, into);
  } else if (parts.is(0, "_sim")) {
    inspect(*this, q, path, into);
  } else if (parts.count == 4 && parts.is(1, "oauth2") && parts.is(2, "v2.0") && parts.is(3, "token") && q.method == "POST") {
    tokens_.handle(parts.part[0], q, now, into);
    headers_.append_date(into.headers, now.wall);
  } else if (parts.count == 4 && parts.is(1, "oauth2") && parts.is(2, "v2.0") && parts.is(3, "devicecode") && q.method == "POST") {
    tokens_.handle_device_code(parts.part[0], q, now, into);
    headers_.append_date(into.headers, now.wall);
  } else if (parts.count == 4 && parts.is(1, "v2.0") && parts.is(2, ".well-known") && parts.is(3, "openid-configuration")) {
    tokens_.handle_configuration(parts.part[0], now, into);
    headers_.append_date(into.headers, now.wall);
  } else if (parts.count == 4 && parts.is(1, "discovery") && parts.is(2, "v2.0") && parts.is(3, "keys")) {
    tokens_.handle_keys(into);
    headers_.append_date(into.headers, now.wall);
  } else {
    graph(q, path, now, into);
  }
}

void service::graph(const request& q, std::string_view path, moment now, reply& into) {
  ++counts_.requests;
  call_ids_.request_id.clear();
  ids_.append_guid(call_ids_.request_id);
  const bool echo = !q.client_request_id.empty() && q.client_request_id.size() <= longest_client_request_id;
  call_ids_.client_request_id = echo ? q.client_request_id : std::string_view(call_ids_.request_id);

  call c{q, now, into, calls_.next()};
  c.unknown_members = asks_for_unknown_members(q.prefer);
  if (c.log != nullptr) {
    c.log->at = q.arrived;
    c.log->method = q.method.substr(0, longest_method);
    c.log->client_request_id = q.client_request_id.substr(0, longest_client_request_id);
  }
  into.delay = draw_latency(how_.latency, latency_) + wait_for_turn(now.mono);
  const bool known = authorised(c) && within(c, *app_, {}, scope_kind::app);
  // The directory and batches have limits of their own, or those of their items.
  if (known && route_directory(c, path)) return finish_record(c);
  if (known) answer_meeting_call(c, path);
  finish_record(c);
}

void service::answer_meeting_call(call& c, std::string_view path) {
  const bool open = within(c, *app_, how_.throttle.app, scope_kind::app) && within(c, lane_, how_.throttle.lane, scope_kind::lane);
  if (open && route(c, path) && enter_organizer(c) && organizer_may(c)) c.search ? search(c) : carry_out(c);
}

bool service::asks_for_unknown_members(std::string_view prefer) {
  return prefer.find("include-unknown-enum-members") != std::string_view::npos;
}

void service::finish_record(const call& c) {
  if (c.log == nullptr) return;
  c.log->status = c.into.how == delivery::lost || c.into.how == delivery::reset ? 0 : c.into.status;
}

bool service::issued(std::string_view authorization, mono_time now) const {
  return authorization.starts_with(scheme) && tokens_.check(authorization.substr(scheme.size()), now) != token_state::unknown;
}

bool service::authorised(call& c) {
  std::string_view why;
  if (!c.q.authorization.starts_with(scheme)) {
    why = "Access token is empty.";
  } else {
    switch (tokens_.check(c.q.authorization.substr(scheme.size()), c.now.mono)) {
      case token_state::valid:
        c.signed_in = tokens_.user_of(c.q.authorization.substr(scheme.size()));
        c.app = tokens_.app_of(c.q.authorization.substr(scheme.size()));
        return true;
      case token_state::expired:
        why = "Lifetime validation failed, the token is expired.";
        break;
      case token_state::unknown:
        why = "CompactToken parsing failed with error code: 80049217";
        break;
    }
  }
  error(c, 401, "InvalidAuthenticationToken", why);
  return false;
}

bool service::enter_organizer(call& c) {
  if (!is_guid(c.user)) {
    const bool forbidden = how_.to_upn == upn_answer::forbidden;
    error(c, forbidden ? 403 : 404, forbidden ? "Forbidden" : "UnknownError", "");
    return false;
  }
  c.user = lower(c.user);
  if (c.log != nullptr) c.log->organizer = c.user;
  auto found = organizers_.find(c.user);
  if (found == organizers_.end()) found = organizers_.emplace(c.user, scope()).first;
  c.organizer = &found->second;
  return within(c, *c.organizer, limit_of(c.user), scope_kind::organizer);
}

bool service::organizer_may(call& c) {
  // Roles are of apps; what a person may do is in the scopes of the token.
  const auto& roles = how_.tokens.roles;
  if (c.signed_in.empty() && std::ranges::find(roles, "OnlineMeetings.ReadWrite.All") == roles.end()) {
    error(c, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
    return false;
  }
  if (how_.organizers && !how_.organizers->contains(c.user)) {
    error(c, 404, "UnknownError", "");
    return false;
  }
  const bool unlicensed = how_.unlicensed.contains(c.user);
  if (unlicensed || how_.guests.contains(c.user)) {
    error(c, 403, "Forbidden", "");
    if (unlicensed && how_.to_unlicensed == unlicensed_answer::subcode) add_inner_code(c.into.body, "9024");
    return false;
  }
  // The policy is for apps that call without a person.
  if (!c.signed_in.empty() || policies_.granted(c.user, c.app, how_.no_policy, c.now.mono)) return true;
  refuse_without_policy(c);
  return false;
}

void service::refuse_without_policy(call& c) {
  static constexpr std::array mixed = {policy_answer::documented, policy_answer::with_ids, policy_answer::general};
  const auto form = how_.to_no_policy == policy_answer::mix ? mixed[hash_of(c.user) % mixed.size()] : how_.to_no_policy;
  switch (form) {
    case policy_answer::with_ids:
      return error(c, 403, "Forbidden", fmt::format("No application access policy found for this app: {} on the user: {}.", c.app, c.user));
    case policy_answer::general:
      return error(c, 403, "General", "No application access policy found for this app.");
    case policy_answer::older:
      return error(c, 403, "Unauthorized", fmt::format("App {} is not authorized to Create meeting on behalf of user {}", c.app, c.user));
    case policy_answer::documented:
    case policy_answer::mix:
      break;
  }
  error(c, 403, "Forbidden", "No Application Access Policy found for this app");
}

bool service::within(call& c, scope& s, const quota_options& limit, scope_kind kind) {
  const auto& how = how_.throttle;
  const auto over = s.calls.take(limit, how, c.now.mono);
  if (s.closed.remaining(c.now.mono)) {
    if (s.closed.early(c.q.arrived, c.now.mono)) {
      ++counts_.early;
      s.closed.extend(std::chrono::nanoseconds(static_cast<std::int64_t>(how.early_penalty * 1e9)));
    }
    throttle(c, s, kind, std::max(*s.closed.remaining(c.now.mono), over.value_or(std::chrono::nanoseconds(0))), 429);
    return false;
  }
  if (over) throttle(c, s, kind, *over, 429);
  return !over;
}

void service::throttle(call& c, scope& s, scope_kind kind, std::chrono::nanoseconds wait, int status) {
  ++counts_.throttled;
  begin_reply(c, status);
  c.into.throttled = kind;
  auto when = make_retry_after(how_.throttle, wait, c.now.wall, ids_);
  c.into.headers += when.lines;
  if (how_.throttle.scope_header) {
    if (kind == scope_kind::app) {
      c.into.headers += fmt::format("x-ms-throttle-scope: Application/ReadWrite/{}\r\n", who_.client_id);
    } else {
      const bool lane = kind == scope_kind::lane;
      c.into.headers += fmt::format("x-ms-throttle-scope: {}/ReadWrite/{}/{}\r\n", lane ? "Tenant_Application" : "User_Application",
                                    who_.client_id, lane ? who_.tenant : c.user);
    }
  }
  if (status == 429) {
    c.into.headers += "Content-Type: application/json\r\n";
    append_throttle_error(c.into.body, call_ids_, c.now.wall);
  }
  if (when.announced) {
    c.into.announces = &s.closed;
    c.into.announced = *when.announced;
  }
}

void service::begin_reply(call& c, int status) {
  c.into.status = status;
  c.into.headers.clear();
  c.into.body.clear();
  scenario_.clear();
  ids_.append_guid(scenario_);
  headers_.append(c.into.headers, call_ids_, scenario_, c.now.wall);
}

void service::error(call& c, int status, std::string_view code, std::string_view message) {
  switch (status) {
    case 401:
      ++counts_.unauthorized;
      break;
    case 403:
      ++counts_.forbidden;
      break;
    case 404:
      ++counts_.not_found;
      break;
    default:
      if (status < 500 || status == 501) ++counts_.bad_requests;
  }
  begin_reply(c, status);
  c.into.headers += "Content-Type: application/json\r\n";
  if (status == 401) {
    c.into.headers += fmt::format(
        "WWW-Authenticate: Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", "
        "client_id=\"00000003-0000-0000-c000-000000000000\"\r\n",
        who_.graph_roots.front());
  }
  if (status == 405) c.into.headers += c.meeting_id.empty() ? "Allow: POST\r\n" : "Allow: GET, PATCH, DELETE\r\n";
  append_error(c.into.body, code, message, call_ids_, c.now.wall);
}

void service::announce(reply& r, mono_time now) {
  if (r.announces != nullptr) r.announces->announce(now, r.announced);
  r.announces = nullptr;
  for (auto& part : r.parts)
    if (part.announces != nullptr) std::exchange(part.announces, nullptr)->announce(now, part.announced);
}

void service::finish(reply& r) {
  if (r.key != nullptr) --r.key->second.in_flight;
  r.key = nullptr;
  for (auto& part : r.parts)
    if (part.key != nullptr) --std::exchange(part.key, nullptr)->second.in_flight;
}

const quota_options& service::limit_of(std::string_view organizer) const {
  const auto& exceptions = how_.throttle.by_organizer;
  if (exceptions.empty()) return how_.throttle.organizer;
  const auto found = exceptions.find(std::string(organizer));
  return found == exceptions.end() ? how_.throttle.organizer : found->second;
}

void service::change_limits(const quota_options& lane, const quota_options& organizer) {
  how_.throttle.lane = lane;
  how_.throttle.organizer = organizer;
}

void service::change(behaviour how) {
  how_ = std::move(how);
  shown_ = shown_by(how_, who_);
  tokens_.change(how_.tokens);
  policies_.change(how_.policy);
  calls_.keep(how_.kept_calls);
}

void service::reset(const reset_parts& parts) {
  if (parts.behaviour) change(first_);
  if (parts.meetings) meetings_.clear();
  if (parts.policies) policies_.forget();
  if (parts.calls) {
    counts_ = {};
    calls_.clear();
  }
  if (!parts.quotas) return;
  // In place: an answer that is on its way may announce a wait.
  lane_ = {};
  look_ups_ = {};
  *app_ = {};
  for (auto& [id, one] : organizers_) one = {};
  busy_until_ = mono_time::min();
}

// The wait in a queue that is served at a constant rate.
std::chrono::nanoseconds service::wait_for_turn(mono_time now) {
  if (how_.capacity <= 0) return std::chrono::nanoseconds(0);
  busy_until_ = std::max(busy_until_, now) + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / how_.capacity));
  return busy_until_ - now;
}

}  // namespace convoke::sim

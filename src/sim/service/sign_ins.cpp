#include "sim/service/sign_ins.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace json = boost::json;

constexpr auto added_by_slow_down = std::chrono::seconds(5);  // RFC 8628, section 3.5
constexpr std::size_t secret_size = 64, user_code_size = 9;

std::chrono::nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

void answer(reply& into, int status, std::string body) {
  into.status = status;
  into.headers = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
  into.body = std::move(body);
}

std::string text_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

}  // namespace

sign_ins::sign_ins(const device_options& how, std::uint64_t entropy)
    : how_(how), random_(entropy, "sign-ins", 0, random_source::purpose::token) {}

std::string sign_ins::random_text(std::string_view alphabet, std::size_t size) {
  std::string out;
  while (out.size() < size) out += alphabet[random_.below(alphabet.size())];
  return out;
}

sign_ins::offer sign_ins::make_offer(mono_time now) {
  ++counts_.codes;
  constexpr std::string_view letters = "BCDFGHJKLMNPQRSTVWXZ";  // no vowels: no words
  offer out{.device_code = random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", secret_size),
            .user_code = random_text(letters, user_code_size)};
  codes_.emplace(out.device_code, code{.user_code = out.user_code,
                                       .user = how_.user,
                                       .expires = now + nanoseconds_of(how_.lifetime_seconds),
                                       .last = now,
                                       .interval = nanoseconds_of(how_.interval_seconds)});
  return out;
}

sign_ins::verdict sign_ins::poll(std::string_view device_code, mono_time now, std::string& user) {
  ++counts_.polls;
  const auto found = codes_.find(device_code);
  if (found == codes_.end() || found->second.decided == state::used) return verdict::unknown;
  auto& one = found->second;
  const auto gap = now - std::exchange(one.last, now);
  ++one.polls;
  fmt::format_to(std::back_inserter(one.gaps), "{}{}", one.gaps.empty() ? "" : ",",
                 std::chrono::duration_cast<std::chrono::milliseconds>(gap).count());
  const bool early = gap < one.interval;
  if (early) ++counts_.early;
  if (early || one.polls <= how_.slow_downs) {
    ++counts_.slow_downs;
    one.interval += added_by_slow_down;
    return verdict::slow_down;
  }
  if (now >= one.expires) return verdict::expired;
  const auto out = decide(one);
  if (out == verdict::granted) user = one.user;
  return out;
}

sign_ins::verdict sign_ins::decide(code& of) {
  if (of.decided == state::waiting && how_.answer == device_answer::approve && of.polls > how_.slow_downs + how_.after_polls)
    of.decided = state::approved;
  if (of.decided == state::waiting && how_.answer == device_answer::deny && of.polls > how_.slow_downs + how_.after_polls)
    of.decided = state::denied;
  if (of.decided == state::denied) return verdict::denied;
  if (of.decided != state::approved) return verdict::pending;
  of.decided = state::used;
  ++counts_.granted;
  return verdict::granted;
}

std::string sign_ins::make_refresh_token(const std::string& user) {
  auto token = "0.refresh-" + random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", secret_size);
  refresh_.emplace(token, user);
  return token;
}

bool sign_ins::refresh(std::string_view token, std::string& user) {
  const auto found = refresh_.find(token);
  if (found == refresh_.end()) {
    ++counts_.refused_refreshes;
    return false;
  }
  ++counts_.refreshes;
  user = found->second;
  if (how_.single_use) refresh_.erase(found);
  return true;
}

std::string sign_ins::json() const {
  constexpr std::string_view names[] = {"waiting", "approved", "denied", "used"};
  std::string out = R"({"codes":[)";
  for (bool first = true; const auto& [secret_part, one] : codes_) {
    fmt::format_to(std::back_inserter(out), R"({}{{"user_code":"{}","state":"{}","polls":{},"gaps_ms":[{}]}})",
                   std::exchange(first, false) ? "" : ",", one.user_code, names[static_cast<std::size_t>(one.decided)], one.polls,
                   one.gaps);
  }
  return out + "]}";
}

void sign_ins::control(const request& q, reply& into) {
  if (q.method == "GET") return answer(into, 200, json());
  boost::system::error_code failed;
  const auto body = boost::json::parse(q.body, failed);
  const auto* wanted = failed ? nullptr : body.if_object();
  const auto action = wanted == nullptr ? std::string() : text_of(*wanted, "action");
  if (action == "revoke") {
    refresh_.clear();
    return answer(into, 200, json());
  }
  if (action != "approve" && action != "deny") return answer(into, 400, R"({"error":"the action is approve, deny or revoke"})");
  const auto user = text_of(*wanted, "user"), user_code = text_of(*wanted, "user_code");
  if (!user.empty() && !is_guid(user)) return answer(into, 400, R"({"error":"the user is not a GUID"})");
  bool any = false;
  for (auto& [secret_part, one] : codes_) {
    if (one.decided != state::waiting || (!user_code.empty() && !same_ignoring_case(user_code, one.user_code))) continue;
    any = true;
    one.decided = action == "approve" ? state::approved : state::denied;
    if (!user.empty()) one.user = lower(user);
  }
  answer(into, any ? 200 : 404, any ? json() : R"({"error":"no such code waits for a person"})");
}

}  // namespace convoke::sim

// Settings: meetings and the answers about them, latency, and how the service is controlled.

#include <fmt/format.h>

#include "sim/service/expiry.hpp"
#include "sim/service/latency.hpp"
#include "sim/service/setting_values.hpp"

namespace convoke::sim {
namespace {

result<void> set_fraction_digits(behaviour& b, std::string_view given) {
  if (given == "trimmed") {
    b.fraction_digits = trimmed_digits;
    return {};
  }
  const auto n = read_whole(given, 7);
  if (!n) return fail(errc::usage, "it is trimmed, or a whole number from 0 to 7");
  b.fraction_digits = static_cast<std::uint8_t>(*n);
  return {};
}

void add_meetings(std::vector<setting>& to) {
  to.push_back(
      yes_no_setting({"show_roles", "meetings", "",
                      "Answers show the roles of attendees; without it every role is null, as Graph was seen to answer. A coorganizer "
                      "is unknownFutureValue unless the request has Prefer: include-unknown-enum-members."},
                     [](auto& b) -> auto& { return b.show_roles; }));
  to.push_back(yes_no_setting({"small_answers", "meetings", "",
                               "Answers leave out the invitation text and the options that were never set: 1.6 KB in place of 5 KB, for "
                               "benchmarks."},
                              [](auto& b) -> auto& { return b.small_answers; }));
  to.push_back(
      yes_no_setting({"extra_members", "meetings", "",
                      "Answers have members that no documentation names, at the top and in participants: a client has to skip them."},
                     [](auto& b) -> auto& { return b.extra_members; }));
  to.push_back(
      {.name = "fraction_digits",
       .topic = "meetings",
       .value = "N|trimmed",
       .sentence = "How many digits of a second the times in answers have: 0 to 7, cut off there, or `trimmed`, which is the default: "
                   "as many as are not zero.",
       .set = set_fraction_digits,
       .get = [](const behaviour& b) { return b.fraction_digits == trimmed_digits ? "trimmed" : std::to_string(b.fraction_digits); }});
  to.push_back(
      word_setting({"join_links", "meetings", "full|brief|mix",
                    "The form of joinWebUrl: `full`, which is the default, is .../l/meetup-join/THREAD; `brief` is .../meet/ID?p=HASH; "
                    "`mix` gives each meeting one of them, always the same."},
                   [](auto& b) -> auto& { return b.join_links; }, {"full", "brief", "mix"}));
  to.push_back(
      word_setting({"fixed_members", "meetings", "refuse|ignore",
                    "What PATCH does with a member that cannot be changed, such as externalId or joinMeetingIdSettings: `refuse`, "
                    "which is the default, is 400; `ignore` changes the other members. meetingType is refused always, as Graph does."},
                   [](auto& b) -> auto& { return b.to_fixed_member; }, {"refuse", "ignore"}));
  to.push_back(
      word_setting({"beta", "meetings", "full|ignore-chat|hide-chat|400|404",
                    "What the beta endpoint does, which Microsoft may change: `full`, which is the default, makes channel meetings of "
                    "chatInfo.threadId; `ignore-chat` makes meetings with a chat of their own; `hide-chat` makes channel meetings, and "
                    "chatInfo is null in every answer; `400` and `404` refuse every call for meetings under /beta."},
                   [](auto& b) -> auto& { return b.beta; }, {"full", "ignore-chat", "hide-chat", "400", "404"}));
  to.push_back(real_setting(
      {"break_idempotency", "meetings", "P",
       "The probability that a key that has a meeting is given a second one, to test that duplicates are counted."},
      [](auto& b) -> auto& { return b.break_idempotency; }, 0, 1));
}

void add_expiry(std::vector<setting>& to) {
  to.push_back({.name = "meeting_lifetime",
                .topic = "meetings",
                .value = "D",
                .sentence =
                    "Meetings expire this long after their end, or after they were made where that is later (default 60d; negative: "
                    "before it). An update before that extends them by 60 days from then.",
                .set = [](behaviour& b, std::string_view given) -> result<void> {
                  const auto value = parse_lifetime(given);
                  if (!value) return std::unexpected(value.error());
                  b.expiry.lifetime = *value;
                  return {};
                },
                .get = [](const behaviour& b) { return std::to_string(b.expiry.lifetime.count()) + "s"; }});
  to.push_back(
      word_setting({"expired_key", "meetings", "keep|new|revive",
                    "What createOrGet does with the key of an expired meeting, which Graph does not document: `keep`, which is the "
                    "default, returns it as it is; `new` makes a new one; `revive` extends it."},
                   [](auto& b) -> auto& { return b.expiry.key; }, {"keep", "new", "revive"}));
}

void add_latency(std::vector<setting>& to) {
  to.push_back({.name = "latency",
                .topic = "latency",
                .value = "DIST",
                .sentence = "How long every answer takes: 10ms; uniform:10ms:50ms; lognormal:20ms:0.5 (median and sigma); or "
                            "percentiles:50=20ms,90=80ms,99=1s with a straight line between two of them. 0 is the default.",
                .set = [](behaviour& b, std::string_view given) -> result<void> {
                  auto read = parse_latency(given);
                  if (!read) return std::unexpected(std::move(read.error()));
                  b.latency = std::move(*read);
                  return {};
                },
                .get = [](const behaviour& b) { return latency_text(b.latency); }});
  to.push_back(seconds_setting({"slow_seconds", "latency", "SECONDS", "How much longer a slow answer takes (default 1): see --slow."},
                               [](auto& b) -> auto& { return b.slow_seconds; }));
  to.push_back(real_setting(
      {"capacity", "latency", "R",
       "How many calls per second the service can answer: further calls are queued and answered late, not throttled. 0, "
       "which is the default: any number."},
      [](auto& b) -> auto& { return b.capacity; }, 0, 1e9));
}

void add_control(std::vector<setting>& to) {
  to.push_back(whole_setting(
      {"seed", "control", "N",
       "The seed of everything random. Which call of a key fails depends on the seed, the key and the number of the "
       "call only, so a run can be repeated (default 1)."},
      [](auto& b) -> auto& { return b.seed; }, std::numeric_limits<std::uint64_t>::max()));
  to.push_back(whole_setting(
      {"calls", "control", "N", "How many calls /_sim/calls remembers (default 1000), at most 1000000."},
      [](auto& b) -> auto& { return b.kept_calls; }, 1'000'000));
}

}  // namespace

void add_answer_settings(std::vector<setting>& to) {
  add_control(to);
  add_meetings(to);
  add_expiry(to);
  add_latency(to);
}

}  // namespace convoke::sim

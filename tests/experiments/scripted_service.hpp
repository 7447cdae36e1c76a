#pragma once

// A service in memory that behaves as a test says, and a driver that carries a session out against it.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "experiments/session.hpp"

namespace experiments_test {

using namespace convoke::experiments;
using namespace std::chrono_literals;
using convoke::mono_time;
using convoke::utc_time;

inline const utc_time start = *convoke::parse_utc("2026-10-08T08:00:00Z");

struct behaviour {
  int new_status = 201, found_status = 200, unknown_status = 404, id_refusal = 400;
  // repeat: nothing, subject, times, both, new; roles: shown, lost, hidden, unknown
  std::string repeat = "nothing", deleted = "new", outer = "kept", roles = "shown";
  std::size_t longest = 0;
  bool cuts = false;  // ids that are too long are cut, not refused
  bool ignores_case = false, two_at_once = false, one_refused_at_once = false, keeps_options = false, half_options = false;
  bool options_refused = false, repeat_refused = false, no_batch = false, inner_refused = false, ascii_only = false;
  bool hides_expiry = false, hides_invitation = false, empty_patch = false, hides_id = false;
  int deleted_status = 400;                               // of createOrGet with the key of a deleted meeting, where it is refused
  int attendee_status = 201;                              // of createOrGet with an attendee; a refusal from 400 on
  std::string presenters = "everyone", chat = "enabled";  // of a meeting that was made without them
  bool hides_chat = false, hides_subject = false;
  bool other_times = false;    // GET shows times that no call sent
  bool never_deletes = false;  // DELETE answers 404 and does nothing
  std::string nameless = "";   // batch, atonce: the (second) answer has no meeting id
  // What happens to the call of this number, counted from 1, in place of its answer: a status, and whether it is carried out before.
  struct fault {
    int status = 503;
    bool carried_out = false;
    std::optional<std::chrono::nanoseconds> wait{};
    retry_form form = retry_form::absent;
  };
  std::map<unsigned, fault> faults;
};

class service {
 public:
  explicit service(behaviour how = {}) : how_(std::move(how)) {}

  std::vector<seen> answer(const call& made) {
    std::vector<seen> out;
    for (unsigned copy = 0; copy < made.copies; ++copy) out.push_back(one(made, copy));
    return out;
  }
  [[nodiscard]] std::size_t meetings() const {
    return static_cast<std::size_t>(std::ranges::count_if(meetings_, [](const auto& one) { return one.second.there; }));
  }
  [[nodiscard]] unsigned calls() const noexcept { return calls_; }
  [[nodiscard]] unsigned made() const noexcept { return made_; }

 private:
  struct meeting {
    std::string key, shown_id, subject, role;
    utc_time begin{};
    std::string presenters, chat;
    bool there = true;
  };

  seen one(const call& made, unsigned copy) {
    ++calls_;
    const auto fault = how_.faults.find(calls_);
    if (fault == how_.faults.end()) {
      auto out = carry_out(made, copy);
      if (how_.nameless == "batch" && made.what == verb::batch) out.id.clear();
      if (how_.nameless == "atonce" && copy > 0) out.id.clear();
      return out;
    }
    if (fault->second.carried_out) carry_out(made, copy);
    return {.status = fault->second.status, .form = fault->second.form, .wait = fault->second.wait};
  }

  seen carry_out(const call& made, unsigned copy) {
    switch (made.what) {
      case verb::create_or_get:
        return create(made, copy);
      case verb::batch: {
        if (how_.no_batch) return refused(400);
        auto out = create(made, copy);
        out.of_item = true;
        return out;
      }
      default:
        break;
    }
    const auto found = meetings_.find(made.meeting_id);
    if (found == meetings_.end()) return refused(how_.unknown_status);
    if (!found->second.there || (how_.never_deletes && made.what == verb::remove)) return refused(404);
    if (made.what == verb::remove) {
      found->second.there = false;
      return {.status = 204};
    }
    if (made.what == verb::update) {
      found->second.subject = text(made.body, "subject");
      if (how_.empty_patch) return {.status = 204};
    }
    auto out = shown(found->first, 200);
    if (how_.other_times) out.start = start + 99h;
    return out;
  }

  static seen refused(int status) { return {.status = status, .body = true, .code = "BadRequest"}; }

  static std::string text(std::string_view body, std::string_view name) {
    const auto begin = body.find("\"" + std::string(name) + "\":\"");
    if (begin == std::string_view::npos) return {};
    const auto from = begin + name.size() + 4;
    return std::string(body.substr(from, body.find('"', from) - from));
  }

  // The key, or nothing where the id is refused.
  [[nodiscard]] std::optional<std::string> key_of(std::string id) const {
    const bool blank_outside = id.front() == ' ' || id.back() == ' ';
    if (blank_outside && how_.outer == "refused") return std::nullopt;
    if (blank_outside && how_.outer == "trimmed") id = id.substr(1, id.size() - 2);
    if (!blank_outside && how_.inner_refused && id.contains(' ')) return std::nullopt;
    if (how_.ascii_only && std::ranges::any_of(id, [](char c) { return static_cast<unsigned char>(c) > 0x7F; })) return std::nullopt;
    if (how_.longest > 0 && id.size() > how_.longest) {
      if (!how_.cuts) return std::nullopt;
      id.resize(how_.longest);
    }
    if (how_.ignores_case)
      std::ranges::transform(id, id.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return id;
  }

  seen create(const call& made, unsigned copy) {
    if (how_.options_refused && made.body.contains("allowedPresenters")) return refused(400);
    if (how_.attendee_status >= 400 && made.body.contains("attendees")) return refused(how_.attendee_status);
    const auto key = key_of(made.external_id);
    if (!key) return refused(how_.id_refusal);
    if (copy > 0 && how_.one_refused_at_once) return refused(409);
    const auto newest = std::ranges::find_if(meetings_, [&](const auto& one) { return one.second.key == *key && one.second.there; });
    const auto before = std::ranges::find_if(meetings_, [&](const auto& one) { return one.second.key == *key; });
    if (newest == meetings_.end() && before != meetings_.end()) {
      if (how_.deleted == "refused") return refused(how_.deleted_status);
      if (how_.deleted == "restored") {
        before->second.there = true;
        return shown(before->first, how_.found_status);
      }
    }
    const bool another = newest != meetings_.end() && how_.repeat == "new" && text(made.body, "subject") != newest->second.subject;
    if (newest != meetings_.end() && !another && !(copy > 0 && how_.two_at_once)) {
      if (how_.repeat_refused) return refused(409);
      if (how_.repeat == "subject" || how_.repeat == "both") newest->second.subject = text(made.body, "subject");
      if (how_.repeat == "times" || how_.repeat == "both") newest->second.begin = *convoke::parse_utc(text(made.body, "startDateTime"));
      return shown(newest->first, how_.found_status);
    }
    meeting fresh{.key = *key,
                  .shown_id = *key,
                  .subject = text(made.body, "subject"),
                  .role = text(made.body, "role"),
                  .begin = *convoke::parse_utc(text(made.body, "startDateTime"))};
    fresh.presenters = how_.presenters;
    fresh.chat = how_.chat;
    if (made.body.contains("allowedPresenters") && (how_.keeps_options || how_.half_options))
      fresh.presenters = text(made.body, "allowedPresenters");
    if (made.body.contains("allowMeetingChat") && how_.keeps_options) fresh.chat = text(made.body, "allowMeetingChat");
    const auto id = "meeting-" + std::to_string(++made_);
    meetings_.emplace(id, std::move(fresh));
    return shown(id, how_.new_status);
  }

  [[nodiscard]] seen shown(const std::string& id, int status) const {
    const auto& from = meetings_.at(id);
    seen out{.status = status, .body = true, .id = id, .subject = from.subject, .start = from.begin, .end = from.begin + 1h};
    if (!how_.hides_id) out.external_id = from.shown_id;
    if (!from.role.empty())
      out.roles = {how_.roles == "hidden"    ? ""
                   : how_.roles == "lost"    ? "attendee"
                   : how_.roles == "unknown" ? "unknownFutureValue"
                                             : from.role};
    if (how_.hides_subject) out.subject.reset();
    out.allowed_presenters = from.presenters;
    if (!how_.hides_chat) out.chat = from.chat;
    out.has_expiry = !how_.hides_expiry;
    out.has_invitation = !how_.hides_invitation;
    return out;
  }

  behaviour how_;
  std::map<std::string, meeting> meetings_;
  unsigned calls_ = 0, made_ = 0;
};

inline terms usual_terms() {
  return {
      .organizer = "aaaaaaaa-0000-4000-8000-000000000001", .attendee = "ada@example.org", .start = start, .interval = 1s, .patience = 600s};
}

// Carries a probe out. `calls`: no more than this many, as where the process is killed then; the answer to the last one is lost where
// `answered` is false.
struct driver {
  service& to;
  mono_time now = mono_time(std::chrono::hours(1));
  std::chrono::nanoseconds waited{0};
  std::vector<mono_time> sent{};

  void run(session& of, unsigned calls = 1000, bool answered = true) {
    for (unsigned turn = 0; turn < 10'000; ++turn) {
      auto coming = of.next(now);
      if (coming.what == session::action::kind::finished) return;
      if (coming.what == session::action::kind::wait) {
        BOOST_REQUIRE(coming.until > now);
        waited += coming.until - now;
        now = coming.until;
        continue;
      }
      sent.push_back(now);
      auto answers = to.answer(coming.send);
      BOOST_REQUIRE(calls > 0);
      if (--calls == 0 && !answered) return;
      of.take(std::move(answers), now);
      if (calls == 0) return;
    }
    BOOST_FAIL("the session does not end");
  }
};

// The findings of a whole probe, which must leave no meeting and need at most 60 calls.
inline std::map<std::string, finding> probed(const behaviour& how, const terms& with = usual_terms()) {
  service to(how);
  session of({.run = "abcd1234"}, with);
  driver by{to};
  by.run(of);
  BOOST_TEST(to.meetings() == 0U);
  BOOST_TEST(to.calls() <= most_calls);
  BOOST_TEST(of.state().calls == to.calls());
  BOOST_TEST(of.left().empty());
  std::map<std::string, finding> out;
  for (auto& one : of.findings()) out.emplace(one.name, one);
  BOOST_TEST(out.size() == all_questions().size());
  return out;
}

inline std::string value_of(const behaviour& how, const std::string& name) {
  const auto all = probed(how);
  const auto& one = all.at(name);
  BOOST_TEST(one.value.empty() != one.unsettled.empty());
  BOOST_TEST(one.value.empty() == one.evidence.empty());
  BOOST_TEST((one.value.empty() || can_be(*find_question(name), one.value)), name << ": " << one.value);
  return one.value.empty() ? "unsettled" : one.value;
}

}  // namespace experiments_test

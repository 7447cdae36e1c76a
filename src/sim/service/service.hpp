#pragma once

// Microsoft Graph as far as a program that makes meetings can see it: the token endpoint, and createOrGet, GET, PATCH and DELETE of a
// meeting. Pure: no socket, no clock, no thread; time comes with every call.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <convoke/operation.hpp>

#include "sim/service/answer.hpp"
#include "sim/service/behaviour.hpp"
#include "sim/service/body.hpp"
#include "sim/service/directory.hpp"
#include "sim/service/meetings.hpp"
#include "sim/service/message.hpp"
#include "sim/service/policies.hpp"
#include "sim/service/quota.hpp"
#include "sim/service/record.hpp"
#include "sim/service/tokens.hpp"

namespace convoke::sim {

// What service::reset brings back to its beginning.
struct reset_parts {
  bool meetings = true;   // and which keys there are
  bool calls = true;      // counters and the call log
  bool quotas = true;     // windows, cooldowns, the counts of the month
  bool policies = true;   // what was granted and revoked while it ran
  bool behaviour = true;  // the settings
};

// One request of a batch, as its envelope has it.
struct service_batch_item {
  std::string id, method, url;
  std::string content_type, client_request_id, prefer;
  std::string body;                // of a JSON value its text
  std::vector<std::size_t> after;  // earlier items that must have succeeded
};

class service {
 public:
  // `entropy` makes the tokens; everything else comes from the seed in `how`.
  service(behaviour how, identity who, std::uint64_t entropy, moment start, assertion_checker assertions);
  // Without certificates and other identity providers.
  service(behaviour how, identity who, std::uint64_t entropy, moment start);
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  // Answers one request. The caller waits `into.delay`, calls announce right before it writes the answer, and finish when it is
  // written or will never be.
  void handle(const request& q, moment now, reply& into);
  // A throttled answer leaves at `now`: its cooldown begins.
  static void announce(reply& r, mono_time now);
  static void finish(reply& r);
  // From now on these limits hold. The windows and their counts stay.
  void change_limits(const quota_options& lane, const quota_options& organizer);
  // From now on it behaves so. Meetings, windows, tokens, users and policies that were changed stay.
  void change(behaviour how);
  [[nodiscard]] const behaviour& how() const noexcept { return how_; }
  // Everything that `parts` names is as at the start. Calls that are being answered go on.
  void reset(const reset_parts& parts);
  // As policies::change; without an app the one of this tenant.
  void change_policy(std::string organizer, bool grant, mono_time now, std::optional<double> delay_seconds) {
    change_policy(std::move(organizer), who_.client_id, grant, now, delay_seconds);
  }
  void change_policy(std::string organizer, std::string app, bool grant, mono_time now, std::optional<double> delay_seconds) {
    policies_.change(std::move(organizer), std::move(app), grant, now, delay_seconds);
  }
  // The app of the other service is this one's too: a cooldown of the app closes both.
  void share_app(const service& other) { app_ = other.app_; }
  // Whether it issued the token of this `Authorization`, and still knows it.
  [[nodiscard]] bool issued(std::string_view authorization, mono_time now) const;
  // A request that was not HTTP, or too large.
  void count_bad_request() { ++counts_.bad_requests; }
  void count_connection() { ++connections_; }

  // One JSON object.
  [[nodiscard]] std::string stats_json() const;
  [[nodiscard]] std::string meetings_json_lines() const;
  [[nodiscard]] std::string calls_json_lines(const call_filter& which = {}) const { return calls_.json_lines(start_.mono, which); }

  // `{"users": {"UPN": "OBJECT-ID", "UPN": null}}`: gives names to users, or takes them away. Why the body is wrong; empty: it is right.
  [[nodiscard]] std::string change_users(std::string_view body);

  [[nodiscard]] const counters& counts() const noexcept { return counts_; }
  [[nodiscard]] const meeting_store& meetings() const noexcept { return meetings_; }
  [[nodiscard]] const identity& who() const noexcept { return who_; }

 private:
  static constexpr std::size_t longest_client_request_id = 128, longest_method = 8;
  struct scope {
    quota calls;
    cooldown closed;
    struct {
      std::chrono::year_month month{};
      std::uint64_t made = 0;
    } of_month;  // of an organizer: the meetings that were made
  };
  // One call while it is handled.
  struct call {
    const request& q;
    moment now;
    reply& into;
    call_record* log;
    bool beta = false;
    bool unknown_members = false;  // Prefer: include-unknown-enum-members
    operation op = operation::create_or_get;
    std::string signed_in{};   // the object id of the user that the token is for; empty: a token of the app
    std::string app{};         // the client id of whose token it is
    std::string user{};        // as the path has it; a GUID in lower case once it is known to be one
    std::string meeting_id{};  // as the path has it, decoded; of createOrGet: empty
    bool search = false;       // by a filter, for meetings of `user`
    scope* organizer = nullptr;
  };

  // service.cpp
  void graph(const request& q, std::string_view path, moment now, reply& into);
  // A call for meetings, once its token is known.
  void answer_meeting_call(call& c, std::string_view path);
  [[nodiscard]] static bool asks_for_unknown_members(std::string_view prefer);
  static void finish_record(const call& c);
  bool authorised(call& c);
  bool enter_organizer(call& c);
  bool organizer_may(call& c);
  void refuse_without_policy(call& c);
  bool within(call& c, scope& s, const quota_options& limit, scope_kind kind);
  void error(call& c, int status, std::string_view code, std::string_view message);
  void throttle(call& c, scope& s, scope_kind kind, std::chrono::nanoseconds wait, int status);
  void begin_reply(call& c, int status);
  [[nodiscard]] const quota_options& limit_of(std::string_view organizer) const;
  [[nodiscard]] std::chrono::nanoseconds wait_for_turn(mono_time now);

  // routes.cpp
  bool route(call& c, std::string_view path);
  void show_me(call& c);
  bool route_meeting(call& c, std::string_view last);
  bool without_beta(call& c);
  // True where the request is about the directory, or a batch: then it is answered.
  bool route_directory(call& c, std::string_view path);
  [[nodiscard]] bool not_built(call& c, std::string_view what);

  // look_ups.cpp
  void look_up(call& c, std::string_view name);
  [[nodiscard]] bool within_directory(call& c);
  void show_user(call& c, const directory::user& one);

  // batches.cpp
  void batch(call& c);
  static void keep_part(reply& envelope, const reply& item);
  [[nodiscard]] std::vector<std::string> answer_items(call& c, const std::vector<service_batch_item>& items);
  void add_extra(const call& c, const std::vector<service_batch_item>& items, std::vector<std::string>& answers);
  bool answer_item(const call& of_batch, const service_batch_item& one, bool unmet, reply& into);
  void append_item(std::string& out, std::string_view id, const reply& item);
  [[nodiscard]] fault decide_envelope() const;
  void refuse_envelope(call& c, fault hit);
  void spoil_envelope(call& c, fault hit);
  void throttle_envelope(call& c, int status);

  // search.cpp
  void search(call& c);

  // keys.cpp
  [[nodiscard]] meeting_store::entry* entry_of_key(call& c);
  [[nodiscard]] bool takes_id(call& c);
  [[nodiscard]] bool read_members(call& c);
  void refuse_unknown_meeting(call& c);
  void repeat(meeting_store::entry& e);

  // operations.cpp
  void carry_out(call& c);
  [[nodiscard]] bool takes_channels(const call& c) const noexcept;
  [[nodiscard]] bool within_month(call& c, const meeting_store::entry& e);
  [[nodiscard]] meeting_store::entry* read(call& c);
  [[nodiscard]] int commit(const call& c, meeting_store::entry& e);
  [[nodiscard]] int create_or_get(const call& c, meeting_store::entry& e);
  void respond(call& c, meeting_store::entry& e, int status, distortion wrong);

  // faulty_answers.cpp
  // The step of the script that is about this call; null: none.
  [[nodiscard]] const scripted_fault* scripted(const call& c, const meeting_store::entry& e) const;
  // Gives the error that the script wants. False: it wants none.
  bool scripted_error(call& c, const meeting_store::entry& e);
  [[nodiscard]] fault decide(const call& c, const meeting_store::entry& e);
  void before_commit(call& c, const meeting_store::entry& e, fault hit);
  void after_commit(call& c, meeting_store::entry& e, int status, fault hit);
  void malformed(call& c, std::uint64_t nth, fault hit, std::string_view key = "$batch");
  [[nodiscard]] static delivery delivery_of(fault hit, bool has_body);
  [[nodiscard]] std::chrono::nanoseconds slow_answer() const;
  void outage(call& c, fault hit);
  void random_throttle(call& c, const meeting_store::entry& e, int status);

  behaviour how_;
  const behaviour first_ = how_;
  identity who_;
  moment start_;
  answer_options shown_;
  token_endpoint tokens_;
  meeting_store meetings_;
  policies policies_;
  text_map<scope> organizers_;
  std::shared_ptr<scope> app_ = std::make_shared<scope>();
  scope lane_;
  scope look_ups_;
  directory directory_;
  random_source batches_;
  counters counts_;
  call_log calls_;
  random_source ids_, latency_;
  header_writer headers_;
  call_ids call_ids_;
  wanted_meeting wanted_;
  meeting_changes changes_;
  std::string scenario_;
  std::uint64_t connections_ = 0;
  mono_time busy_until_ = mono_time::min();  // when the calls that wait for its capacity are done
};

}  // namespace convoke::sim

// What createOrGet, PATCH, GET and DELETE do to the meetings, and their answers where no fault changes them.

#include <algorithm>

#include "sim/service/random_source.hpp"
#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

bool has_body(operation op) {
  return op == operation::create_or_get || op == operation::update;
}

}  // namespace

void service::carry_out(call& c) {
  auto* const e = read(c);
  if (e == nullptr || !within_month(c, *e)) return;
  auto& record = e->second;
  ++record.calls[c.op];
  ++counts_.calls[c.op];
  ++record.in_flight;
  c.into.key = e;
  record.most_in_flight = std::max(record.most_in_flight, record.in_flight);
  counts_.most_in_flight_per_key = std::max(counts_.most_in_flight_per_key, record.most_in_flight);

  if (scripted_error(c, *e)) return;
  const auto hit = decide(c, *e);
  ++counts_.faults[static_cast<std::size_t>(hit)];
  if (c.log != nullptr) c.log->hit = hit;
  if (!commits(hit)) return before_commit(c, *e, hit);
  const int status = commit(c, *e);
  after_commit(c, *e, status, hit);
}

// False where the organizer's quota of the month is used up and the call would make a meeting: it is answered.
bool service::within_month(call& c, const meeting_store::entry& e) {
  const auto limit = how_.throttle.monthly;
  if (limit == 0 || c.op != operation::create_or_get || e.second.exists()) return true;
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(c.now.wall));
  const auto month = today.year() / today.month();
  auto& count = c.organizer->of_month;
  if (count.month != month) count = {month, 0};
  if (count.made < limit) return true;
  const std::chrono::sys_days next_month(month / 1 + std::chrono::months(1));
  throttle(c, *c.organizer, scope_kind::organizer, utc_time(next_month) - c.now.wall, 429);
  c.into.announces = nullptr;  // calls that make nothing go on
  return false;
}

// v1.0 skips chatInfo, because its page does not list it.
bool service::takes_channels(const call& c) const noexcept {
  return c.beta && how_.beta != beta_answer::ignore_chat;
}

// The key that the call is about. Null: the call is answered.
meeting_store::entry* service::read(call& c) {
  if (has_body(c.op)) {
    const auto type = c.q.content_type.substr(0, c.q.content_type.find(';'));
    if (!same_ignoring_case(type, "application/json")) {
      error(c, 415, "BadRequest", "A supported MIME type could not be found that matches the content type of the request.");
      return nullptr;
    }
    refusal why;
    const bool good = c.op == operation::update ? read_update(c.q.body, changes_, why, how_.to_fixed_member)
                                                : read_create_or_get(c.q.body, c.now.wall, wanted_, why, takes_channels(c));
    if (!good) {
      error(c, 400, why.code, why.message);
      return nullptr;
    }
  }
  auto* const e = c.op == operation::create_or_get ? entry_of_key(c) : meetings_.find(c.user, c.meeting_id);
  if (e == nullptr) {
    if (c.op != operation::create_or_get) refuse_unknown_meeting(c);
  } else if (c.log != nullptr) {
    c.log->external_id = meeting_store::external_id_of(*e);
  }
  return e;
}

// Does it, and gives the status of its answer.
int service::commit(const call& c, meeting_store::entry& e) {
  if (c.op == operation::create_or_get) return create_or_get(c, e);
  if (!e.second.exists()) return 404;
  switch (c.op) {
    case operation::update:
      // Before it is changed: an update that comes too late extends nothing.
      if (!has_expired(e.second, how_.expiry, c.now.wall)) e.second.extended = c.now.wall;
      meetings_.update(e, changes_);
      ++counts_.updated;
      return how_.open.patch == patch_reply::nothing ? 204 : 200;
    case operation::remove:
      meetings_.remove(e);
      ++counts_.removed;
      return 204;
    case operation::create_or_get:
    case operation::get:
      break;
  }
  ++counts_.read;
  return 200;
}

int service::create_or_get(const call& c, meeting_store::entry& e) {
  auto& record = e.second;
  const bool again =
      record.exists() && how_.break_idempotency > 0 &&
      random_source(how_.seed, e.first, record.calls.total(), random_source::purpose::identity).real() < how_.break_idempotency;
  const bool expired = has_expired(record, how_.expiry, c.now.wall);
  if (expired && how_.expiry.key == expired_key::revive) record.extended = c.now.wall;
  if (expired && how_.expiry.key == expired_key::make_new) meetings_.remove(e);
  if (record.creates > 0 && record.deleted && !expired && how_.open.deleted == deleted_key::restored) meetings_.restore(e);
  if (record.exists() && !again) {
    ++record.gets;
    ++counts_.got;
    repeat(e);
    return how_.open.found_status;
  }
  meetings_.create(e, wanted_, hash_of(e.first, how_.seed) + record.creates, c.now.wall);
  if (how_.open.options_kept) meetings_.set_options(e, changes_.options);
  ++counts_.created;
  if (how_.throttle.monthly > 0) ++c.organizer->of_month.made;
  return how_.open.new_status;
}

// The answer to what commit did.
void service::respond(call& c, meeting_store::entry& e, int status, distortion wrong) {
  if (status == 404) return error(c, 404, "NotFound", "The meeting does not exist.");
  begin_reply(c, status);
  if (status == 204) return;
  c.into.headers += json_headers;
  append_meeting(c.into.body, e, shown_, c.beta, c.unknown_members, wrong);
}

}  // namespace convoke::sim

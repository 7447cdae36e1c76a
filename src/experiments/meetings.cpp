// Experiments with meetings: what calls do to them, and what answers show.

#include <algorithm>
#include <utility>

#include "core/json_string.hpp"
#include "core/percent.hpp"
#include "experiments/common.hpp"

namespace convoke::experiments {
namespace {

constexpr std::string_view first_subject = "convoke probe", second_subject = "convoke probe, second call";
constexpr std::chrono::hours later{48};

// Of which of the two calls something that the GET shows is.
enum class of_call : std::uint8_t { first, second, neither };

of_call subject_of(const seen& read) {
  return read.subject == first_subject ? of_call::first : read.subject == second_subject ? of_call::second : of_call::neither;
}

of_call times_of(const setting_of_experiment& how, const seen& read) {
  constexpr std::chrono::hours long_each{1};
  if (read.start == how.start && read.end == how.start + long_each) return of_call::first;
  const auto second = how.start + later;
  return read.start == second && read.end == second + long_each ? of_call::second : of_call::neither;
}

finding of_repeat(const setting_of_experiment& how, const seen& first, const seen& again, const seen& read) {
  constexpr std::string_view name = "repeat_changes";
  const auto evidence = "createOrGet answered " + status_of(first) + ", and with another subject and times " + status_of(again);
  if (!again.success()) return settled(name, "refused", evidence + ".");
  if (again.id.empty()) return unsettled(name, "The second createOrGet answered without a meeting id.");
  if (again.id != first.id) return settled(name, "new meeting", evidence + " with another meeting id.");
  if (!read.success()) return unsettled(name, "The GET after it answered " + status_of(read) + ".");
  const auto its_subject = subject_of(read), its_times = times_of(how, read);
  if (its_subject == of_call::neither || its_times == of_call::neither)
    return unsettled(name, std::string("The GET after it does not show the ") + (its_subject == of_call::neither ? "subject" : "times") +
                               " of either call.");
  const bool subject = its_subject == of_call::second, times = its_times == of_call::second;
  const std::string_view value = subject && times ? "both" : subject ? "subject" : times ? "times" : "nothing";
  return settled(name, std::string(value),
                 evidence + "; the GET after it showed the subject of the " + (subject ? "second" : "first") +
                     " call and the times of the " + (times ? "second." : "first."));
}

finding of_found_status(const seen& first, const seen& again) {
  constexpr std::string_view name = "found_status";
  if (again.success() && again.id == first.id)
    return settled(name, std::to_string(again.status),
                   "The second createOrGet with one key answered " + status_of(again) + " with the same meeting id.");
  return unsettled(name, "The second createOrGet with one key did not find the meeting: it answered " + status_of(again) + ".");
}

finding of_member(std::string_view name, std::string_view member, bool in_first, const seen& read, bool in_read) {
  if (in_first || in_read)
    return settled(name, "yes",
                   std::string(member) + " was in the answer of " + (in_first ? "createOrGet" : "GET") +
                       (in_first && in_read ? " and in that of GET." : "."));
  if (!read.success()) return unsettled(name, "createOrGet did not show it, and the GET answered " + status_of(read) + ".");
  return settled(name, "no", std::string(member) + " was in the answer of neither createOrGet nor GET.");
}

finding of_patch(const seen& patched) {
  constexpr std::string_view name = "patch_answer";
  if (!patched.success()) return unsettled(name, "The PATCH of the subject answered " + status_of(patched) + ".");
  const bool meeting = !patched.id.empty();
  return settled(name, meeting ? "meeting" : "nothing",
                 "A PATCH of the subject answered " + status_of(patched) +
                     (meeting        ? " with the meeting."
                      : patched.body ? " with a body that is no meeting."
                                     : " without a body."));
}

}  // namespace

// createOrGet, again with other values, GET, PATCH.
next_step next_of_repeat(const setting_of_experiment& how, std::span<const exchange> so_far) {
  if (so_far.empty()) return {.make = make(key_of(how, "repeat", 'a'), how)};
  const auto& first = so_far[0].answer();
  if (failed(first)) return none_of(asked_by_repeat, why_failed(first));
  switch (so_far.size()) {
    case 1: {
      call again{.external_id = so_far[0].made.external_id};
      again.body = meeting_body(again.external_id, second_subject, how.start + later);
      return {.make = std::move(again)};
    }
    case 2:
      return {.make = get(first)};
    case 3:
      return {.make = call{.what = verb::update, .meeting_id = first.id, .body = R"({"subject":"convoke probe, changed"})"}};
    default:
      break;
  }
  const auto &again = so_far[1].answer(), &read = so_far[2].answer();
  next_step out;
  out.found.push_back(settled("new_status", std::to_string(first.status), "createOrGet with a new key answered " + status_of(first) + "."));
  out.found.push_back(of_found_status(first, again));
  out.found.push_back(of_repeat(how, first, again, read));
  out.found.push_back(of_member("expiry_shown", "expiryDateTime", first.has_expiry, read, read.has_expiry));
  out.found.push_back(of_member("join_information_shown", "joinInformation", first.has_invitation, read, read.has_invitation));
  out.found.push_back(of_patch(so_far[3].answer()));
  return out;
}

// createOrGet, DELETE, createOrGet.
next_step next_of_deleted_key(const setting_of_experiment& how, std::span<const exchange> so_far) {
  constexpr std::string_view name = "deleted_key";
  if (so_far.empty()) return {.make = make(key_of(how, "deleted", 'a'), how)};
  const auto& first = so_far[0].answer();
  if (failed(first)) return none_of(asked_by_deleted_key, why_failed(first));
  if (so_far.size() == 1) return {.make = call{.what = verb::remove, .meeting_id = first.id}};
  const auto& removed = so_far[1].answer();
  if (!removed.success()) return none_of(asked_by_deleted_key, "The DELETE answered " + status_of(removed) + ".");
  if (so_far.size() == 2) return {.make = make(so_far[0].made.external_id, how)};
  const auto& again = so_far[2].answer();
  const auto evidence = "createOrGet answered " + status_of(first) + ", DELETE " + status_of(removed) +
                        ", and createOrGet with the same key right after it " + status_of(again);
  if (!again.success()) return {.found = {settled(name, "refused", evidence + ".")}};
  if (again.id.empty()) return none_of(asked_by_deleted_key, "The createOrGet after the DELETE answered without a meeting id.");
  const bool same = again.id == first.id;
  return {
      .found = {settled(name, same ? "restored" : "new", evidence + (same ? " with the same meeting id." : " with another meeting id."))}};
}

// Two trials of two calls at the same time. Trials that make one meeting each are no proof that there are never two.
next_step next_of_simultaneous(const setting_of_experiment& how, std::span<const exchange> so_far) {
  constexpr std::size_t trials = 2;
  constexpr std::string_view name = "simultaneous";
  unsigned one = 0, refused = 0;
  for (const auto& trial : so_far) {
    const auto &a = trial.answers.front(), &b = trial.answers.back();
    const auto both = status_of(a) + " and " + status_of(b);
    const bool nameless = (a.success() && a.id.empty()) || (b.success() && b.id.empty());
    if (nameless) return none_of(asked_by_simultaneous, "A call of a trial answered without a meeting id: " + both + ".");
    if (failed(a) && failed(b)) return none_of(asked_by_simultaneous, "Both calls of a trial were refused: " + both + ".");
    if (failed(a) || failed(b)) {
      ++refused;
      continue;
    }
    if (a.id != b.id) return {.found = {settled(name, "two", "Two calls at the same time answered " + both + " with two meeting ids.")}};
    ++one;
  }
  if (so_far.size() < trials) {
    auto both = make(key_of(how, "atonce", static_cast<char>('a' + so_far.size())), how);
    both.copies = 2;
    return {.make = std::move(both)};
  }
  if (refused > 0)
    return {.found = {settled(name, "refused",
                              "In " + std::to_string(refused) + " of " + std::to_string(trials) +
                                  " trials one of two calls at the same time was refused.")}};
  return {
      .found = {settled(name, "one",
                        "In " + std::to_string(one) + " of " + std::to_string(trials) +
                            " trials two calls at the same time answered with one meeting id. This is no proof that it is always so.")}};
}

namespace {

// The role of the one attendee: nullopt where the answer shows none.
std::optional<std::string> role_in(const seen& answer) {
  const auto shown = std::ranges::find_if(answer.roles, [](const std::string& role) { return !role.empty(); });
  return shown == answer.roles.end() ? std::nullopt : std::optional(*shown);
}

finding of_role(std::string_view name, std::string_view sent, const std::string& shown, std::string_view by) {
  if (shown == "unknownFutureValue") return unsettled(name, "Answers show the role as unknownFutureValue, which can be any role.");
  return settled(name, shown == sent ? "kept" : "lost",
                 "The role " + std::string(sent) + " was sent, and " + std::string(by) + " showed " + shown + ".");
}

}  // namespace

// For each role createOrGet, and a GET where the answer shows no role.
next_step next_of_roles(const setting_of_experiment& how, std::span<const exchange> so_far) {
  if (how.attendee.empty())
    return none_of(asked_by_roles, "It needs a user of the tenant who is invited: name one with --attendee UPN. No invitation is sent.");
  next_step out;
  std::size_t at = 0;
  for (const auto name : asked_by_roles) {
    const auto role = name.substr(std::string_view("role_").size());
    if (at == so_far.size()) {
      std::string people = R"(,"participants":{"attendees":[{"upn":)";
      core::append_json_string(people, how.attendee);
      people += R"(,"role":")" + std::string(role) + R"("}]})";
      return {.make = make(key_of(how, "roles", role.front()), how, people)};
    }
    const auto& made = so_far[at++].answer();
    if (!made.success()) {
      out.found.push_back(settled(name, "refused", "createOrGet with an attendee of that role answered " + status_of(made) + "."));
      continue;
    }
    if (const auto shown = role_in(made)) {
      out.found.push_back(of_role(name, role, *shown, "its answer"));
      continue;
    }
    if (made.id.empty()) {
      out.found.push_back(unsettled(name, "createOrGet answered without a meeting id."));
      continue;
    }
    if (at == so_far.size()) return {.make = get(made)};
    const auto& read = so_far[at++].answer();
    const auto shown = role_in(read);
    out.found.push_back(shown ? of_role(name, role, *shown, "the GET after it")
                              : unsettled(name, "Neither createOrGet nor GET shows the roles of attendees."));
  }
  return out;
}

// createOrGet with members that are documented for PATCH only, GET. What is sent differs from what a meeting has by itself, so that a value
// that was kept can be distinguished from one that was ignored.
next_step next_of_options(const setting_of_experiment& how, std::span<const exchange> so_far) {
  constexpr std::string_view name = "options_kept";
  if (how.usual_presenters.empty() || how.usual_chat.empty())
    return none_of(asked_by_options, "No answer showed both members of a meeting that was made without them.");
  const std::string presenters = how.usual_presenters == "organizer" ? "everyone" : "organizer";
  const std::string chat = how.usual_chat == "disabled" ? "enabled" : "disabled";
  if (so_far.empty()) {
    const auto members = R"(,"allowedPresenters":")" + presenters + R"(","allowMeetingChat":")" + chat + '"';
    return {.make = make(key_of(how, "options", 'a'), how, members)};
  }
  const auto& first = so_far[0].answer();
  if (!first.success()) return {.found = {settled(name, "refused", "createOrGet with these members answered " + status_of(first) + ".")}};
  if (first.id.empty()) return none_of(asked_by_options, why_failed(first));
  if (so_far.size() == 1) return {.make = get(first)};
  const auto& read = so_far[1].answer();
  if (!read.success()) return none_of(asked_by_options, "The GET answered " + status_of(read) + ".");
  if (!read.allowed_presenters || !read.chat) return none_of(asked_by_options, "The GET does not show both members.");
  const bool one = read.allowed_presenters == presenters, other = read.chat == chat;
  const std::string_view value = one && other ? "yes" : one || other ? "partly" : "no";
  return {.found = {settled(name, std::string(value),
                            std::string("allowedPresenters was ") + (one ? "kept" : "not kept") + ", allowMeetingChat was " +
                                (other ? "kept." : "not kept."))}};
}

next_step next_of_batch(const setting_of_experiment& how, std::span<const exchange> so_far) {
  constexpr std::string_view name = "batch";
  if (so_far.empty()) {
    auto only = make(key_of(how, "batch", 'a'), how);
    only.what = verb::batch;
    return {.make = std::move(only)};
  }
  const auto& answer = so_far[0].answer();
  if (!answer.of_item && answer.success())
    return none_of(asked_by_batch, "The $batch answered " + status_of(answer) + " without its item.");
  if (!answer.of_item) return {.found = {settled(name, "no", "A $batch with one createOrGet answered " + status_of(answer) + ".")}};
  const auto evidence = "The createOrGet in a $batch answered " + status_of(answer) + ".";
  if (answer.success() && answer.id.empty())
    return none_of(asked_by_batch, "The createOrGet in a $batch answered " + status_of(answer) + " without a meeting id.");
  return {.found = {settled(name, answer.success() ? "yes" : "refused", evidence)}};
}

// GET of an id in the known form, of an organizer and a meeting that do not exist.
next_step next_of_unknown_meeting(const setting_of_experiment&, std::span<const exchange> so_far) {
  // 1*00000000-0000-4000-8000-000000000000*0**19:meeting_MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAw@thread.v2
  constexpr std::string_view id =
      "MSowMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMD"
      "AqMCoqMTk6bWVldGluZ19NREF3TURBd01EQXRNREF3TUMwME1E"
      "QXdMVGd3TURBdE1EQXdNREF3TURBd01EQXdAdGhyZWFkLnYy";
  if (so_far.empty()) return {.make = call{.what = verb::get, .meeting_id = std::string(id), .refusal_is_fine = true}};
  const auto& answer = so_far[0].answer();
  return {.found = {settled("unknown_meeting", std::to_string(answer.status), "The GET answered " + status_of(answer) + ".")}};
}

}  // namespace convoke::experiments

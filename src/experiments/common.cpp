#include "experiments/common.hpp"

#include <utility>

#include "core/json_string.hpp"

namespace convoke::experiments {
namespace {

// The length is bisected: 1 + 1 + 7 calls make a meeting at most, and each may have to be removed.
constexpr unsigned most_for_length = 9 + 9;

constexpr experiment experiments[] = {
    {"repeat", asked_by_repeat, 6, next_of_repeat},
    {"length", asked_by_length, most_for_length, next_of_length},
    {"case", asked_by_letter_case, 4, next_of_letter_case},
    {"deleted", asked_by_deleted_key, 4, next_of_deleted_key},
    {"atonce", asked_by_simultaneous, 8, next_of_simultaneous},
    {"roles", asked_by_roles, 6, next_of_roles},
    {"options", asked_by_options, 3, next_of_options},
    {"batch", asked_by_batch, 2, next_of_batch},
    {"letters", asked_by_characters, 6, next_of_characters},
    {"unknown", asked_by_unknown_meeting, 1, next_of_unknown_meeting},
};

}  // namespace

std::span<const experiment> all_experiments() noexcept {
  return experiments;
}

std::string meeting_body(std::string_view external_id, std::string_view subject, utc_time start, std::string_view more) {
  std::string out = R"({"externalId":)";
  core::append_json_string(out, external_id);
  out += R"(,"subject":)";
  core::append_json_string(out, subject);
  out += R"(,"startDateTime":")" + format_utc(start) + R"(","endDateTime":")" + format_utc(start + std::chrono::hours(1)) + '"';
  out += more;
  return out += '}';
}

std::string key_of(const setting_of_experiment& how, std::string_view name, char slot) {
  return "convoke-probe-" + how.run + "-" + std::string(name) + "-" + std::to_string(how.attempt) + slot;
}

call make(std::string external_id, const setting_of_experiment& how, std::string_view more) {
  auto body = meeting_body(external_id, "convoke probe", how.start, more);
  return {.external_id = std::move(external_id), .body = std::move(body)};
}

call get(const seen& meeting) {
  return {.what = verb::get, .meeting_id = meeting.id};
}

finding settled(std::string_view name, std::string value, std::string evidence) {
  return {.name = std::string(name), .value = std::move(value), .evidence = std::move(evidence)};
}

finding unsettled(std::string_view name, std::string why) {
  return {.name = std::string(name), .unsettled = std::move(why)};
}

std::string status_of(const seen& answer) {
  if (answer.status == 0) return "no answer";
  return std::to_string(answer.status) + (answer.code.empty() ? "" : " " + answer.code);
}

bool failed(const seen& answer) noexcept {
  return !answer.success() || answer.id.empty();
}

std::string why_failed(const seen& answer) {
  if (answer.success()) return "The first createOrGet answered " + status_of(answer) + " without a meeting id.";
  return "The first createOrGet answered " + status_of(answer) + ".";
}

next_step none_of(std::span<const std::string_view> questions, const std::string& why) {
  next_step out;
  for (const auto name : questions) out.found.push_back(unsettled(name, why));
  return out;
}

}  // namespace convoke::experiments

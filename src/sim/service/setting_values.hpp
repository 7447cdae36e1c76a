#pragma once

// The values of settings as texts, and how entries of the table are made. For settings*.cpp and for switches.

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <convoke/error.hpp>

#include "sim/service/settings.hpp"

namespace convoke::sim {

// errc::usage where the text is no such number.
[[nodiscard]] result<double> read_real(std::string_view text, double least, double most);
[[nodiscard]] result<std::uint64_t> read_whole(std::string_view text, std::uint64_t most);
// Seconds from `10ms`, `1.5s`, `2`, `2min`, `1h`, `60d`.
[[nodiscard]] result<double> read_seconds(std::string_view text);
// GUIDs, separated by commas or blanks, in lower case. `into` is replaced.
[[nodiscard]] result<void> read_ids(std::string_view text, std::set<std::string>& into);

[[nodiscard]] std::string write_number(double value);
[[nodiscard]] std::string write_ids(const std::set<std::string>& ids);

using setting_words = std::vector<std::string_view>;
[[nodiscard]] result<std::size_t> read_word(std::string_view given, const setting_words& words);

// Where an entry is in the table: its name, topic, placeholder, and sentence.
struct setting_head {
  std::string_view name, topic, value;
  std::string sentence;
};

// Below, `at` returns the member of a behaviour: `[](auto& b) -> auto& { return b.capacity; }`.

template <class At>
setting real_setting(setting_head head, At at, double least, double most) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .form = value_form::number,
          .set = [at, least, most](behaviour& b, std::string_view text) -> result<void> {
            const auto value = read_real(text, least, most);
            if (!value) return std::unexpected(value.error());
            at(b) = *value;
            return {};
          },
          .get = [at](const behaviour& b) { return write_number(at(b)); }};
}

template <class At>
setting seconds_setting(setting_head head, At at, double least = 0) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .form = value_form::number,
          .set = [at, least](behaviour& b, std::string_view text) -> result<void> {
            const auto value = read_seconds(text);
            if (!value) return std::unexpected(value.error());
            if (*value < least) return fail(errc::usage, "it is at least " + write_number(least) + " s");
            at(b) = *value;
            return {};
          },
          .get = [at](const behaviour& b) { return write_number(at(b)); }};
}

template <class At>
setting whole_setting(setting_head head, At at, std::uint64_t most) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .form = value_form::number,
          .set = [at, most](behaviour& b, std::string_view text) -> result<void> {
            const auto value = read_whole(text, most);
            if (!value) return std::unexpected(value.error());
            at(b) = static_cast<std::remove_cvref_t<decltype(at(b))>>(*value);
            return {};
          },
          .get = [at](const behaviour& b) { return std::to_string(static_cast<std::uint64_t>(at(b))); }};
}

// `yes`: what the member is where the setting is on.
template <class At>
setting yes_no_setting(setting_head head, At at, bool yes = true) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .form = value_form::yes_no,
          .set = [at, yes](behaviour& b, std::string_view text) -> result<void> {
            if (text != "yes" && text != "no") return fail(errc::usage, "it is yes or no");
            at(b) = (text == "yes") == yes;
            return {};
          },
          .get = [at, yes](const behaviour& b) { return std::string(at(b) == yes ? "yes" : "no"); }};
}

// One word of a list; the member is an enumeration whose values are the indices of the words.
template <class At>
setting word_setting(setting_head head, At at, setting_words words) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .set = [at, words](behaviour& b, std::string_view text) -> result<void> {
            const auto index = read_word(text, words);
            if (!index) return std::unexpected(index.error());
            at(b) = static_cast<std::remove_cvref_t<decltype(at(b))>>(*index);
            return {};
          },
          .get = [at, words](const behaviour& b) { return std::string(words.at(static_cast<std::size_t>(at(b)))); }};
}

template <class At>
setting ids_setting(setting_head head, At at) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .form = value_form::list,
          .set = [at](behaviour& b, std::string_view text) { return read_ids(text == "none" ? "" : text, at(b)); },
          .get =
              [at](const behaviour& b) {
                const auto ids = write_ids(at(b));
                return ids.empty() ? "none" : ids;
              },
          .from_file = true};
}

// The groups of entries, one for each settings_*.cpp.
void add_limit_settings(std::vector<setting>& to);
void add_people_settings(std::vector<setting>& to);
void add_sign_in_settings(std::vector<setting>& to);
void add_answer_settings(std::vector<setting>& to);
void add_open_question_settings(std::vector<setting>& to);
void add_fault_settings(std::vector<setting>& to);

}  // namespace convoke::sim

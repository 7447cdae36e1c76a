#pragma once

// Everything about the simulated service that a user can set, in one table: the switches of the command line, `PATCH /_sim/behaviour`,
// scenario files, help and the documentation are made from it. Pure: a value is a text, and whoever reads files passes their content.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <convoke/error.hpp>

#include "sim/service/behaviour.hpp"

namespace convoke::sim {

// What a group of settings is about. Help and documentation are grouped by it.
struct setting_topic {
  std::string_view name, title;
};
// In the order of help. Some have switches only, which say where the program listens and who it is.
[[nodiscard]] std::span<const setting_topic> setting_topics() noexcept;

// How a value is written in JSON. Its text, which all readers have in common, is the same without quotes.
enum class value_form : std::uint8_t {
  number,
  yes_no,    // the texts are `yes` and `no`; the switch takes no value and means yes
  text,      // a word, a duration, a distribution …
  list,      // an array of texts; in the text a comma between them, and `none` or `all` where it has them
  document,  // JSON; in JSON it is itself, not a text that contains it
};

struct setting {
  std::string_view name;   // `lane_rate`; the switch is `--lane-rate`
  std::string_view topic;  // the name of one of setting_topics()
  std::string_view value;  // stands for the value in help: N, P, SECONDS …; empty where the switch takes none
  std::string sentence;    // what it does, in a sentence of its own
  value_form form = value_form::text;
  // Sets it; errc::usage says what is wrong, without the name. Nothing is changed then.
  std::function<result<void>(behaviour&, std::string_view)> set;
  // Its value as `set` takes it. Empty for a setting that stands for several others.
  std::function<std::string(const behaviour&)> get;
  bool from_file = false;  // the switch takes the name of a file that holds the value; of a list, either

  [[nodiscard]] std::string switch_name() const;
};

// All of them, by topic.
[[nodiscard]] const std::vector<setting>& settings();
// By its name, with `-` or `_`; null where there is none.
[[nodiscard]] const setting* find_setting(std::string_view name);
// The name that is most like this one; empty where none is.
[[nodiscard]] std::string_view nearest_setting(std::string_view name);

// Sets one by name. errc::usage names it, and says what is wrong with it.
[[nodiscard]] result<void> apply_setting(behaviour& to, std::string_view name, std::string_view value);
// What single settings cannot see: errc::usage where the settings contradict each other.
[[nodiscard]] result<void> check_settings(const behaviour& all);

}  // namespace convoke::sim

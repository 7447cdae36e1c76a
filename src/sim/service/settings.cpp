#include "sim/service/settings.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "sim/service/setting_values.hpp"

namespace convoke::sim {
namespace {

constexpr std::array topics = {
    setting_topic{"place", "Where it listens, and the files that it writes"},
    setting_topic{"identity", "Tenants, apps and their credentials"},
    setting_topic{"control", "How it is controlled: seed, scenario and call log"},
    setting_topic{"people", "Users and organizers"},
    setting_topic{"policies", "Application access policies"},
    setting_topic{"directory", "Look-ups of users"},
    setting_topic{"tokens", "Tokens and the token endpoint"},
    setting_topic{"sign-in", "People who sign in with a device code"},
    setting_topic{"quotas", "Quotas"},
    setting_topic{"throttles", "What a throttled answer says"},
    setting_topic{"meetings", "Meetings and the answers about them"},
    setting_topic{"open-questions", "What Microsoft does not document: see convoke probe"},
    setting_topic{"latency", "Time that an answer takes"},
    setting_topic{"faults", "Faults"},
};

std::string with_underscores(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '-', '_');
  return out;
}

std::vector<setting> make_all() {
  std::vector<setting> all;
  add_people_settings(all);
  add_sign_in_settings(all);
  add_limit_settings(all);
  add_answer_settings(all);
  add_open_question_settings(all);
  add_fault_settings(all);
  std::vector<setting> by_topic;
  for (const auto& topic : topics)
    std::ranges::copy_if(all, std::back_inserter(by_topic), [&](const setting& one) { return one.topic == topic.name; });
  return by_topic;
}

// The number of letters to change, insert or take away.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string setting::switch_name() const {
  std::string out = "--" + std::string(name);
  std::ranges::replace(out, '_', '-');
  return out;
}

std::span<const setting_topic> setting_topics() noexcept {
  return topics;
}

const std::vector<setting>& settings() {
  static const auto all = make_all();
  return all;
}

const setting* find_setting(std::string_view name) {
  const auto wanted = with_underscores(name);
  const auto found = std::ranges::find(settings(), wanted, &setting::name);
  return found == settings().end() ? nullptr : &*found;
}

std::string_view nearest_setting(std::string_view name) {
  constexpr std::size_t longest = 64;
  const auto wanted = with_underscores(name.substr(0, longest));
  std::string_view best;
  std::size_t least = wanted.size() / 3 + 1;
  for (const auto& one : settings()) {
    const auto d = distance(wanted, one.name);
    if (d > least || (d == least && !best.empty())) continue;
    least = d;
    best = one.name;
  }
  return best;
}

result<void> apply_setting(behaviour& to, std::string_view name, std::string_view value) {
  constexpr std::size_t longest = 64;
  const auto* const one = find_setting(name);
  if (one == nullptr) {
    const auto near = nearest_setting(name);
    return fail(errc::usage, fmt::format("{}: there is no such setting{}", name.substr(0, longest),
                                         near.empty() ? std::string() : fmt::format("; did you mean {}?", near)));
  }
  auto done = one->set(to, value);
  if (!done) return fail(done.error().code, fmt::format("{}: {}", one->name, done.error().message));
  return done;
}

result<void> check_settings(const behaviour& all) {
  if (all.faults.total() > 1 + 1e-9) return fail(errc::usage, "the probabilities of all faults together exceed 1");
  return {};
}

}  // namespace convoke::sim

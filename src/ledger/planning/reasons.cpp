#include "ledger/planning/reasons.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace convoke::ledger::planning {
namespace {

constexpr std::size_t longest_shape = 160;
constexpr std::string_view column = "column ";

bool ends_word(char c) noexcept {
  return c == ' ' || c == '\'' || c == '"' || c == ',' || c == ';' || c == '(' || c == ')';
}

// Ids, times, addresses and numbers; a sign after them belongs to the sentence.
bool is_value(std::string_view word) noexcept {
  return std::ranges::any_of(word, [](char c) { return core::ascii_digit(c) || c == '@'; });
}

// The position after the quoted value that begins at `at`; `at` where it does not end, as in "organizer's".
std::size_t after_quoted(std::string_view text, std::size_t at) noexcept {
  if (at > 0 && text[at - 1] != ' ') return at;
  const auto end = text.find(text[at], at + 1);
  return end == std::string_view::npos ? at : end + 1;
}

}  // namespace

std::string shape_of_reason(outcome result, std::string_view code, int http_status, std::string_view message) {
  const bool varies = result == outcome::rejected ? code != "conflict" : result == outcome::failed && http_status / 100 == 4;
  std::string out;
  if (!varies) return out;
  for (std::size_t at = 0; at < message.size() && out.size() < longest_shape;) {
    if (message[at] == '\'' || message[at] == '"') {
      const auto next = after_quoted(message, at);
      if (next == at) {
        out += message[at++];
        continue;
      }
      if (message.substr(0, at).ends_with(column))
        out.append(message.substr(at, next - at));
      else
        out += '#';
      at = next;
      continue;
    }
    if (ends_word(message[at])) {
      out += message[at++];
      continue;
    }
    const auto* const end = std::find_if(message.begin() + static_cast<std::ptrdiff_t>(at), message.end(), ends_word);
    const auto word = message.substr(at, static_cast<std::size_t>(end - message.begin()) - at);
    if (is_value(word))
      out += '#';
    else
      out.append(word);
    at += word.size();
  }
  if (out.size() > longest_shape) out.resize(longest_shape);
  return out;
}

void reason_groups::add(const row& r) {
  const auto code = r.result == outcome::drifted ? r.drift : r.code;
  group key{r.result, std::string(code), r.http_status, shape_of_reason(r.result, code, r.http_status, r.message), r.lane};
  auto found = groups_.find(key);
  if (found == groups_.end() && groups_.size() >= most_groups) {
    // Messages that are all different are one reason again.
    std::get<3>(key).clear();
    found = groups_.find(key);
  }
  if (found == groups_.end()) {
    if (groups_.size() >= 2 * most_groups) return;
    const counted_rows none{.rows = 0, .first = r.id, .outcome_id = r.outcome_id};
    found = groups_.emplace(std::move(key), none).first;
  }
  ++found->second.rows;
}

std::vector<reason_groups::counted> reason_groups::most_frequent(std::size_t most) const {
  std::vector<std::pair<const group*, const counted_rows*>> order;
  for (const auto& [what, of] : groups_) order.emplace_back(&what, &of);
  std::ranges::sort(order, [](const auto& a, const auto& b) {
    return a.second->rows != b.second->rows ? a.second->rows > b.second->rows : a.second->first < b.second->first;
  });
  if (order.size() > most) order.resize(most);
  std::vector<counted> out;
  for (const auto& [what, of] : order) {
    const auto& [ended, code, status, shape, lane] = *what;
    auto& one = out.emplace_back(counted{.reason = {}, .first = of->first, .outcome_id = of->outcome_id});
    one.reason.result = ended;
    one.reason.code = code;
    one.reason.http_status = status;
    one.reason.rows = of->rows;
    one.reason.lane = lane;
    one.reason.line = number_of(of->first);
  }
  return out;
}

}  // namespace convoke::ledger::planning

#include "engine/advice.hpp"

#include "core/known_errors.hpp"

namespace convoke::engine {

core::known_error recognise(operation op, const answer& a) noexcept {
  if (a.error != attempt_error::none) return core::known_error::unknown;
  return core::recognise({.status = a.status, .code = a.error_code, .message = a.error_message, .op = op, .for_user = a.for_user});
}

std::string_view advice_for(operation op, const answer& a) noexcept {
  return core::advice_on(recognise(op, a));
}

void add_advice(operation op, answer& a) {
  const auto hint = advice_for(op, a);
  if (hint.empty()) return;
  if (!a.error_message.empty()) a.error_message += a.error_message.ends_with('.') ? " " : ". ";
  a.error_message += hint;
}

std::string_view without_advice(std::string_view message) noexcept {
  return core::split_advice(message).said;
}

std::string describe(const answer& a) {
  std::string text;
  if (a.status != 0) text = std::to_string(a.status);
  if (!a.error_code.empty()) {
    if (!text.empty()) text += ' ';
    text += a.error_code;
  }
  if (!a.error_message.empty()) {
    if (!text.empty()) text += ": ";
    text += a.error_message;
  }
  return text.empty() ? "no answer" : text;
}

}  // namespace convoke::engine

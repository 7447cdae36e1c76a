#pragma once

#include <span>
#include <string>
#include <string_view>

#include <convoke/operation.hpp>
#include <convoke/spec.hpp>

namespace convoke::graph {

// One operation on one meeting. Refers to what it is made of.
struct request {
  operation op = operation::create_or_get;
  const meeting_spec& wanted;
  std::string_view meeting_id{};           // of every operation but createOrGet
  std::span<const std::string> changed{};  // update: the fields to send, by the names that engine::answer::drift has; empty: all of them
  std::span<const std::string> kept{};     // update: fields that are known to differ and are not sent
};

}  // namespace convoke::graph

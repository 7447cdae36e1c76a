#pragma once

// The users whom the rows of an input name by UPN, as far as they are known.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace convoke::run {

// UPNs are in lower case. A lane is its place in job::lanes.
class user_names {
 public:
  struct entry {
    enum class kind : std::uint8_t { found, unknown, refused } is = kind::unknown;
    std::string text{};  // the object id; of a refused name what the service says
  };

  explicit user_names(std::size_t lanes) : lanes_(lanes) {}

  // Null: nothing is known of this name.
  [[nodiscard]] const entry* find(std::size_t lane, std::string_view upn) const;
  void set(std::size_t lane, std::string_view upn, entry as) { lanes_[lane].insert_or_assign(std::string(upn), std::move(as)); }
  // The name of a user that was found which is probably meant: one or two letters differ, or only the domain. nullopt: none is that near.
  [[nodiscard]] std::optional<std::string_view> nearest(std::size_t lane, std::string_view upn) const;

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  std::vector<std::unordered_map<std::string, entry, text_hash, std::equal_to<>>> lanes_;
};

}  // namespace convoke::run

#include "run/user_names.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace convoke::run {
namespace {

// As for names of columns: one edit in a name of three to five letters, two in a longer one.
std::size_t most_edits(std::string_view local_part) {
  return local_part.size() < 3 ? 0 : local_part.size() <= 5 ? 1 : 2;
}

std::string_view local_part(std::string_view upn) {
  return upn.substr(0, upn.find('@'));
}

}  // namespace

const user_names::entry* user_names::find(std::size_t lane, std::string_view upn) const {
  const auto found = lanes_[lane].find(upn);
  return found == lanes_[lane].end() ? nullptr : &found->second;
}

std::optional<std::string_view> user_names::nearest(std::size_t lane, std::string_view upn) const {
  std::optional<std::string_view> best;
  // A user whose domain alone differs counts as further away than any other near one.
  const auto own = local_part(upn);
  std::size_t least = most_edits(own) + 2;
  for (const auto& [name, entry] : lanes_[lane]) {
    if (entry.is != entry::kind::found) continue;
    const bool same_name = local_part(name) == own;
    const auto difference = name.size() > upn.size() ? name.size() - upn.size() : upn.size() - name.size();
    if (!same_name && difference > most_edits(own)) continue;
    auto edits = core::edit_distance(upn, name);
    if (same_name) edits = std::min(edits, most_edits(own) + 1);
    if (edits > most_edits(own) && !same_name) continue;
    // Of equally near ones the first by name: the order of the table is by chance.
    if (edits < least || (edits == least && best && name < *best)) {
      least = edits;
      best = name;
    }
  }
  return best;
}

}  // namespace convoke::run

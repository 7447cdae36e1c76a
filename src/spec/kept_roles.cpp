#include "spec/kept_roles.hpp"

namespace convoke::spec {

std::string_view why_no_presenters(const meeting_spec& wanted, std::string_view allowed_presenters) noexcept {
  if (!wanted.keep_roles || allowed_presenters.empty() || allowed_presenters == "roleIsPresenter") return {};
  return "contradicts --roles enforce: Graph honours the roles of attendees only with roleIsPresenter. Leave the option out, leave the "
         "roles out, or use --roles send";
}

}  // namespace convoke::spec

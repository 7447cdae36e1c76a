#include "auth/user_session.hpp"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <convoke/key.hpp>

#include "auth/private_file.hpp"
#include "core/text.hpp"
#include "files/digest.hpp"
#include "token/saved_sign_in.hpp"

namespace convoke {

namespace {

constexpr std::string_view what = "sign-in file";

std::string folder_of(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string root_of(const net::endpoint& authority) {
  return to_lower((authority.tls ? "https://" : "http://") + authority.host_header + authority.base_path);
}

}  // namespace

user_session::user_session(auth::app_identity app, std::string file, file_use use)
    : app_(std::move(app)), file_(std::move(file)), use_(use), authority_(root_of(app_.authority)) {}

user_session::lock user_session::try_lock() const {
  if (file_.empty()) return {};
  lock out{.held = files::file(::open(folder_of(file_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))};
  if (!out.held.open() || ::flock(out.held.get(), LOCK_EX | LOCK_NB) == 0) return out;
  // A file system without locks: two processes at once may then have to sign in anew.
  if (errno == EWOULDBLOCK) out.busy = true;
  return out;
}

bool user_session::about_us(const std::string& authority, const std::string& tenant, const std::string& client_id) const {
  return authority == authority_ && core::equal_ignoring_case(tenant, app_.tenant) && core::equal_ignoring_case(client_id, app_.client_id);
}

result<void> user_session::load() {
  if (file_.empty()) return {};
  std::error_code ignored;
  // A link without a target is there too, and is refused below.
  const bool there = std::filesystem::exists(std::filesystem::symlink_status(file_, ignored));
  if (!there && use_ == file_use::only_replaced) {
    file_.clear();
    return {};
  }
  if (auto folder = auth::make_private_folder(folder_of(file_), what); !folder) return folder;
  if (!there) return {};
  const auto content = auth::read_private_file(file_, what);
  if (!content) return std::unexpected(content.error());
  auto saved = token::read_saved(content->reveal());
  if (!saved || !about_us(saved->authority, saved->tenant, saved->client_id))
    return fail(errc::credentials, "The sign-in file " + core::escape_for_people(file_) +
                                       " holds no sign-in of this authority, tenant and application: delete it, and sign in again.");
  if (!user_.empty() && user_ != saved->user) {
    file_.clear();
    return {};
  }
  user_ = std::move(saved->user);
  refresh_token_ = std::move(saved->refresh_token);
  return {};
}

result<void> user_session::take(token::user_grant& granted) {
  if (granted.user.empty() && user_.empty())
    return fail(errc::credentials, "The token endpoint does not say who has signed in: its answer has no ID token. Check --authority-url.");
  if (granted.user.empty()) granted.user = user_;
  if (!user_.empty() && user_ != granted.user)
    return fail(errc::credentials, "User " + granted.user + " has signed in, but this run is for user " + user_ +
                                       ". Sign in as that user, or run the command again for the other one.");
  user_ = granted.user;
  if (granted.refresh_token.empty()) return {};
  refresh_token_ = std::move(granted.refresh_token);
  if (file_.empty()) return {};
  if (const auto saved = save(); !saved) trouble_ = saved.error().message;
  return {};
}

result<void> user_session::save() const {
  const auto content = token::write_saved({.authority = authority_,
                                           .tenant = to_lower(app_.tenant),
                                           .client_id = to_lower(app_.client_id),
                                           .user = user_,
                                           .refresh_token = refresh_token_.clone()});
  return auth::write_private_file(file_, content, what);
}

void user_session::drop() {
  const secret refused = std::exchange(refresh_token_, secret());
  if (use_ == file_use::only_replaced) file_.clear();
  if (file_.empty()) return;
  const auto content = auth::read_private_file(file_, what);
  if (!content) return;
  const auto saved = token::read_saved(content->reveal());
  if (saved && saved->refresh_token.reveal() == refused.reveal()) ::unlink(file_.c_str());
}

void user_session::forget_user() {
  user_.clear();
}

void user_session::keep_fresh(const token::grant& granted, mono_time now) {
  fresh_.emplace(
      fresh_grant{.granted = {.access_token = granted.access_token.clone(), .lifetime = granted.lifetime, .refresh_in = granted.refresh_in},
                  .at = now});
}

std::optional<token::grant> user_session::take_fresh(mono_time now) {
  auto kept = std::exchange(fresh_, std::nullopt);
  if (!kept) return std::nullopt;
  const auto gone = std::chrono::ceil<std::chrono::seconds>(now - kept->at);
  if (gone > kept->granted.lifetime / 2) return std::nullopt;
  kept->granted.lifetime -= gone;
  if (kept->granted.refresh_in) kept->granted.refresh_in = std::max(std::chrono::seconds(1), *kept->granted.refresh_in - gone);
  if (kept->granted.refresh_in && *kept->granted.refresh_in >= kept->granted.lifetime) kept->granted.refresh_in.reset();
  return std::move(kept->granted);
}

}  // namespace convoke

namespace convoke::auth {

std::string sign_in_file_name(std::string_view authority, std::string_view tenant, std::string_view client_id) {
  constexpr std::size_t digits = 32;
  while (authority.ends_with('/')) authority.remove_suffix(1);
  const auto name = to_lower(authority) + "\n" + to_lower(tenant) + "\n" + to_lower(client_id);
  return "sign-in-" + files::sha256_hex(name).substr(0, digits) + ".json";
}

}  // namespace convoke::auth
